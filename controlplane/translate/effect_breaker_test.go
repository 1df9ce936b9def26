package translate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// until asks until an answer has the status, and fails after a while.
func (e *edge) until(what, path string, status int) {
	e.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for got := 0; got != status; {
		if got, _, _ = e.get(http.MethodPost, path); time.Now().After(deadline) {
			e.t.Fatalf("%s: %d, want %d", what, got, status)
		}
	}
}

// webService is an HTTP service that fails while broken says so, is held up while a hold is there, and counts.
type webService struct {
	broken atomic.Bool
	hold   atomic.Pointer[chan struct{}]
	calls  atomic.Int64
	addr   string
}

func newWebService(t *testing.T) *webService {
	t.Helper()
	w := &webService{}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	w.addr = s.Listener.Addr().String()
	return w
}

func (s *webService) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.calls.Add(1)
	if hold := s.hold.Load(); hold != nil {
		<-*hold
	}
	if s.broken.Load() {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// A breaker opens when too many calls fail, tries some when it has been open for its time, and closes when they do not fail:
// over HTTP and over Dubbo, and with its own settings for a method.
func TestBreaker(t *testing.T) {
	web := newWebService(t)
	e := newEdge(t, []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "dubbo", &web.broken), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.addr, nil)}},
	}, `
{kind: Mesh, name: mesh, traffic: {
  breaker: {errorPercent: 50%, minRequests: 5, window: 1s, openFor: 1s, probes: 2, recovery: {step: 100%}},
  fallback: {on: open, status: 299, body: open}}}
---
{kind: Traffic, name: hello, service: `+hello+`, methods: {steady: {breaker: {errorPercent: 100%, minRequests: 1000000}}}}
`)
	for _, path := range []string{"/web/", "/" + hello + "/ask"} {
		t.Run(path, func(t *testing.T) {
			web.broken.Store(false)
			e.until("closed", path, 200)
			web.broken.Store(true)
			e.until("failing", path, 500)
			e.until("open", path, 299)
			if status, answer := e.consume(hello, "ask"); path != "/web/" && (status != dubbo.StatusOK || answer != "\x92") {
				t.Errorf("a consumer gets %v %q", status, answer)
			}
			if status, _, _ := e.get(http.MethodPost, "/"+hello+"/steady"); status != 500 {
				t.Errorf("a method with a breaker of its own: %d", status)
			}
			e.until("half-open", path, 500)
			e.until("open again", path, 299)
			web.broken.Store(false)
			e.until("closed again", path, 200)
			e.until("closed again", path, 200)
			for range 100 {
				if status, _, _ := e.get(http.MethodPost, path); status != 200 {
					t.Fatalf("closed: %d", status)
				}
			}
		})
	}
}

// Half-open, exactly as many calls are tried as it says, whoever asks at the same time; then more and more are let in.
func TestBreakerCountsProbes(t *testing.T) {
	web := newWebService(t)
	services := []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.addr, nil)}}}
	const policies = `
{kind: Traffic, name: web, service: web, breaker: {errorPercent: 50%, minRequests: 5, window: 1s, openFor: 1s, probes: 7, recovery: {step: 25%, every: 2s}}}
`
	e := newEdge(t, services, policies)
	web.broken.Store(true)
	e.until("open", "/web/", 503)
	status, header, body := e.get(http.MethodPost, "/web/")
	if status != 503 || header.Get("retry-after") != "1" || !strings.Contains(body, `"urn:dubbomesh:breaker-open"`) || header.Get("content-type") != "application/problem+json" {
		t.Fatalf("open: %d %v %s", status, header, body)
	}
	// A configuration that changes keeps the breaker as it is.
	e.replaced(append(services, model.Service{Name: "other", Instances: services[0].Instances}), policies)
	before := web.calls.Load()
	if status, _, _ := e.get(http.MethodPost, "/web/"); status != 503 || web.calls.Load() != before {
		t.Fatalf("open after a change: %d", status)
	}
	web.broken.Store(false)
	hold := make(chan struct{})
	web.hold.Store(&hold)
	var answered sync.WaitGroup
	ask := func(refused chan<- struct{}) {
		answered.Go(func() {
			if status, _, _ := e.get(http.MethodPost, "/web/"); status == 503 {
				refused <- struct{}{}
			}
		})
	}
	deadline := time.After(time.Minute)
	for open := true; open; { // until the first call is tried
		refused := make(chan struct{}, 1)
		ask(refused)
		tick := time.NewTicker(time.Millisecond)
		for decided := false; !decided; {
			select {
			case <-refused:
				decided = true
			case <-tick.C:
				open = web.calls.Load() == before
				decided = !open
			case <-deadline:
				t.Fatal("it is never half-open")
			}
		}
		tick.Stop()
	}
	refused := make(chan struct{}, 100)
	for range 50 {
		ask(refused)
	}
	for range 50 - 6 {
		<-refused
	}
	for tick := time.NewTicker(time.Millisecond); web.calls.Load()-before < 7; { // those let in are on their way
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d calls were tried, want 7", web.calls.Load()-before)
		}
	}
	close(hold)
	web.hold.Store(nil)
	answered.Wait()
	if n := web.calls.Load() - before; n != 7 || len(refused) != 0 {
		t.Errorf("%d calls were tried, want 7; %d more were refused", n, len(refused))
	}
	in := 0
	for range 100 {
		if status, _, _ := e.get(http.MethodPost, "/web/"); status == 200 {
			in++
		}
	}
	if in < 15 || in > 90 { // steps may pass meanwhile
		t.Errorf("recovering: %d of 100 calls let in, want 25", in)
	}
	inARow := 0
	for late := time.Now().Add(20 * time.Second); inARow < 200; inARow++ {
		if status, _, _ := e.get(http.MethodPost, "/web/"); status != 200 {
			inARow = 0
		}
		if time.Now().After(late) {
			t.Fatal("it is never closed again")
		}
	}
}

