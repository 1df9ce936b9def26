package translate_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// instanceOf is an HTTP instance that counts its calls, fails while broken says so, and says so of its health, which it counts
// too.
func instanceOf(t *testing.T, broken *atomic.Bool, calls, unwell *atomic.Int64) model.Instance {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() && r.URL.Path != "/always" {
			w.WriteHeader(http.StatusInternalServerError)
			if r.URL.Path == "/health" {
				unwell.Add(1)
			}
		}
		if r.URL.Path != "/health" && r.URL.Path != "/always" {
			calls.Add(1)
		}
	}))
	t.Cleanup(s.Close)
	return instance(model.ProtocolHTTP, s.Listener.Addr().String(), nil)
}

// An instance that fails gets no calls for its time, also when its health checks are good; with recovery and health checks
// that tell of it, it has its part of the calls again by and by.
func TestEjection(t *testing.T) {
	for name, x := range map[string]struct {
		check, recovery string
		slowly          bool
	}{
		"alone":               {"", "", false},
		"a check that passes": {"healthCheck: {type: http, path: /always, interval: 100ms},", "", false},
		"a check that fails":  {"healthCheck: {type: http, path: /health, interval: 100ms, unhealthy: 1},", ", recovery: {step: 10%, every: 200ms}", true},
	} {
		t.Run(name, func(t *testing.T) {
			var broken atomic.Bool
			var calls, unwell, others atomic.Int64
			e := newEdge(t, []model.Service{{Name: "web", Instances: []model.Instance{instanceOf(t, &broken, &calls, &unwell), instanceOf(t, &never, &others, &unwell)}}}, `
{kind: Traffic, name: web, service: web, `+x.check+` ejection: {consecutive5xx: 1, interval: 100ms, baseTime: 1s, maxPercent: 100%`+x.recovery+`}}
`)
			ask := func(n int) (share float64) {
				calls.Store(0)
				for range n {
					e.get(http.MethodGet, "/web/")
				}
				return float64(calls.Load()) / float64(n)
			}
			deadline := time.Now().Add(time.Minute)
			until := func(what string, done func() bool) {
				t.Helper()
				for !done() {
					if time.Now().After(deadline) {
						t.Fatal(what)
					}
				}
			}
			until("both are asked", func() bool { return ask(20) > 0 })
			broken.Store(true)
			until("it is not out", func() bool { return ask(20) == 0 })
			out := time.Now()
			until("nobody sees that it is not well", func() bool { return !x.slowly || unwell.Load() > 30 }) // meanwhile the other is new no more
			broken.Store(false)
			until("it does not come back", func() bool { return ask(1) == 1 })
			if time.Since(out) < 500*time.Millisecond {
				t.Errorf("it was back after %s", time.Since(out))
			}
			if share := ask(100); share < 0.4 != x.slowly {
				t.Errorf("at first it has %.2f of the calls", share)
			}
			until("it does not get half of the calls again", func() bool { return ask(100) > 0.45 })
		})
	}
}
