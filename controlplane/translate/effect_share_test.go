package translate_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// A percentage is of the requests that come to its rule: those before it take theirs, and the next takes a part of the rest. So it is of
// lanes, and of a lane within a rule.
func TestSharesOfRules(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("was", r.Header.Get("x-lane")) }))
	t.Cleanup(web.Close)
	at := web.Listener.Addr().String()
	e := newEdge(t, []model.Service{
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, at, nil)}},
		{Name: "laned", Instances: []model.Instance{instance(model.ProtocolHTTP, at, nil), instance(model.ProtocolHTTP, at, map[string]string{"lane": "a"})}},
	}, `
kind: Route
name: shares
service: web
rules:
  - {match: {percent: 30%}, respond: {status: 201}}
  - {match: {percent: 30%, headers: {x-no: a}}, respond: {status: 299}}
  - {match: {percent: 30%}, respond: {status: 202}}
  - {match: {percent: 50%, headers: {x-u: a}}, respond: {status: 203}}
---
{kind: Lane, name: a, service: laned, match: {headers: {x-u: a}}, percent: 50%}
---
kind: Route
name: laned
service: laned
rules:
  - {match: {percent: 20%}, headers: {response: {set: {rule: first}}}}
  - {match: {percent: 50%}, headers: {response: {set: {rule: second}}}}
`)
	e.until("the service answers", "/web/", http.StatusOK)
	const n = 1500
	count := func(path string, of func(status int, h http.Header) any) map[any]int {
		found := map[any]int{}
		for range n {
			status, h, _ := e.get("GET", path, "x-u", "a")
			found[of(status, h)]++
		}
		return found
	}
	check := func(got map[any]int, want map[any]float64) {
		t.Helper()
		for name, share := range want {
			if off := math.Abs(float64(got[name]) - n*share); off > 6*math.Sqrt(n*share*(1-share)) {
				t.Errorf("%v: %d of %d, want %.1f%%", name, got[name], n, share*100)
			}
		}
	}
	check(count("/web/x", func(status int, _ http.Header) any { return status }), map[any]float64{201: 0.3, 202: 0.21, 203: 0.245, 200: 0.245})
	check(count("/laned/x", func(_ int, h http.Header) any { return h.Get("rule") + "/" + h.Get("was") }), map[any]float64{
		"first/a": 0.1, "first/": 0.1, "second/a": 0.2, "second/": 0.2, "/a": 0.2, "/": 0.2,
	})
}
