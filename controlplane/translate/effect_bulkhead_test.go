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

// slowDubbo answers calls of the method slow when it is let, all others at once.
func slowDubbo(t *testing.T, let <-chan struct{}, waiting *atomic.Int64) string {
	t.Helper()
	return serveDubbo(t, func(body []byte) (dubbo.Status, string) {
		if strings.Contains(string(body), "slow") {
			waiting.Add(1)
			<-let
		}
		return dubbo.StatusOK, "done"
	})
}

// A slow method fills its own pool: calls of it beyond that are refused at once, and those of other methods pass.
func TestBulkhead(t *testing.T) {
	let := make(chan struct{})
	var waiting atomic.Int64
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/slow") {
			waiting.Add(1)
			<-let
		}
	}))
	t.Cleanup(slow.Close)
	e := newEdge(t, []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, slowDubbo(t, let, &waiting), map[string]string{"version": "v2"})}},
		{Name: "reports", Instances: []model.Instance{instance(model.ProtocolHTTP, slow.Listener.Addr().String(), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, slow.Listener.Addr().String(), nil)}},
	}, `
{kind: Traffic, name: hello, service: `+hello+`, limits: {requests: 100}, retry: {attempts: 0}, methods: {slow: {limits: {requests: 3}}}}
---
{kind: Route, name: hello, service: `+hello+`, rules: [{match: {headers: {x-canary: "1"}}, to: {labels: {version: v2}}}]}
---
{kind: Traffic, name: web, service: web, limits: {requests: 100}}
---
{kind: Traffic, name: reports, service: reports, limits: {requests: 3}, retry: {attempts: 0}}
---
{kind: Route, name: web, service: web, rules: [{match: {path: {prefix: /slow}}, to: {service: reports}}]}
`)
	var answered sync.WaitGroup
	for _, x := range []struct {
		slow, fast string
		refused    int
		headers    []string
	}{
		{"/" + hello + "/slow", "/" + hello + "/fast", 12, nil},                       // a method of a Dubbo service: as many more may wait for a connection
		{"/" + hello + "/slow", "/" + hello + "/fast", 12, []string{"x-canary", "1"}}, // the same at the instances that a rule names
		{"/web/slow", "/web/fast", 17, nil},                                           // a group of paths, as a service of its own
	} {
		waiting.Store(0)
		refused := make(chan int, 20)
		for range 20 {
			answered.Go(func() {
				if status, _, _ := e.get(http.MethodPost, x.slow, x.headers...); status != 200 {
					refused <- status
				}
			})
		}
		late := time.After(time.Minute)
		for n := range x.refused {
			select {
			case status := <-refused:
				if status != 503 {
					t.Errorf("%s %s beyond its pool: %d", x.slow, x.headers, status)
				}
			case <-late:
				close(let)
				t.Fatalf("%s %s: %d calls were refused, want %d", x.slow, x.headers, n, x.refused)
			}
		}
		// Each worker of Envoy's may have a connection, whatever the limit.
		if n := waiting.Load(); n > 5 {
			t.Errorf("%s: %d calls are under way, want 3", x.slow, n)
		}
		for range 50 {
			began := time.Now()
			if status, _, _ := e.get(http.MethodPost, x.fast, x.headers...); status != 200 || time.Since(began) > 2*time.Second {
				t.Fatalf("%s beside it: %d after %s", x.fast, status, time.Since(began))
			}
		}
	}
	refused := make(chan dubbo.Status, 10)
	for range cap(refused) {
		answered.Go(func() {
			if s, _ := e.consume(hello, "slow"); s != dubbo.StatusOK {
				refused <- s
			}
		})
	}
	if s := <-refused; s != dubbo.StatusThreadPoolExhausted {
		t.Errorf("a consumer beyond the pool: %v", s)
	}
	if s, answer := e.consume(hello, "fast"); s != dubbo.StatusOK || !strings.Contains(answer, "done") {
		t.Errorf("a consumer beside it: %v %q", s, answer)
	}
	close(let)
	answered.Wait()
}

// A provider whose pool is exhausted has its calls made at another, as far as the budget goes.
func TestOverloadRetry(t *testing.T) {
	var busy, free atomic.Int64
	full := serveDubbo(t, func([]byte) (dubbo.Status, string) {
		busy.Add(1)
		return dubbo.StatusThreadPoolExhausted, "Thread pool is EXHAUSTED!"
	})
	other := serveDubbo(t, func([]byte) (dubbo.Status, string) {
		free.Add(1)
		return dubbo.StatusOK, "done"
	})
	both := []model.Instance{instance(model.ProtocolDubbo, full, nil), instance(model.ProtocolDubbo, other, nil)}
	server, port := serve(t)
	e := &edge{t: t, server: server}
	e.publish([]model.Service{{Name: hello, Instances: both}, {Name: "com.example.Tight", Instances: both}}, `
{kind: Traffic, name: hello, service: `+hello+`, retry: {attempts: 1, on: overload}}
---
{kind: Traffic, name: tight, service: com.example.Tight, retry: {attempts: 1, on: overload, budget: 0%, budgetMin: 0}}
`)
	envoy := testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port)})
	accepted(t, server)
	e.url = envoy.ListenerURL(translate.GatewayListener)
	for range 100 {
		if status, _, body := e.get(http.MethodPost, "/"+hello+"/ask"); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
	}
	if busy.Load() < 30 || free.Load() != 100 {
		t.Errorf("%d calls met a full pool, %d were answered", busy.Load(), free.Load())
	}
	if s, answer := e.consume(hello, "ask"); s != dubbo.StatusOK || !strings.Contains(answer, "done") {
		t.Errorf("a consumer: %v %q", s, answer)
	}
	refused := 0
	for range 100 {
		switch status, _, body := e.get(http.MethodPost, "/com.example.Tight/ask"); {
		case status == 503 && strings.Contains(body, "urn:dubbomesh:provider-exhausted"):
			refused++
		case status != 200:
			t.Fatalf("%d %s", status, body)
		}
	}
	if refused < 30 {
		t.Errorf("without a budget only %d of 100 calls failed", refused)
	}
	if envoy.Stat("cluster.dubbo|com.example.Tight||.upstream_rq_retry_overflow") == 0 {
		t.Error("the budget did not bound retries")
	}
}
