package translate_test

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// An instance that was registered with the wrong protocol takes nothing from those that speak HTTP but what is a call for
// sure, and nothing at all once it is drained.
func TestMixedProtocols(t *testing.T) {
	web, provider := instance(model.ProtocolHTTP, overHTTP(t, "web"), nil), instance(model.ProtocolDubbo, overDubbo(t, "provider", &never), nil)
	e := newEdge(t, []model.Service{{Name: "mixed", Instances: []model.Instance{web}}}, "")
	e.expected = "instances of mixed speak dubbo"
	e.replaced([]model.Service{{Name: "mixed", Instances: []model.Instance{provider, web}}}, "")
	for _, x := range []struct{ verb, path, want string }{
		{"GET", "/mixed/hello", "web"},
		{"GET", "/mixed", "web"},
		{"PUT", "/mixed/hello?a=/b", "web"},
		{"POST", "/mixed/a/b", "web"},
		{"POST", "/mixed/", "web"},
		{"POST", "/mixed/hello", `"provider`},
		{"POST", "/mixed/hello?a=/b", `"provider`},
	} {
		if status, _, body := e.get(x.verb, x.path); status != 200 || !strings.HasPrefix(body, x.want) {
			t.Errorf("%s %s: %d %q, want it from %s", x.verb, x.path, status, body, x.want)
		}
	}
	if status, body := e.consume("mixed", "hello"); status != 20 || !strings.Contains(body, "provider") {
		t.Errorf("a consumer gets %d %q", status, body)
	}
	provider.Weight = 0
	e.replaced([]model.Service{{Name: "mixed", Instances: []model.Instance{provider, web}}}, "")
	if status, _, body := e.get("POST", "/mixed/hello"); status != 200 || body != "web" {
		t.Errorf("drained: %d %q", status, body)
	}
}
