package transcode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// opaqueHeaders are those of the call of a Dubbo consumer with n bytes of arguments.
func opaqueHeaders(n int, more ...string) []string {
	return append([]string{
		":path", "/a.B/m", "content-type", "application/x-dubbo", "x-dubbo-arguments", strconv.Itoa(n),
		"x-dubbo-protocol", "2.0.2", "x-dubbo-parameter-types", "Ljava/lang/String;I",
	}, more...)
}

// opaqueArguments are two arguments, the first of which has a class and a typed map.
func opaqueArguments() []byte {
	var w dubbo.Writer
	object(&w, "a.User", "name", "Ann", "tags", func() { w.TypedMap("java.util.TreeMap"); w.End() })
	w.Int(7)
	return w.Buf
}

func written(write func(w *dubbo.Writer)) []byte {
	var w dubbo.Writer
	write(&w)
	return w.Buf
}

// pairs writes a map of strings.
func pairs(w *dubbo.Writer, all ...string) {
	w.UntypedMap()
	for _, s := range all {
		w.String(s)
	}
	w.End()
}

func TestOpaqueRequest(t *testing.T) {
	arguments := opaqueArguments()
	sent := written(func(w *dubbo.Writer) { pairs(w, "path", "a.B", "userId", "5", "timeout", "3000", "colour", "red") })
	typed := written(func(w *dubbo.Writer) { w.TypedMap("java.util.HashMap"); w.String("a"); w.Int(1); w.End() })
	shared := []byte{'M', 0x90, 1, 'a', 1, 'b', 'Z'} // the type that the arguments have named
	for name, tt := range map[string]struct {
		attached, want []byte
		headers        []string
	}{
		"untouched": {sent, sent, nil},
		"repeated":  {sent, sent, []string{"x-dubbo-attachment-userid", "5", "x-dubbo-attachment-colour", "red", "x-dubbo-attachment-timeout", "3000"}},
		"changed and added": {sent, written(func(w *dubbo.Writer) {
			pairs(w, "path", "a.B", "userId", "5", "timeout", "3000", "colour", "red", "userId", "6", "lane", "blue", "traceparent", "00-1")
		}), []string{"x-dubbo-attachment-userid", "6", "x-dubbo-attachment-lane", "blue", "traceparent", "00-1"}},
		"group and version": {sent, written(func(w *dubbo.Writer) {
			pairs(w, "path", "a.B", "userId", "5", "timeout", "3000", "colour", "red", "group", "g", "version", "1.0")
		}), []string{"tri-service-group", "g", "tri-service-version", "1.0"}},
		"less time": {sent, written(func(w *dubbo.Writer) {
			pairs(w, "path", "a.B", "userId", "5", "timeout", "3000", "colour", "red", "timeout", "250")
		}), []string{"x-envoy-expected-rq-timeout-ms", "250"}},
		"less time, sent as a header too": {sent, written(func(w *dubbo.Writer) {
			pairs(w, "path", "a.B", "userId", "5", "timeout", "3000", "colour", "red", "timeout", "250")
		}), []string{"x-envoy-expected-rq-timeout-ms", "250", "x-dubbo-attachment-timeout", "3000"}},
		"more time":      {sent, sent, []string{"x-envoy-expected-rq-timeout-ms", "9000"}},
		"null":           {[]byte{'N'}, []byte("HZ"), nil},
		"null and more":  {[]byte{'N'}, []byte("H\x01a\x01bZ"), []string{"x-dubbo-attachment-a", "b"}},
		"absent":         {nil, []byte("HZ"), nil},
		"typed":          {typed, typed, nil},
		"typed and more": {typed, append(bytes.TrimSuffix(bytes.Clone(typed), []byte("Z")), "\x01x\x01yZ"...), []string{"x-dubbo-attachment-x", "y"}},
		"shared type":    {shared, shared, []string{"x-dubbo-attachment-a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			var c Call
			c.Reset(&defaults)
			c.Header([]byte(":method"), []byte("POST"))
			headers := opaqueHeaders(len(arguments), tt.headers...)
			for i := 0; i < len(headers); i += 2 {
				c.Header([]byte(headers[i]), []byte(headers[i+1]))
			}
			for _, b := range append(bytes.Clone(arguments), tt.attached...) {
				if bad := c.Body([]byte{b}); bad != nil {
					t.Fatalf("%s", bad.Body)
				}
			}
			frame, bad := c.Request()
			if bad != nil {
				t.Fatalf("%s", bad.Body)
			}
			version := "0.0.0"
			if strings.HasPrefix(name, "group") {
				version = "1.0"
			}
			want := written(func(w *dubbo.Writer) {
				w.Buf = dubbo.AppendHeader(nil, dubbo.Header{Flags: 0xc2, ID: c.id})
				for _, s := range []string{"2.0.2", "a.B", version, "m", "Ljava/lang/String;I"} {
					w.String(s)
				}
				w.Buf = append(append(w.Buf, arguments...), tt.want...)
				dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
			})
			if diff := cmp.Diff(fmt.Sprintf("%q", want), fmt.Sprintf("%q", frame)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOpaqueGenericCall(t *testing.T) {
	for _, headers := range [][]string{{":path", "/a.B/$invoke"}, {"x-dubbo-method", "$invoke"}} {
		var c Call
		frame, bad := start(&c, "N", opaqueHeaders(0, headers...)...)
		if bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		if !bytes.Contains(frame, []byte("\x07$invoke")) {
			t.Errorf("%q", frame)
		}
	}
}

func TestOpaqueRequestsRefused(t *testing.T) {
	arguments := opaqueArguments()
	n := len(arguments)
	for name, tt := range map[string]struct {
		body    string
		headers []string
		status  int
		detail  string
	}{
		"beyond the body":      {"N", opaqueHeaders(2), 400, `x-dubbo-arguments is "2"; it tells how many of the body's 1 bytes`},
		"negative":             {"N", opaqueHeaders(-1), 400, `x-dubbo-arguments is "-1"`},
		"no number":            {"N", opaqueHeaders(0, "x-dubbo-arguments", "all"), 400, `x-dubbo-arguments is "all"`},
		"no map":               {string(arguments) + "\x91", opaqueHeaders(n), 400, "has to be one map"},
		"map and more":         {string(arguments) + "HZN", opaqueHeaders(n), 400, "something follows the map"},
		"open map":             {string(arguments) + "H", opaqueHeaders(n), 400, "has to be one map"},
		"inside an argument":   {string(arguments) + "HZ", opaqueHeaders(n - 5), 400, "end inside a value"},
		"two nulls":            {"NN", opaqueHeaders(0), 400, "has to be one map"},
		"arguments unreadable": {"@M\x90Z", opaqueHeaders(1), 400, "begins no value"},
		"GET":                  {"N", opaqueHeaders(0, ":method", "GET"), 405, "are POST"},
		"no method":            {"N", opaqueHeaders(0, ":path", "/x"), 404, "names no method"},
		"one-way":              {"N", opaqueHeaders(0, "x-dubbo-one-way", "maybe"), 400, "x-dubbo-one-way"},
		"too large":            {strings.Repeat("N", defaults.MaxRequestBytes+1), opaqueHeaders(0), 413, "larger than the limit"},
	} {
		var c Call
		_, bad := start(&c, tt.body, tt.headers...)
		if bad == nil || bad.Status != tt.status {
			t.Errorf("%s: got %+v, want %d", name, bad, tt.status)
			continue
		}
		if p := problemOf(t, bad); !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s: %s, want %s", name, p.Detail, tt.detail)
		}
	}
}

func TestOpaqueAnswers(t *testing.T) {
	exception := func(class, message string) func(w *dubbo.Writer) {
		return func(w *dubbo.Writer) {
			w.Int(dubbo.ResponseExceptionWithAttachments)
			throwable(w, class, message, "code", 7)
			pairs(w, "dubbo", "2.0.2")
		}
	}
	generic := func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseException)
		object(w, "com.alibaba.dubbo.rpc.service.GenericException", "exceptionMessage", "sold", "exceptionClass", "a.Sold", "detailMessage", "x")
	}
	for name, tt := range map[string]struct {
		status dubbo.Status
		write  func(w *dubbo.Writer)
		want   int
		header map[string]string
	}{
		"value":            {20, hashAnswer, 200, nil},
		"null":             {20, func(w *dubbo.Writer) { w.Int(2) }, 200, nil},
		"exception":        {20, exception("a.Sold", "no"), 500, map[string]string{"x-dubbo-exception": "a.Sold"}},
		"generic":          {20, generic, 500, map[string]string{"x-dubbo-exception": "a.Sold"}},
		"unknown class":    {20, exception("java.lang.RuntimeException", "a.Sold: no\n\tat a.B"), 500, map[string]string{"x-dubbo-exception": "a.Sold"}},
		"refused in Go":    {20, exception("java.lang.Throwable", "don't have this exporter, key: x"), 404, map[string]string{"x-dubbo-retriable": "true", "x-dubbo-exception": ""}},
		"error in Go":      {20, exception("java.lang.Throwable", "no luck"), 500, map[string]string{"x-dubbo-exception": "java.lang.Throwable"}},
		"no object":        {20, func(w *dubbo.Writer) { w.Int(0); w.String("x") }, 500, map[string]string{"x-dubbo-exception": ""}},
		"exhausted":        {100, func(w *dubbo.Writer) { w.String("Server side") }, 503, map[string]string{"x-dubbo-retriable": "true"}},
		"service error":    {70, func(w *dubbo.Writer) { w.String("x") }, 500, nil},
		"empty, but error": {40, func(*dubbo.Writer) {}, 400, nil},
	} {
		var c Call
		if _, bad := start(&c, "N", opaqueHeaders(0)...); bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		frame := reply(&c, tt.status, tt.write)
		_, r := c.Upstream(frame, false)
		if r == nil || r.Status != tt.want || !bytes.Equal(r.Body, frame[dubbo.HeaderSize:]) ||
			get(r, "content-type") != "application/x-dubbo" || get(r, "x-dubbo-status") != fmt.Sprint(int(tt.status)) || r.Broken {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		for k, v := range tt.header {
			if get(r, k) != v {
				t.Errorf("%s: %s is %q, want %q", name, k, get(r, k), v)
			}
		}
	}
	for _, write := range []func(w *dubbo.Writer){func(w *dubbo.Writer) { w.Int(9) }, func(*dubbo.Writer) {}, func(w *dubbo.Writer) { w.Int(0); w.Buf = append(w.Buf, 'C') }} {
		var c Call
		start(&c, "N", opaqueHeaders(0)...)
		if _, r := c.Upstream(reply(&c, 20, write), false); r.Status != 502 || get(r, "content-type") != "application/problem+json" {
			t.Errorf("%+v", r)
		}
	}
}

// The calls of consumers allocate nothing, whatever their headers repeat.
func TestOpaqueAllocations(t *testing.T) {
	var c Call
	body := written(func(w *dubbo.Writer) {
		w.Int(5)
		pairs(w, "path", "a.B", "interface", "a.B", "version", "0.0.0", "timeout", "3000", "remote.application", "x")
	})
	headers := opaqueHeaders(1, ":method", "POST", "x-dubbo-attachment-remote.application", "x", "x-envoy-expected-rq-timeout-ms", "250", "traceparent", "00-1")
	var pairsOf [][2][]byte
	for i := 0; i < len(headers); i += 2 {
		pairsOf = append(pairsOf, [2][]byte{[]byte(headers[i]), []byte(headers[i+1])})
	}
	answer := written(func(w *dubbo.Writer) {
		w.Buf = dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: 20})
		hashAnswer(w)
		dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	})
	allocs := testing.AllocsPerRun(100, func() {
		c.Reset(&defaults)
		for _, p := range pairsOf {
			c.Header(p[0], p[1])
		}
		c.Body(body)
		if _, bad := c.Request(); bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		binary.BigEndian.PutUint64(answer[4:], c.id)
		if _, done := c.Upstream(answer, false); done == nil || done.Status != 200 {
			t.Fatal("no answer")
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
