package rest

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Every kind of JSON value as the result of a method whose return type is not known.
func TestResults(t *testing.T) {
	var c Call
	dubboOnly := map[any]any{"dubbo": "2.0.2"}
	for name, x := range map[string]struct {
		status            int
		contentType, body string
		want              result
	}{
		"null":           {200, "application/json", " null\n", result{form: 5}},
		"empty":          {200, "application/json", "", result{form: 5}},
		"204":            {204, "", "", result{form: 5}},
		"true":           {200, "application/json", "true", result{form: 4, value: true}},
		"int":            {200, "application/json", "-7", result{form: 4, value: int32(-7)}},
		"long":           {200, "application/json", "9007199254740993", result{form: 4, value: int64(9007199254740993)}},
		"largest":        {200, "application/json", "9223372036854775807", result{form: 4, value: int64(math.MaxInt64)}},
		"double":         {200, "application/json", "1.5", result{form: 4, value: 1.5}},
		"string":         {200, "application/json", `"é 😀\n"`, result{form: 4, value: "é 😀\n"}},
		"list":           {200, "application/json", `[1,"a",null]`, result{form: 4, value: []any{int32(1), "a", nil}}},
		"object":         {200, "application/json", `{"a":{"b":[]}}`, result{form: 4, value: map[any]any{"a": map[any]any{"b": []any{}}}}},
		"201":            {201, "application/json", "1", result{form: 4, value: int32(1)}},
		"with charset":   {200, "Application/JSON; charset=utf-8", "1", result{form: 4, value: int32(1)}},
		"+json":          {200, "application/vnd.a+json", "1", result{form: 4, value: int32(1)}},
		"no type":        {200, "", "1", result{form: 4, value: int32(1)}},
		"text":           {200, "text/plain; charset=utf-8", "hello", result{form: 4, value: "hello"}},
		"text, not JSON": {200, "text/html", "<p>", result{form: 4, value: "<p>"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, bad := ask(&c, nil, encoded(t)); bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			m := answer(&c, x.status, x.contentType, x.body)
			x.want.attachments = dubboOnly
			if d := cmp.Diff(x.want, decode(t, m.Body), cmp.AllowUnexported(result{})); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if s := header(m, config.StatusHeader); s != "20" {
				t.Errorf("x-dubbo-status %s", s)
			}
		})
	}
}

// The head of an answer: what a consumer's side of the mesh reads.
func TestAnswerHead(t *testing.T) {
	var c Call
	ask(&c, nil, encoded(t))
	m := answer(&c, 204, "", "", config.AttachmentPrefix+"color", "blue", config.AttachmentPrefix+"dubbo", "9")
	got := map[string]string{}
	for _, h := range m.Headers {
		got[h.Name] = h.Value
	}
	want := map[string]string{
		":status": "200", "content-type": config.DubboContentType, "content-length": strconv.Itoa(len(m.Body)), "content-encoding": "",
		config.StatusHeader: "20",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[any]any{"dubbo": "2.0.2", "color": "blue"}, decode(t, m.Body).attachments); d != "" {
		t.Errorf("attachments (-want +got):\n%s", d)
	}
}

// Attachments follow a result only where the consumer's protocol version says that it reads them.
func TestProtocols(t *testing.T) {
	var c Call
	for version, with := range map[string]bool{
		"2.0.2": true, "2.0.10": true, "2.0.99": true, "2.0.1": false, "2.0.100": false, "2.6.2": false, "2.7.23": false, "3.3.6": false, "": false, "2.0.": false,
	} {
		for _, body := range []string{"1", "null"} {
			ask(&c, nil, encoded(t), config.ProtocolHeader, version)
			if r := decode(t, answer(&c, 200, "application/json", body).Body); r.form > 2 != with {
				t.Errorf("%q, %s: form %d", version, body, r.form)
			}
		}
		ask(&c, nil, encoded(t), config.ProtocolHeader, version)
		if body := answer(&c, 500, "", "").Body; (body[0] == 0x93) != with {
			t.Errorf("%q: exception %q", version, body)
		}
	}
}

