package translate_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// A request that is held by a delay gets its answer from what it was routed to, though an edit takes that away meanwhile.
func TestARequestThatIsHeldOutlivesItsRoute(t *testing.T) {
	version := map[string]string{"version": "v2"}
	services := []model.Service{
		{Name: hello, Instances: []model.Instance{
			instance(model.ProtocolDubbo, overDubbo(t, "v1", &never), nil), instance(model.ProtocolDubbo, overDubbo(t, "v2", &never), version)}},
		{Name: "web", Instances: []model.Instance{
			instance(model.ProtocolHTTP, overHTTP(t, "v1"), nil), instance(model.ProtocolHTTP, overHTTP(t, "v2"), version)}},
	}
	e := newEdge(t, services, `
{kind: Route, name: web, service: web, rules: [{to: {labels: {version: v2}}}]}
---
{kind: Route, name: hello, service: com.example.Hello, rules: [{to: {labels: {version: v2}}}]}
---
{kind: Traffic, name: slow-web, service: web, fault: {delay: {time: 3s}}}
---
{kind: Traffic, name: slow-hello, service: com.example.Hello, fault: {delay: {time: 3s}}}
`)
	const each = 5
	var held sync.WaitGroup
	for range each {
		for _, path := range []string{"/web/", "/" + hello + "/all"} {
			held.Go(func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url+path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Errorf("%s: %v", path, err)
					return
				}
				defer answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					t.Errorf("%s: %s", path, answer.Status)
				}
			})
		}
	}
	e.envoy.WaitStat("http.gateway-http.fault.active_faults", func(n uint64) bool { return n == 2*each })
	e.replaced(services, "")
	held.Wait()
}
