package translate_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// mirrorOf answers with its name and with what arrived, as status says.
func mirrorOf(t *testing.T, name string, status *atomic.Int64) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(int(status.Load()))
		fmt.Fprintf(w, "%s %s %s %d %.20s a=%s mark=%q", name, r.Method, r.URL, len(body), body, strings.Join(r.Header.Values("x-a"), ","), r.Header.Get("x-dubbomesh-fallback"))
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// sent sends a body of some length.
func (e *edge) sent(path string, length int, headers ...string) (int, string) {
	e.t.Helper()
	status, _, text := e.ask(http.MethodPost, path, bytes.NewReader(bytes.Repeat([]byte("x"), length)), headers...)
	return status, text
}

// A call that has failed is made anew elsewhere, with all that came with it.
func TestFallbackElsewhere(t *testing.T) {
	var status, spare atomic.Int64
	status.Store(500)
	spare.Store(200)
	web, other := mirrorOf(t, "web", &status), mirrorOf(t, "spare", &spare)
	labels := func(v string) map[string]string { return map[string]string{"version": v} }
	e := newEdge(t, []model.Service{
		{Name: "down", Instances: []model.Instance{instance(model.ProtocolHTTP, testenvoy.FreeAddress(t), labels("v1")), instance(model.ProtocolHTTP, other, labels("v2"))}},
		{Name: "limited", Instances: []model.Instance{instance(model.ProtocolHTTP, other, nil)}},
		{Name: "mixed", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
		{Name: "ring", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
		{Name: "spare", Instances: []model.Instance{instance(model.ProtocolHTTP, other, nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
	}, `
{kind: Traffic, name: web, service: web, fallback: {on: 5xx, service: spare}, retry: {attempts: 2, on: 5xx}}
---
{kind: Traffic, name: down, service: down, subset: {labels: {version: v1}, fallback: none}, fallback: {on: open, labels: {version: v2}}}
---
{kind: Traffic, name: limited, service: limited, rateLimit: {requests: 1, per: 1h}, fallback: {on: rateLimited, service: spare}}
---
{kind: Traffic, name: mixed, service: mixed, fallback: [{on: timeout, service: ring}, {statuses: [500], body: fixed}, {on: 5xx, service: spare}]}
---
{kind: Traffic, name: ring, service: ring, fallback: {on: 5xx, service: web}}
`)
	for _, length := range []int{0, 10, 1 << 20} {
		sent := fmt.Sprintf(" %d %s a=1,2 mark=\"\"", length, strings.Repeat("x", min(20, length)))
		for _, x := range []struct {
			path   string
			status int
			want   string
		}{
			{"/web/some/path?q=1", 200, "spare POST /some/path?q=1"},
			{"/down/some", 200, "spare POST /some"},
			{"/limited/x", 200, "spare POST /x"},
			{"/limited/x", 200, "spare POST /x"},
		} {
			if got, body := e.sent(x.path, length, "x-a", "1", "x-a", "2"); got != x.status || body != x.want+sent {
				t.Errorf("%s: %d %s, want %s", x.path, got, body, x.want+sent)
			}
		}
	}
	if got, body := e.sent("/mixed/", 3); got != 200 || body != "fixed" {
		t.Errorf("the first that fits: %d %s", got, body)
	}
	status.Store(503)
	if got, body := e.sent("/mixed/", 3); got != 200 || !strings.HasPrefix(body, "spare POST / 3") {
		t.Errorf("the one after it: %d %s", got, body)
	}
	// What is larger than may be held passes, and is lost to fallbacks.
	if got, _ := e.sent("/web/", 9<<20); got != 503 {
		t.Errorf("too large to be kept: %d", got)
	}
	// No client's mark counts, and one that is answered well is not made anew.
	status.Store(200)
	if _, body := e.sent("/web/", 1, "x-dubbomesh-fallback", "0"); !strings.HasPrefix(body, "web ") {
		t.Errorf("marked from outside: %s", body)
	}
	// The failure of the fallback is the answer, also where it would fall back itself.
	status.Store(502)
	spare.Store(504)
	if got, body := e.sent("/web/", 1); got != 504 || !strings.HasPrefix(body, "spare ") {
		t.Errorf("the fallback's own failure: %d %s", got, body)
	}
	if got, body := e.sent("/ring/", 1); got != 502 || !strings.HasPrefix(body, "web ") {
		t.Errorf("fallbacks of a fallback: %d %s", got, body)
	}
}

// So are calls of Dubbo services, and those of Dubbo consumers.
func TestFallbackElsewhereOfCalls(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	var status, spare atomic.Int64
	status.Store(503)
	spare.Store(200)
	failing := overDubbo(t, "main", &broken)
	e := newEdge(t, []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, failing, nil)}},
		{Name: "com.example.Gone", Instances: []model.Instance{instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: "com.example.Spare", Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "spare", &never), nil)}},
		{Name: "spare", Instances: []model.Instance{instance(model.ProtocolHTTP, jsonOf(t, `"spare"`, &spare), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, jsonOf(t, `"web"`, &status), nil)}},
	}, `
{kind: Traffic, name: hello, service: `+hello+`, methods: {ask: {fallback: {on: 5xx, service: com.example.Spare}}}}
---
{kind: Traffic, name: gone, service: com.example.Gone, fallback: {on: open, service: com.example.Spare}}
---
{kind: Traffic, name: web, service: web, fallback: {on: overload, service: spare}}
`)
	for _, service := range []string{hello, "com.example.Gone"} {
		got, body := e.sent("/"+service+"/ask", 0, "content-type", "application/json")
		if got != 200 || !strings.Contains(body, "spare") || !strings.Contains(body, "com.example.Spare") {
			t.Errorf("%s over HTTP: %d %s", service, got, body)
		}
		if s, answer := e.consume(service, "ask", "some", "attachment"); s != dubbo.StatusOK || !strings.Contains(answer, "spare") || !strings.Contains(answer, "attachment") {
			t.Errorf("%s over Dubbo: %v %q", service, s, answer)
		}
	}
	if s, answer := e.consume(hello, "other"); s != dubbo.StatusServiceError {
		t.Errorf("a method without a fallback: %v %q", s, answer)
	}
	if s, answer := e.consume("web", "ask"); s != dubbo.StatusOK || !strings.Contains(answer, "spare") {
		t.Errorf("a consumer of an HTTP service: %v %q", s, answer)
	}
	if got, body := e.sent("/web/ask", 3); got != 200 || body != `"spare"` {
		t.Errorf("the same service over HTTP: %d %s", got, body)
	}
}