// Answers that are no results.
func TestFailures(t *testing.T) {
	const problem = `{"type":"about:blank","title":"Not found","status":404,"detail":"user 7 is unknown"}`
	var c Call
	for name, x := range map[string]struct {
		status            int
		contentType, body string
		dubbo             dubbo.Status
		http              int
		want              string // the exception's message, or the reason behind a status
	}{
		"problem":         {404, "application/problem+json", problem, 20, 404, "HTTP 404 Not Found: user 7 is unknown"},
		"title only":      {400, "application/problem+json; charset=utf-8", `{"title":"Bad","x":[1]}`, 20, 400, "HTTP 400 Bad Request: Bad"},
		"Spring":          {500, "application/json", `{"timestamp":1,"status":500,"error":"Internal Server Error","message":"no luck"}`, 20, 500, "HTTP 500 Internal Server Error: no luck"},
		"text":            {500, "text/plain", "no luck\nat line 7\n", 20, 500, "HTTP 500 Internal Server Error: no luck"},
		"page":            {500, "text/html", "<html>", 20, 500, "HTTP 500 Internal Server Error"},
		"malformed":       {500, "application/json", `{"detail":"a"`, 20, 500, "HTTP 500 Internal Server Error: a"},
		"no object":       {500, "application/json", `["detail"]`, 20, 500, "HTTP 500 Internal Server Error"},
		"redirect":        {302, "text/html", "", 20, 302, "HTTP 302 Found"},
		"unknown status":  {599, "", "", 20, 599, "HTTP 599"},
		"conflict":        {409, "application/json", `{"message":"taken"}`, 20, 409, "HTTP 409 Conflict: taken"},
		"overloaded":      {503, "application/problem+json", `{"detail":"full"}`, 100, 503, "HTTP 503 Service Unavailable: full"},
		"timed out":       {504, "", "", 31, 504, "HTTP 504 Gateway Timeout"},
		"bad gateway":     {502, "", "", 20, 502, "HTTP 502 Bad Gateway"},
		"malformed value": {200, "application/json", `{"a":`, 20, 502, "cannot be used"},
		"two values":      {200, "application/json", `1 2`, 20, 502, "another value follows"},
		"name twice":      {200, "application/json", `{"a":1,"a":2}`, 20, 502, "occurs twice"},
		"huge integer":    {200, "application/json", `92233720368547758070`, 20, 502, "an integer of at most 64 bits"},
		"XML":             {200, "text/xml", `<a/>`, 20, 200, ""},
		"binary":          {200, "application/octet-stream", "\x00", 20, 502, `its content-type is "application/octet-stream", not application/json`},
	} {
		t.Run(name, func(t *testing.T) {
			ask(&c, nil, encoded(t))
			m := answer(&c, x.status, x.contentType, x.body)
			if s := header(m, config.StatusHeader); s != strconv.Itoa(int(x.dubbo)) {
				t.Errorf("Dubbo status %s, want %d", s, x.dubbo)
			}
			if s := header(m, ":status"); s != strconv.Itoa(x.http) {
				t.Errorf("HTTP status %s, want %d", s, x.http)
			}
			if x.want == "" {
				return
			}
			if x.dubbo != dubbo.StatusOK {
				var r dubbo.Reader
				r.Reset(m.Body, 0)
				if text, err := r.AppendString(nil); err != nil || string(text) != x.want {
					t.Errorf("got %q, %v; want %q", text, err, x.want)
				}
				return
			}
			class, fields := exceptionOf(t, m.Body)
			if got := fields["detailMessage"]; class != "java.lang.RuntimeException" || fields["stackTrace"] != "list" ||
				got != x.want && (x.http != 502 || !strings.Contains(got, x.want)) {
				t.Errorf("got %s %v, want %s", class, fields, x.want)
			}
			if h := header(m, config.ExceptionHeader); h != class {
				t.Errorf("x-dubbo-exception: %s", h)
			}
		})
	}
}

// A limit that was reached is an exception after which consumers do not call again.
func TestLimitExceeded(t *testing.T) {
	var c Call
	ask(&c, nil, encoded(t))
	m := answer(&c, 429, "", "")
	class, fields := exceptionOf(t, m.Body)
	want := map[string]string{"code": "int", "detailMessage": "HTTP 429 Too Many Requests", "stackTrace": "list"}
	if d := cmp.Diff(want, fields); d != "" || class != limitException || header(m, config.StatusHeader) != "20" || header(m, ":status") != "429" {
		t.Errorf("%s, headers %v (-want +got):\n%s", class, m, d)
	}
}

func TestCompressedAnswer(t *testing.T) {
	var c Call
	ask(&c, nil, encoded(t))
	_, fields := exceptionOf(t, answer(&c, 200, "application/json", "\x1f\x8b", "content-encoding", "gzip").Body)
	if !strings.Contains(fields["detailMessage"], "compressed") {
		t.Error(fields)
	}
	ask(&c, nil, encoded(t))
	if r := decode(t, answer(&c, 200, "application/json", "1", "content-encoding", "identity").Body); r.value != int32(1) {
		t.Error(r)
	}
}

// A generic caller learns of an exception's class and message by the exception that Dubbo has for it.
func TestGenericException(t *testing.T) {
	var c Call
	if _, bad := ask(&c, nil, encoded(t, "find", nil, nil), config.MethodHeader, "$invoke"); bad != nil {
		t.Fatal(reasonOf(t, bad))
	}
	class, fields := exceptionOf(t, answer(&c, 500, "text/plain", "no luck").Body)
	want := map[string]string{
		"exceptionClass": "java.lang.RuntimeException", "exceptionMessage": "HTTP 500 Internal Server Error: no luck",
		"detailMessage": "java.lang.RuntimeException: HTTP 500 Internal Server Error: no luck", "stackTrace": "list",
	}
	if d := cmp.Diff(want, fields); d != "" || class != genericException {
		t.Errorf("%s (-want +got):\n%s", class, d)
	}
}

// dubbo-go reads the exception as one.
func TestExceptionForGo(t *testing.T) {
	var c Call
	ask(&c, nil, encoded(t))
	r := decode(t, answer(&c, 500, "text/plain", "no luck").Body)
	if err, ok := r.value.(error); !ok || err.Error() != "HTTP 500 Internal Server Error: no luck" {
		t.Errorf("%T %v", r.value, r.value)
	}
}
