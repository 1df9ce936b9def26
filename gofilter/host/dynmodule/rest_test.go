package main_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"
	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestRestCall(t *testing.T) {
	type seen struct{ Method, Path, Body, ContentType, Accept, Length, Color, Left string }
	requests := make(chan seen, 1)
	r := startRestRig(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		left := ""
		for _, name := range []string{config.ArgumentsHeader, config.ProtocolHeader, config.TypesHeader} {
			left += req.Header.Get(name)
		}
		requests <- seen{req.Method, req.URL.RequestURI(), string(body), req.Header.Get("content-type"), req.Header.Get("accept"),
			strconv.FormatInt(req.ContentLength, 10), req.Header.Get(config.AttachmentPrefix + "color"), left}
		w.Header().Set("content-type", "application/json")
		w.Header().Set(config.AttachmentPrefix+"size", "xl")
		fmt.Fprint(w, `{"id":7,"tags":["a"]}`)
	})
	for path, want := range map[string]string{"/com.example.Users/find": "/com.example.Users/find", "/moved/find": "/api/find"} {
		got, head := r.consume(t, path, []any{int64(7), "é"})
		if d := cmp.Diff(seen{"POST", want, `[[7,"é"]]`, "application/json", "application/json", "10", "blue", ""}, <-requests); d != "" {
			t.Errorf("request (-want +got):\n%s", d)
		}
		if got.status != 200 || head.Get("content-type") != config.DubboContentType || head.Get(config.StatusHeader) != "20" {
			t.Errorf("got %d %v", got.status, head)
		}
		if d := cmp.Diff(any(map[any]any{"id": int32(7), "tags": []any{"a"}}), valueOf(t, got.body)); d != "" {
			t.Errorf("result (-want +got):\n%s", d)
		}
		if !strings.Contains(got.body, "\x04size\x02xl") {
			t.Errorf("no attachment in %q", got.body)
		}
	}
}

// An answer in each of the ways in which it may come.
func TestRestAnswers(t *testing.T) {
	large := strings.Repeat("large ", 500_000) // more than one of Envoy's buffers
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	var tries atomic.Int64
	r := startRestRig(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		w.Header().Set("content-type", "application/json")
		switch _, method, _ := strings.Cut(req.URL.Path[1:], "/"); method {
		case "echo":
			_, _ = w.Write(body[1 : len(body)-1])
		case "parts":
			for _, part := range []string{`["a`, `", 1`, `]`} {
				fmt.Fprint(w, part)
				w.(http.Flusher).Flush()
			}
		case "none":
			w.WriteHeader(http.StatusNoContent)
		case "empty":
		case "trailers":
			w.Header().Set("trailer", "x-after")
			fmt.Fprint(w, `"a"`)
			w.(http.Flusher).Flush()
			w.Header().Set("x-after", "1")
		case "only trailers":
			w.Header().Set("trailer", "x-after")
			w.(http.Flusher).Flush()
			w.Header().Set("x-after", "1")
		case "fail":
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"detail":"taken"}`)
		case "full":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "second":
			n := tries.Add(1)
			if n == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			fmt.Fprint(w, n)
		case "endless":
			fmt.Fprint(w, `"`)
			for req.Context().Err() == nil {
				fmt.Fprint(w, large)
			}
		case "wait":
			select {
			case <-req.Context().Done():
			case <-released:
			}
		}
	})
	for name, c := range map[string]struct {
		path     string
		argument any
		status   int
		dubbo    string
		want     any
	}{
		"echo":             {"/a.B/echo", "hello", 200, "20", "hello"},
		"large":            {"/a.B/echo", large, 200, "20", large},
		"parts":            {"/a.B/parts", nil, 200, "20", []any{"a", int32(1)}},
		"204":              {"/a.B/none", nil, 200, "20", nil},
		"empty":            {"/a.B/empty", nil, 200, "20", nil},
		"trailers":         {"/a.B/trailers", nil, 200, "20", "a"},
		"trailers only":    {"/a.B/only%20trailers", nil, 200, "20", nil},
		"fails":            {"/a.B/fail", nil, 409, "20", "exception: HTTP 409 Conflict: taken"},
		"second try":       {"/again/second", nil, 200, "20", int32(2)},
		"endless":          {"/a.B/endless", nil, 502, "20", "exception: the answer of the HTTP service (status 200) cannot be used: it is larger than the limit of 4194304 bytes; raise dataplane.maxResponseBytes"},
		"full":             {"/a.B/full", nil, 503, "100", "HTTP 503 Service Unavailable"},
		"nobody there":     {"/dead/echo", nil, 503, "", nil},
		"Envoy's deadline": {"/slow/wait", nil, 504, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, head := r.consume(t, c.path, c.argument)
			if got.status != c.status || head.Get(config.StatusHeader) != c.dubbo {
				t.Fatalf("got %d, Dubbo status %q: %.200q", got.status, head.Get(config.StatusHeader), got.body)
			}
			switch c.dubbo {
			case "": // Envoy's own
				if head.Get("content-type") == config.DubboContentType {
					t.Errorf("got %q", got.body)
				}
				return
			case "100":
				if text, err := hessian.NewDecoder([]byte(got.body)).Decode(); err != nil || text != c.want {
					t.Errorf("got %v, %v", text, err)
				}
				return
			}
			if d := cmp.Diff(c.want, valueOf(t, got.body)); d != "" {
				t.Errorf("(-want +got):\n%.300s", d)
			}
		})
	}
	if n := r.Stat("dubbo.panics"); n != 0 {
		t.Errorf("%d panics", n)
	}
}