// jsonOf answers with a JSON text.
func jsonOf(t *testing.T, text string, status *atomic.Int64) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// A limit refuses in its own words, over HTTP and to Dubbo consumers.
func TestRateLimitBody(t *testing.T) {
	web := overHTTP(t, "web")
	e := newEdge(t, []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "dubbo", &never), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
	}, `
{kind: Traffic, name: web, service: web, rateLimit: [
  {requests: 1, per: 1h, match: {headers: {x-who: ann}}, body: '{"was": %RESPONSE_CODE%}'},
  {requests: 1, per: 1h, match: {headers: {x-who: bob}}, body: not you, status: 503},
  {requests: 1, per: 1h, match: {headers: {x-who: eve}}}]}
---
{kind: Traffic, name: hello, service: `+hello+`, rateLimit: {requests: 1, per: 1h, body: later}}
`)
	for _, x := range []struct {
		who, kind, body string
		status          int
	}{
		{"ann", "application/json", `{"was": 429}`, 429},
		{"bob", "text/plain; charset=utf-8", "not you", 503},
		{"eve", "application/problem+json", "rate-limited", 429},
	} {
		if status, _, _ := e.get(http.MethodGet, "/web/", "x-who", x.who); status != 200 {
			t.Errorf("%s: %d", x.who, status)
		}
		status, header, body := e.get(http.MethodGet, "/web/", "x-who", x.who)
		if status != x.status || header.Get("content-type") != x.kind || !strings.Contains(body, x.body) {
			t.Errorf("%s: %d %v %s", x.who, status, header, body)
		}
	}
	if s, answer := e.consume(hello, "ask"); s != dubbo.StatusOK || !strings.Contains(answer, "dubbo") {
		t.Errorf("%v %q", s, answer)
	}
	if s, answer := e.consume(hello, "ask"); s != dubbo.StatusOK || !strings.Contains(answer, "RpcException") || !strings.Contains(answer, "later") {
		t.Errorf("refused: %v %q", s, answer)
	}
}
