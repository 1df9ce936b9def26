package translate_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// hangingUp takes requests or calls and closes the connection in place of an answer; it counts them.
func hangingUp(t *testing.T, calls *atomic.Int64) string {
	t.Helper()
	return listening(t, func(conn net.Conn) {
		defer conn.Close()
		if n, err := conn.Read(make([]byte, 64<<10)); err == nil && n > 0 {
			calls.Add(1)
		}
	})
}

// stuck takes requests or calls and never answers; its connections end with the test.
func stuck(t *testing.T) string {
	t.Helper()
	return listening(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
}

// Failfast makes one attempt, failover as many as there are retries and one, whatever the service speaks.
func TestStrategyAttempts(t *testing.T) {
	var web, calls atomic.Int64
	services := []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, hangingUp(t, &calls), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, hangingUp(t, &web), nil)}},
	}
	e := newEdge(t, services, `{kind: Mesh, name: mesh, traffic: {strategy: failfast}}`)
	for _, x := range []struct {
		policies string
		attempts int64
	}{
		{`{kind: Mesh, name: mesh, traffic: {strategy: failfast}}`, 1},
		{`{kind: Mesh, name: mesh, traffic: {strategy: failover}}`, 3},
		{`{kind: Mesh, name: mesh, traffic: {strategy: failover, retry: 1}}`, 2},
	} {
		e.replaced(services, x.policies)
		for _, c := range []struct {
			path string
			seen *atomic.Int64
		}{{"/web/", &web}, {"/" + hello + "/ask", &calls}} {
			c.seen.Store(0)
			if status, _, _ := e.get(http.MethodPost, c.path); status < 500 {
				t.Errorf("%s: %s: %d", x.policies, c.path, status)
			}
			if n := c.seen.Load(); n != x.attempts {
				t.Errorf("%s: %s: %d attempts, want %d", x.policies, c.path, n, x.attempts)
			}
		}
		calls.Store(0)
		if status, answer := e.consume(hello, "ask"); status == dubbo.StatusOK && !strings.Contains(answer, "HTTP 50") {
			t.Errorf("%s: a consumer gets %v %q", x.policies, status, answer)
		}
		if n := calls.Load(); n != x.attempts {
			t.Errorf("%s: a consumer: %d attempts, want %d", x.policies, n, x.attempts)
		}
	}
}

// Failover answers all calls while an instance is gone; failfast lets some of them fail.
func TestStrategyFailover(t *testing.T) {
	services := []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "alive", &never), nil), instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "alive"), nil), instance(model.ProtocolHTTP, testenvoy.FreeAddress(t), nil)}},
	}
	e := newEdge(t, services, `{kind: Mesh, name: mesh, traffic: {strategy: failover}}`)
	for _, path := range []string{"/web/", "/" + hello + "/ask"} {
		for range 20 {
			if status, _, body := e.get(http.MethodPost, path); status != 200 || !strings.Contains(body, "alive") {
				t.Fatalf("failover of %s: %d %s", path, status, body)
			}
		}
	}
	for range 20 {
		if status, answer := e.consume(hello, "ask"); status != dubbo.StatusOK || !strings.Contains(answer, "alive") {
			t.Fatalf("failover of a consumer: %v %q", status, answer)
		}
	}
	e.replaced(services, `{kind: Mesh, name: mesh, traffic: {strategy: failfast}}`)
	for _, path := range []string{"/web/", "/" + hello + "/ask"} {
		seen := map[int]int{}
		for range 20 {
			status, _, _ := e.get(http.MethodPost, path)
			seen[status]++
		}
		if seen[200] != 10 || seen[503] != 10 { // the two take turns
			t.Errorf("failfast of %s: %v", path, seen)
		}
	}
}

// Failsafe makes an empty result of every failure: of one to connect, and of one that the service answers with.
func TestStrategyFailsafe(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	e := newEdge(t, []model.Service{
		{Name: "com.example.Gone", Instances: []model.Instance{instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "dubbo", &broken), nil)}},
		{Name: "gone", Instances: []model.Instance{instance(model.ProtocolHTTP, testenvoy.FreeAddress(t), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "web"), nil)}},
	}, `{kind: Mesh, name: mesh, traffic: {strategy: failsafe}}`)
	for _, x := range []struct{ path, body string }{
		{"/gone/", "null"}, {"/web/fail", "null"}, {"/web/fine", "web"}, {"/com.example.Gone/ask", "null"}, {"/" + hello + "/ask", "null"},
	} {
		if status, _, body := e.get(http.MethodPost, x.path); status != 200 || body != x.body {
			t.Errorf("%s: %d %s, want 200 %s", x.path, status, body, x.body)
		}
	}
	const null = "\x92"
	for _, service := range []string{"com.example.Gone", hello, "gone"} {
		if status, answer := e.consume(service, "ask"); status != dubbo.StatusOK || answer != null {
			t.Errorf("a consumer of %s: %v %q, want null", service, status, answer)
		}
	}
	broken.Store(false)
	if status, _, body := e.get(http.MethodPost, "/"+hello+"/ask"); status != 200 || !strings.Contains(body, "dubbo") {
		t.Errorf("what succeeds: %d %s", status, body)
	}
}

// Forking takes the answer that comes first: one instance that never answers delays nobody.
func TestStrategyForking(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fast") }))
	t.Cleanup(web.Close)
	services := []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "fast", &never), nil), instance(model.ProtocolDubbo, stuck(t), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.Listener.Addr().String(), nil), instance(model.ProtocolHTTP, stuck(t), nil)}},
	}
	e := newEdge(t, services, `{kind: Mesh, name: mesh, traffic: {strategy: {mode: forking, forks: 2}, timeout: 20s}}`)
	begin := time.Now()
	for range 10 {
		for _, path := range []string{"/web/", "/" + hello + "/ask"} {
			if status, _, body := e.get(http.MethodPost, path); status != 200 || !strings.Contains(body, "fast") {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
		if status, answer := e.consume(hello, "ask"); status != dubbo.StatusOK || !strings.Contains(answer, "fast") {
			t.Errorf("a consumer: %v %q", status, answer)
		}
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("30 calls took %s", took)
	}
	e.replaced(services, `{kind: Mesh, name: mesh, traffic: {strategy: failfast, timeout: 300ms}}`)
	seen := map[int]int{}
	for range 4 {
		status, _, _ := e.get(http.MethodPost, "/web/")
		seen[status]++
	}
	if seen[504] != 2 {
		t.Errorf("without forking every second call meets the one that never answers: %v", seen)
	}
}

// A failure that comes before the next instance is asked is the answer, unless retries are made for it.
func TestForkingAfter(t *testing.T) {
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(failing.Close)
	services := []model.Service{{Name: "web", Instances: []model.Instance{
		instance(model.ProtocolHTTP, failing.Listener.Addr().String(), nil), instance(model.ProtocolHTTP, overHTTP(t, "well"), nil),
	}}}
	const forking = `{kind: Traffic, name: web, service: web, strategy: {mode: forking, after: 30s}, timeout: 1m, ejection: {maxPercent: 0%}`
	e := newEdge(t, services, forking+`}`)
	e.until("the service answers", "/web/", http.StatusOK)
	for retry, want := range map[string]map[int]bool{"": {200: true, 500: true}, ", retry: {on: 5xx}": {200: true}} {
		e.replaced(services, forking+retry+`}`)
		seen := map[int]bool{}
		for range 20 {
			status, _, _ := e.get(http.MethodGet, "/web/")
			seen[status] = true
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("retry %q: %s", retry, diff)
		}
	}
}