// What cannot be turned into a request is refused here, and what is no call passes.
func TestRestRefusals(t *testing.T) {
	r := startRestRig(t, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		fmt.Fprintf(w, "%s %s %s", req.Method, req.Header.Get("content-type"), body[:min(len(body), 10)])
	})
	refused := func(name, want string, change func(*http.Request)) {
		t.Run(name, func(t *testing.T) {
			got, head := r.consume(t, "/a.B/echo", "hello", change)
			text, err := hessian.NewDecoder([]byte(got.body)).Decode()
			if err != nil || got.status != 400 || head.Get("content-type") != config.DubboContentType || head.Get(config.StatusHeader) != "40" || !strings.Contains(text.(string), want) {
				t.Errorf("got %d %v %q", got.status, head, got.body)
			}
		})
	}
	set := func(body string) func(*http.Request) {
		return func(req *http.Request) {
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
	}
	refused("malformed", "0x40 begins no value", set("\x40\x40\x40\x40\x40\x40HZ"))
	refused("cut off", "x-dubbo-arguments is", set("\x40"))
	refused("no body", "for a body of 0 bytes", set(""))
	refused("too large", "larger than the limit of 4194304 bytes", set(strings.Repeat("x", 5<<20)))
	refused("only trailers", "for a body of 0 bytes", func(req *http.Request) {
		req.Body, req.ContentLength, req.Trailer = io.NopCloser(strings.NewReader("")), -1, http.Header{"X-After": {"1"}}
	})
	passed := func(name, path, want string, change func(*http.Request)) {
		t.Run(name, func(t *testing.T) {
			request := r.consumption(t, path, "hello")
			change(request)
			got, err := send(t, request)
			if err != nil || got != (reply{200, want}) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	passed("JSON", "/a.B/echo", "POST application/json \x05helloHZ", func(req *http.Request) { req.Header.Set("content-type", "application/json") })
	passed("filter is off", "/off/echo", "POST application/x-dubbo \x05helloHZ", func(*http.Request) {})
	t.Run("trailers", func(t *testing.T) {
		got, _ := r.consume(t, "/a.B/echo", "hello", func(req *http.Request) {
			req.ContentLength, req.Trailer = -1, http.Header{"X-After": {"1"}}
		})
		if v := valueOf(t, got.body); v != `POST application/json ["hello"]` {
			t.Errorf("got %v", v)
		}
	})
}

// Calls at the same time, some of which their consumers give up, do not disturb each other.
func TestRestManyCalls(t *testing.T) {
	r := startRestRig(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if strings.Contains(string(body), "never") {
			<-req.Context().Done()
			return
		}
		w.Header().Set("content-type", "application/json")
		_, _ = w.Write(body)
	})
	var callers sync.WaitGroup
	for i := range 32 {
		callers.Go(func() {
			for k := range 20 {
				argument := fmt.Sprintf("call %d of %d %s", k, i, strings.Repeat("x", 100*k))
				got, _ := r.consume(t, "/a.B/echo", argument)
				if d := cmp.Diff(any([]any{argument}), valueOf(t, got.body)); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			given := make(chan error, 1)
			request := r.consumption(t, "/a.B/echo", "never").WithContext(ctx)
			go func() {
				resp, err := client.Do(request)
				if err == nil {
					_ = resp.Body.Close()
				}
				given <- err
			}()
			cancel()
			if err := <-given; err == nil {
				t.Error("a call that was given up has an answer")
			}
		})
	}
	callers.Wait()
	r.WaitStat("http.in.downstream_rq_active", func(n uint64) bool { return n == 0 })
	if n := r.Stat("dubbo.panics"); n != 0 {
		t.Errorf("%d panics", n)
	}
}

// A mapped call is the request that the mapping describes, and its answer is of the declared type.
func TestRestMapped(t *testing.T) {
	requests := make(chan string, 1)
	r := startRestRig(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		requests <- fmt.Sprintf("%s %s %q %q %d", req.Method, req.URL.RequestURI(), req.Header.Get("content-type"), body, req.ContentLength)
		switch {
		case req.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case req.URL.Path == "/users/404":
			http.Error(w, "nobody", http.StatusNotFound)
		default:
			w.Header().Set("content-type", "application/json")
			fmt.Fprint(w, `{"id":7,"pay":1.50}`)
		}
	})
	mapped := func(req *http.Request) { req.Header.Set(config.SchemaHeader, usersSchema.ID()) }
	for path, c := range map[string]struct {
		id      int64
		request string
		status  int
		answer  string // contained in the body
	}{
		"/com.example.Users/find":  {7, `GET /users/7 "" "" 0`, 200, "\x10com.example.User\x92\x02id\x03pay"},
		"/com.example.Users/find?": {404, `GET /users/404 "" "" 0`, 404, "\x12com.example.NoUser"},
		"/com.example.Users/drop":  {7, `DELETE /users?id=7 "" "" 0`, 200, "\x95"},
		"/com.example.Users/other": {7, `POST /com.example.Users/other "application/json" "[7]" 3`, 200, "\x03pay"},
	} {
		got, _ := r.consume(t, path, c.id, mapped)
		if request := <-requests; request != c.request {
			t.Errorf("%s: got the request %s, want %s", path, request, c.request)
		}
		if got.status != c.status || !strings.Contains(got.body, c.answer) {
			t.Errorf("%s: got %d %q, want %d %q", path, got.status, got.body, c.status, c.answer)
		}
	}
}
