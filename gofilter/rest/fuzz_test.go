package rest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// FuzzArguments checks that any arguments are refused or become a request that can be sent: a JSON array, or what the
// mapping makes of it.
func FuzzArguments(f *testing.F) {
	f.Add(encoded(f, int64(7)), "find", "")
	f.Add(encoded(f, []int64{1}, "a/b", nil), "search", "1")
	f.Add(encoded(f, nil, "k", "t", "s", int64(7), true), "put", "")
	f.Add(encoded(f, "find", nil, []any{".."}), "$invoke", "x")
	f.Add([]byte("\x79\x51\x90"), "other", "9")
	f.Add([]byte("H\x01a\x90\x01b\x91Z"), "save", "2")
	for _, v := range coretest.JavaValues(f) {
		f.Add(v.Hessian, "save", "2")
		f.Add(v.Hessian, "other", "")
	}
	f.Fuzz(func(t *testing.T, arguments []byte, method, operation string) {
		var c Call
		var m *Message
		var bad *transcode.Response
		size := len(arguments) + len(method) + len(operation)
		coretest.Bounded(t, 1024*size, func() {
			m, bad = ask(&c, users, arguments, ":path", "/com.example.Users/"+method, config.OperationHeader, operation)
		})
		if bad != nil {
			reasonOf(t, bad)
			return
		}
		if len(m.Body) > limits.MaxRequestBytes || len(m.Body) > 256*size+256<<10 {
			t.Fatalf("%d bytes of arguments became %d", len(arguments), len(m.Body))
		}
		if len(m.Body) > 0 && !json.Valid(m.Body) {
			t.Fatalf("%q", m.Body)
		}
		for _, h := range m.Headers {
			if strings.ContainsAny(h.Value, "\r\n\x00") {
				t.Fatalf("header %s: %q", h.Name, h.Value)
			}
		}
		if p := header(m, ":path"); strings.ContainsAny(p, " #") || strings.Contains(p, "/../") || strings.HasSuffix(p, "/..") {
			t.Fatalf("path %q", p)
		}
	})
}

// FuzzAnswer checks that any answer becomes a response body that can be read from its first to its last byte.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{`{"detail":"x"}`, `[1,2.5,{"a":null}]`, `"\ud800"`, `1e999`, "text", `{"a":1,"a":2}`, "\x00\xff"} {
		f.Add(200, "application/json", []byte(body), "2.0.2", false)
		f.Add(404, "application/problem+json", []byte(body), "2.7.0", true)
		f.Add(503, "text/plain", []byte(body), "", false)
	}
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte, version string, generic bool) {
		var c Call
		headers := []string{config.ProtocolHeader, version}
		arguments := encoded(t, int64(7))
		if generic {
			arguments, headers = encoded(t, "find", nil, []any{int64(7)}), append(headers, config.MethodHeader, "$invoke")
		}
		if _, bad := ask(&c, users, arguments, headers...); bad != nil {
			t.Fatal(reasonOf(t, bad))
		}
		var m *Message
		coretest.Bounded(t, 256*len(body), func() { m = answer(&c, status, contentType, string(body)) })
		if len(m.Body) > 16*len(body)+64<<10 {
			t.Fatalf("%d bytes became %d", len(body), len(m.Body))
		}
		var r dubbo.Reader
		r.Reset(m.Body, 0)
		for r.Kind() != dubbo.Invalid {
			if err := r.Skip(); err != nil {
				t.Fatalf("%q: %v", m.Body, err)
			}
		}
		if r.Offset() != len(m.Body) || len(m.Body) == 0 {
			t.Fatalf("%q: read to %d", m.Body, r.Offset())
		}
		if s := header(m, config.StatusHeader); s == "20" && bytes.IndexByte([]byte{0x90, 0x91, 0x92, 0x93, 0x94, 0x95}, m.Body[0]) < 0 {
			t.Fatalf("form %x", m.Body[0])
		}
	})
}
