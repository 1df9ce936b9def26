package rest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

const (
	path           = "/com.example.Users/find"
	noAttachments  = "H\x5a"
	genericTypes   = "Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;"
	protocol       = "2.0.2"
	schemaOfMapped = "0123456789abcdef"
)

// limits are those of most tests.
var limits = config.Bridge{MaxRequestBytes: 1 << 20, MaxResponseBytes: 1 << 20}

// encoded is what a Go consumer sends for the arguments.
func encoded(t testing.TB, arguments ...any) []byte {
	t.Helper()
	e := hessian.NewEncoder()
	for _, a := range arguments {
		if err := e.Encode(a); err != nil {
			t.Fatalf("encode %v: %v", a, err)
		}
	}
	return e.Buffer()
}

// ask feeds a call: the bytes of its arguments, and headers as names and values in turn, which win over the usual ones.
func ask(c *Call, schema *transcode.Schema, arguments []byte, headers ...string) (*Message, *transcode.Response) {
	begin(c, schema, arguments, headers...)
	whole := append(append([]byte(nil), arguments...), noAttachments...)
	if r := c.Body(whole[:len(whole)/2]); r != nil {
		return nil, r
	}
	if r := c.Body(whole[len(whole)/2:]); r != nil {
		return nil, r
	}
	return c.Request()
}

// begin feeds the headers of a call.
func begin(c *Call, schema *transcode.Schema, arguments []byte, headers ...string) {
	c.Reset(&limits, func(id []byte) *transcode.Schema {
		if string(id) == schemaOfMapped {
			return schema
		}
		return nil
	})
	usual := []string{
		":method", "POST", ":path", path, "content-type", config.DubboContentType,
		config.ArgumentsHeader, strconv.Itoa(len(arguments)), config.ProtocolHeader, protocol, config.SchemaHeader, schemaOfMapped,
	}
	for _, list := range [][]string{usual, headers} {
		for ; len(list) > 0; list = list[2:] {
			c.Header([]byte(list[0]), []byte(list[1]))
		}
	}
}

// answer feeds an answer.
func answer(c *Call, status int, contentType, body string, headers ...string) *Message {
	c.AnswerHeader([]byte(":status"), []byte(strconv.Itoa(status)))
	if contentType != "" {
		c.AnswerHeader([]byte("content-type"), []byte(contentType))
	}
	for ; len(headers) > 0; headers = headers[2:] {
		c.AnswerHeader([]byte(headers[0]), []byte(headers[1]))
	}
	if c.AnswerBody([]byte(body[:len(body)/2])) {
		c.AnswerBody([]byte(body[len(body)/2:]))
	}
	return c.Answer()
}

// header is the last value set under a name, "" when it is removed.
func header(m *Message, name string) (value string) {
	for _, h := range m.Headers {
		if h.Name == name {
			value = h.Value
		}
	}
	return value
}

// result is a Dubbo response body as a consumer reads it.
type result struct {
	form        int32
	value       any
	attachments map[any]any
}

func decode(t testing.TB, body []byte) (r result) {
	t.Helper()
	d := hessian.NewDecoder(body)
	next := func() any {
		v, err := d.Decode()
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		return v
	}
	r.form = next().(int32)
	if r.form != dubbo.ResponseNull && r.form != dubbo.ResponseNullWithAttachments {
		r.value = next()
	}
	if r.form >= dubbo.ResponseExceptionWithAttachments {
		r.attachments = next().(map[any]any)
	}
	return r
}

// exceptionOf reads an exception with the reader, which keeps the class and the fields as they are on the wire.
func exceptionOf(t testing.TB, body []byte) (class string, fields map[string]string) {
	t.Helper()
	var r dubbo.Reader
	r.Reset(body, 0)
	form, err := r.Int()
	if err != nil || form != dubbo.ResponseException && form != dubbo.ResponseExceptionWithAttachments {
		t.Fatalf("%q: form %d, %v", body, form, err)
	}
	n, err := r.Object()
	if err != nil {
		t.Fatal(err)
	}
	class, fields = string(n.Type), map[string]string{}
	for i := range r.Fields(n) {
		name := string(r.Field(n, i))
		if r.Kind() != dubbo.String {
			fields[name] = r.Kind().String()
			if err := r.Skip(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		text, err := r.AppendString(nil)
		if err != nil {
			t.Fatal(err)
		}
		fields[name] = string(text)
	}
	return class, fields
}

func reasonOf(t testing.TB, r *transcode.Response) string {
	t.Helper()
	v, err := hessian.NewDecoder(r.Body).Decode()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, h := range r.Headers {
		kinds[h.Name] = h.Value
	}
	return fmt.Sprintf("%d %s %s %s", r.Status, kinds["content-type"], kinds[config.StatusHeader], v)
}

func TestBroken(t *testing.T) {
	var c Call
	ask(&c, nil, encoded(t, "a"))
	if got := reasonOf(t, c.Broken()); got != "500 application/x-dubbo 80 the gateway failed inside; its log says why" {
		t.Error(got)
	}
	if _, bad := ask(&c, nil, encoded(t, "a")); bad != nil {
		t.Error(reasonOf(t, bad))
	}
}

func TestTooLarge(t *testing.T) {
	var c Call
	small := config.Bridge{MaxRequestBytes: 1024, MaxResponseBytes: 1024}
	c.Reset(&small, nil)
	if got := reasonOf(t, c.Body(make([]byte, 1025))); !strings.HasPrefix(got, "400 application/x-dubbo 40 the call is larger than the limit of 1024 bytes") {
		t.Error(got)
	}
	c.Reset(&small, nil)
	c.Header([]byte(config.ProtocolHeader), []byte(protocol))
	m := answer(&c, 200, "application/json", `"`+strings.Repeat("x", 1024)+`"`)
	if _, fields := exceptionOf(t, m.Body); !strings.Contains(fields["detailMessage"], "larger than the limit of 1024 bytes") {
		t.Error(fields)
	}
	r := c.AnswerResponse()
	if r.Status != 502 || len(r.Body) == 0 {
		t.Errorf("%d %q", r.Status, r.Body)
	}
	for _, h := range r.Headers {
		if h.Name == "content-length" || strings.HasPrefix(h.Name, ":") || h.Value == "" {
			t.Errorf("header %s: %s", h.Name, h.Value)
		}
	}
}