// Calls that are slow open a breaker too, whatever they come to.
func TestBreakerOfSlowCalls(t *testing.T) {
	web := newWebService(t)
	e := newEdge(t, []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.addr, nil)}}}, `
{kind: Traffic, name: web, service: web, breaker: {slowPercent: 60%, slowAfter: 20ms, minRequests: 3, window: 10s, openFor: 1h}}
`)
	for range 2 {
		if status, _, _ := e.get(http.MethodPost, "/web/"); status != 200 {
			t.Fatal(status)
		}
	}
	hold := make(chan struct{})
	web.hold.Store(&hold)
	var answered sync.WaitGroup
	for range 3 {
		answered.Go(func() {
			if status, _, _ := e.get(http.MethodPost, "/web/"); status != 200 {
				t.Errorf("slow: %d", status)
			}
		})
	}
	tick := time.NewTicker(50 * time.Millisecond) // longer than calls may take
	defer tick.Stop()
	for asked := false; !asked; {
		asked = web.calls.Load() == 5
		<-tick.C
	}
	close(hold)
	answered.Wait()
	if status, _, _ := e.get(http.MethodPost, "/web/"); status != 503 {
		t.Errorf("after slow calls: %d", status)
	}
}

// What breakers do shows in Envoy's log and statistics.
func TestBreakerShows(t *testing.T) {
	web := newWebService(t)
	web.broken.Store(true)
	server, port := serve(t)
	e := &edge{t: t, server: server}
	e.publish([]model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.addr, nil)}}}, `
{kind: Traffic, name: web, service: web, breaker: {errorPercent: 50%, minRequests: 5, openFor: 1h}}
`)
	envoy := testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port) + booted})
	accepted(t, server)
	e.url = envoy.ListenerURL(translate.GatewayListener)
	e.until("open", "/web/", 503)
	for range 3 {
		e.get(http.MethodPost, "/web/")
	}
	if log := envoy.Log(); !strings.Contains(log, "breaker of web: closed -> open (5 calls, 5 failed, 0 slow)") {
		t.Errorf("the log does not tell: %.2000s", log)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for _, want := range []string{
		`envoy_dubbo_breaker_state{service="web",method="all"} 3`,
		`envoy_dubbo_breaker_refused{service="web",method="all"} 4`,
		`envoy_dubbo_breaker_entered{service="web",method="all",state="open"} 1`,
	} {
		for page := ""; !strings.Contains(page, want+"\n"); {
			page = envoy.Get("/stats/prometheus?filter=breaker_(state|refused|entered)")
			select {
			case <-tick.C:
			case <-late:
				t.Fatalf("no %s in %s", want, page)
			}
		}
	}
}

const booted = `
bootstrap_extensions:
- name: dubbo
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.bootstrap.dynamic_modules.v3.DynamicModuleBootstrapExtension
    dynamic_module_config: {name: dubbo, do_not_close: true, metrics_namespace: dubbo}
    extension_name: bootstrap
`
