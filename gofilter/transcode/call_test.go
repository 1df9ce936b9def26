package transcode

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

var defaults = config.Bridge{MaxRequestBytes: config.DefaultMaxBytes, MaxResponseBytes: config.DefaultMaxBytes}

const hashPath = "/com.alibaba.dubbo.performance.demo.provider.IHelloService/hash"

// start feeds a request: headers in pairs, ":method" POST unless given.
func start(c *Call, body string, headers ...string) ([]byte, *Response) {
	c.Reset(&defaults)
	c.Header([]byte(":method"), []byte("POST"))
	for i := 0; i < len(headers); i += 2 {
		c.Header([]byte(headers[i]), []byte(headers[i+1]))
	}
	if bad := c.Body([]byte(body)); bad != nil {
		return nil, bad
	}
	return c.Request()
}

// reply is a response frame to the newest request of c.
func reply(c *Call, s dubbo.Status, write func(w *dubbo.Writer)) []byte {
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: s, ID: c.id}))
	write(&w)
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	return w.Buf
}

// problem is the body of an unsuccessful response.
type problem struct {
	Type, Title, Detail, Class, Message string
	Status                              int
	Dubbo                               struct{ Status int }
	Fields                              map[string]any
}

func problemOf(t *testing.T, r *Response) (p problem) {
	t.Helper()
	if err := json.Unmarshal(r.Body, &p); err != nil {
		t.Fatalf("%s: %v", r.Body, err)
	}
	if p.Status != r.Status || p.Title == "" || !strings.HasPrefix(p.Type, "urn:dubbomesh:") || get(r, "content-type") != "application/problem+json" {
		t.Errorf("not a problem: %d %v %s", r.Status, r.Headers, r.Body)
	}
	return p
}

func get(r *Response, name string) string {
	for _, h := range r.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

func TestHash(t *testing.T) {
	var c Call
	for _, types := range []string{"", "java.lang.String"} {
		headers := []string{":path", hashPath, "content-type", "application/json"}
		if types != "" {
			headers = append(headers, "x-dubbo-parameter-types", types)
		}
		_, bad := start(&c, `["hello"]`, headers...)
		if bad != nil {
			t.Fatalf("%d %s", bad.Status, bad.Body)
		}
		_, done := c.Upstream(reply(&c, 20, func(w *dubbo.Writer) { w.Int(1); w.Int(99162322); w.Null() }), false)
		if done == nil || done.Status != 200 || string(done.Body) != "99162322" {
			t.Fatalf("got %+v", done)
		}
	}
}

// A call of one string argument that answers an int allocates nothing once its buffers have grown.
func TestHashCallAllocations(t *testing.T) {
	for _, typed := range []bool{true, false} {
		var c Call
		headers := benchHeaders(typed)
		body := []byte(`["hello"]`)
		frame := reply(&c, dubbo.StatusOK, hashAnswer)
		allocs := testing.AllocsPerRun(100, func() {
			c.Reset(&defaults)
			for i := range headers {
				c.Header(headers[i][0], headers[i][1])
			}
			c.Body(body)
			if _, bad := c.Request(); bad != nil {
				t.Fatalf("%s", bad.Body)
			}
			binary.BigEndian.PutUint64(frame[4:], c.id)
			if _, done := c.Upstream(frame, false); done == nil || done.Status != 200 {
				t.Fatal("no answer")
			}
		})
		if allocs > 0 {
			t.Errorf("typed %v: %v allocations", typed, allocs)
		}
	}
}
