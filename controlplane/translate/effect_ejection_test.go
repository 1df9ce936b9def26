package translate_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// twin is one of two instances of a service. It counts its calls and fails while broken says so; health checks of /health
// find that, and are counted.
type twin struct {
	broken        atomic.Bool
	calls, unwell atomic.Int64
}

func (w *twin) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/health" && r.URL.Path != "/always" {
		w.calls.Add(1)
	}
	if w.broken.Load() && r.URL.Path != "/always" {
		out.WriteHeader(http.StatusInternalServerError)
		if r.URL.Path == "/health" {
			w.unwell.Add(1)
		}
	}
}

func (w *twin) overHTTP(t *testing.T) model.Instance {
	t.Helper()
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	return instance(model.ProtocolHTTP, s.Listener.Addr().String(), nil)
}

func (w *twin) overDubbo(t *testing.T) model.Instance {
	t.Helper()
	return instance(model.ProtocolDubbo, serveDubbo(t, func([]byte) (dubbo.Status, string) {
		w.calls.Add(1)
		if w.broken.Load() {
			return dubbo.StatusServiceError, "broken"
		}
		return dubbo.StatusOK, "well"
	}), nil)
}

// An instance that fails gets no calls for its time, also when its health checks are good, and has its part of the calls again
// by and by, unless all at once is what the policy says.
func TestEjection(t *testing.T) {
	const fails, passes = ", healthCheck: {type: http, path: /health, interval: 100ms, unhealthy: 1}", ", healthCheck: {type: http, path: /always, interval: 100ms}"
	const steps, once = ", recovery: {step: 10%, every: 500ms}", ", recovery: {step: 100%}"
	for name, x := range map[string]struct {
		dubbo           bool
		check, recovery string
	}{
		"nothing said":                    {},
		"nothing said, Dubbo":             {dubbo: true},
		"steps":                           {recovery: steps},
		"steps, Dubbo":                    {dubbo: true, recovery: steps},
		"steps and a check that passes":   {check: passes, recovery: steps},
		"steps and a check that fails":    {check: fails, recovery: steps},
		"at once":                         {recovery: once},
		"at once and a check that passes": {check: passes, recovery: once},
	} {
		t.Run(name, func(t *testing.T) {
			var first, second twin
			pair, path := []model.Instance{first.overHTTP(t), second.overHTTP(t)}, "/web/"
			if x.dubbo {
				pair, path = []model.Instance{first.overDubbo(t), second.overDubbo(t)}, "/web/ask"
			}
			e := newEdge(t, []model.Service{{Name: "web", Instances: pair}},
				`{kind: Traffic, name: web, service: web, ejection: {consecutive5xx: 1, interval: 100ms, baseTime: 1s, maxPercent: 100%`+x.recovery+`}`+x.check+`}`)
			ask := func(n int) (share float64) {
				first.calls.Store(0)
				for range n {
					e.get(http.MethodPost, path)
				}
				return float64(first.calls.Load()) / float64(n)
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
			first.broken.Store(true)
			until("it is not out", func() bool { return ask(20) == 0 })
			out := time.Now()
			until("nobody sees that it is not well", func() bool { return x.check != fails || first.unwell.Load() > 10 })
			first.broken.Store(false)
			until("it does not come back", func() bool { return ask(1) == 1 })
			if time.Since(out) < 500*time.Millisecond {
				t.Errorf("it was back after %s", time.Since(out))
			}
			switch share := ask(100); x.recovery {
			case "": // 5 % of the calls for 10 s, and as much more for the next
				if share += 6 * ask(600); share/7 > 0.095 || share/7 < 0.005 {
					t.Errorf("at first it has %.3f of the calls", share/7)
				}
				return
			case once:
				if share < 0.4 {
					t.Errorf("it has %.2f of the calls", share)
				}
			case steps:
				if share > 0.3 {
					t.Errorf("at first it has %.2f of the calls", share)
				}
			}
			until("it does not get half of the calls again", func() bool { return ask(100) > 0.45 })
		})
	}
}
