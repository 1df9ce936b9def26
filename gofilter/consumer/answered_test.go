package consumer

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// What comes back when the answer is not one of a Dubbo provider.
func TestForeignAnswers(t *testing.T) {
	var status int
	var body string
	r := startRig(t, config.Consumer{}, &http.HTTP2Config{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	problem := `{"title":"No answer","detail":"no such service","status":404}`
	for _, c := range []struct {
		status int
		body   string
		dubbo  dubbo.Status
		text   string
	}{
		{404, problem, dubbo.StatusServiceNotFound, "HTTP 404 Not Found: no such service"},
		{503, "no healthy upstream", dubbo.StatusThreadPoolExhausted, "HTTP 503 Service Unavailable: no healthy upstream"},
		{504, "", dubbo.StatusServerTimeout, "HTTP 504 Gateway Timeout: "},
		{502, `{"detail":3}`, dubbo.StatusBadResponse, `HTTP 502 Bad Gateway: {"detail":3}`},
		{500, `["x"]`, dubbo.StatusServerError, `HTTP 500 Internal Server Error: ["x"]`},
		{302, "", dubbo.StatusServerError, "HTTP 302 Found: "},
		{200, "[1]", dubbo.StatusBadResponse, "HTTP 200, but the answer is not one of a Dubbo provider"},
		{202, "", dubbo.StatusBadResponse, "HTTP 202, but the answer is not one of a Dubbo provider"},
		{500, strings.Repeat("ü", 1000), dubbo.StatusServerError, "HTTP 500 Internal Server Error: " + strings.Repeat("ü", 512)},
	} {
		status, body = c.status, c.body
		r.send(echo(7, "a").bytes())
		m := r.next()
		if m.Header.Status != c.dubbo || m.Header.ID != 7 || strings.TrimSpace(m.text(t)) != strings.TrimSpace(c.text) {
			t.Errorf("%d %.50s: got %v %.200q, want %v %.200q", c.status, c.body, m.Header, m.text(t), c.dubbo, c.text)
		}
	}
	for code, want := range map[int]int32{400: codeBadCall, 401: codeForbidden, 403: codeForbidden, 429: codeLimit, 413: codeBadCall} {
		status, body = code, "refused"
		r.send(echo(7, "a").bytes())
		m := r.next()
		var w dubbo.Writer
		w.Int(dubbo.ResponseException)
		w.Object("org.apache.dubbo.rpc.RpcException", "code", "detailMessage")
		w.Int(want)
		w.String(fmt.Sprintf("HTTP %d %s: refused", code, http.StatusText(code)))
		if diff := cmp.Diff(answerTo(7, string(w.Buf)), m); diff != "" {
			t.Errorf("%d: %s", code, diff)
		}
	}
}

// What is answered without asking anybody.
func TestAnsweredHere(t *testing.T) {
	r := startRig(t, config.Consumer{MaxRequestBytes: 4096}, &http.HTTP2Config{}, provider)
	head := request{id: 9, flags: dubbo.FlagTwoWay, method: "echo"}
	cut := func(n int) []byte {
		body := echo(9, "hello").body()
		return frameOf(0xc2, 9, body[:n])
	}
	for name, c := range map[string]struct {
		frame []byte
		want  string
	}{
		"too large":      {echo(9, strings.Repeat("x", 4097)).bytes(), "frame declares a body of 4"},
		"no body":        {frameOf(0xc2, 9, nil), "does not begin with its five strings"},
		"no method":      {cut(6 + 18 + 6), "does not begin with its five strings"},
		"cut argument":   {cut(len(echo(9, "hello").body()) - 80), "hessian: byte"},
		"no attachments": {frameOf(0xc2, 9, head.body()[:len(head.body())-2]), "expected the map of attachments"},
		"bad types":      {request{id: 9, flags: dubbo.FlagTwoWay, method: "echo", types: "Q"}.bytes(), "byte 0 begins no type"},
		"endless type":   {request{id: 9, flags: dubbo.FlagTwoWay, method: "echo", types: "La/B"}.bytes(), "has no end"},
		"empty method":   {request{id: 9, flags: dubbo.FlagTwoWay}.bytes(), "the name of the method"},
		"dots":           {request{id: 9, flags: dubbo.FlagTwoWay, method: ".."}.bytes(), "the name of the method"},
		"control":        {request{id: 9, flags: dubbo.FlagTwoWay, method: "a\r\nb"}.bytes(), "no name that HTTP can carry"},
		"protobuf":       {frameOf(0xc0|21, 9, []byte("?")), "set serialization=hessian2"},
	} {
		t.Run(name, func(t *testing.T) {
			r.send(c.frame)
			m := r.next()
			if m.Header.ID != 9 || m.Header.Status != dubbo.StatusBadRequest || !strings.Contains(m.text(t), c.want) {
				t.Errorf("got %v %s, want %s", m.Header, m.text(t), c.want)
			}
			r.send(echo(10, "after").bytes())
			if diff := cmp.Diff(answerTo(10, value("after")), r.next()); diff != "" {
				t.Error(diff)
			}
		})
	}
	r.send(frameOf(0xc0|fastjson2, 9, []byte("?")))
	if m := r.next(); m.Header.Flags != fastjson2 || m.Header.Status != 40 || !strings.Contains(m.Body, "hessian2") {
		t.Errorf("got %v", m)
	}
	// Neither is answered: one-way calls that are refused, events that want no answer, answers.
	var quiet []byte
	quiet = append(quiet, frameOf(0x82, 9, nil)...)
	quiet = append(quiet, frameOf(0x82, 9, make([]byte, 5000))...)
	quiet = append(quiet, frameOf(0xa2, 9, []byte("N"))...)
	quiet = append(quiet, frameOf(0xa2, 9, []byte("\x01R"))...)
	quiet = append(quiet, frameOf(0x22, 9, []byte("N"))...)
	quiet = append(quiet, frameOf(0x02, 9, []byte("N"))...)
	r.send(append(quiet, frameOf(0xe2, 11, []byte("N"))...))
	want := message{dubbo.Header{Flags: 0x22, Status: dubbo.StatusOK, ID: 11, Length: 1}, "N"}
	if diff := cmp.Diff(want, r.next()); diff != "" {
		t.Error(diff)
	}
}

// An answer larger than the limit costs its call only.
func TestLargeAnswer(t *testing.T) {
	r := startRig(t, config.Consumer{MaxResponseBytes: 100_000}, &http.HTTP2Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", config.DubboContentType)
		_, _ = w.Write(bytes.Repeat([]byte{'N'}, 1+int(r.ContentLength)*0+len(r.Header.Get("x-dubbo-attachment-size"))*50_001))
	})
	for i := range 20 {
		q := echo(1, "a")
		q.attachments = [][2]string{{"size", strings.Repeat("x", i%2+1)}}
		r.send(q.bytes())
		m := r.next()
		if i%2 == 0 && (m.Header.Status != dubbo.StatusOK || len(m.Body) != 50_002) ||
			i%2 == 1 && (m.Header.Status != dubbo.StatusSerializationError || !strings.Contains(m.text(t), "100000")) {
			t.Fatalf("%d: got %v and %d bytes", i, m.Header, len(m.Body))
		}
	}
}
