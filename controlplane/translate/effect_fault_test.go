package translate_test

import (
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Faults and limits that look at the query: its first value of a name counts, as it stands in the URL.
func TestFaultsAndLimitsByQuery(t *testing.T) {
	e := newEdge(t, []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "hello", &never), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "web"), nil)}},
	}, `
{kind: Traffic, name: web, service: web,
 fault: [{match: {query: {a: "1", b: {present: false}}}, abort: {status: 418}}, {match: {query: {n: {range: {min: 5, max: 12}}}}, abort: {status: 419}}],
 rateLimit: {requests: 1, per: 1h, match: {query: {c: {exact: x, not: true}, d: {present: true}}}}}
---
{kind: Traffic, name: hello, service: com.example.Hello, fault: {match: {query: {chaos: {prefix: "on"}}}, abort: {status: 418}}}
`)
	for _, x := range []struct {
		verb, path string
		status     int
	}{
		{"GET", "/web/", 200},
		{"GET", "/web/?a=1", 418},
		{"GET", "/web/?z&a=1&c=2", 418},
		{"GET", "/web/?a=1&b", 200},
		{"GET", "/web/?a=2&a=1", 200},
		{"GET", "/web/a=1", 200},
		{"GET", "/web/?n=4", 200},
		{"GET", "/web/?n=12", 419},
		{"GET", "/web/?n=13", 200},
		{"GET", "/web/?d", 200}, // the one that is admitted
		{"GET", "/web/?d", 429},
		{"GET", "/web/?d&c=x", 200},
		{"GET", "/web/?d&c=y", 429},
		{"POST", "/" + hello + "/all", 200},
		{"POST", "/" + hello + "/all?chaos=on", 418},
		{"POST", "/" + hello + "/all?chaos=onward", 418},
		{"POST", "/" + hello + "/all?chaos=off", 200},
	} {
		if status, _, _ := e.get(x.verb, x.path); status != x.status {
			t.Errorf("%s %s: %d, want %d", x.verb, x.path, status, x.status)
		}
	}
}
