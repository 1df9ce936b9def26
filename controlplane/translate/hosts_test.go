package translate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// A host that several services want goes by the order of precedence of the policies that name it, at each port, and the loser is told.
func TestWhoHasAHost(t *testing.T) {
	route := func(name, about, host string) string {
		return "{kind: Route, name: " + name + ", " + about + "hosts: [" + host + "], rules: [{match: {path: /never}, respond: {status: 204}}]}\n---\n"
	}
	for name, c := range map[string]struct {
		policies, host string
		want           string // the service
		problem        string // of whom, and what it says
	}{
		"the first policy by name": {
			route("a-svc", "service: svc, ", "a.example.com") + route("h-other", "service: other, ", "a.example.com"), "a.example.com", "svc",
			"Route/h-other|hosts: a.example.com belongs to service svc, by Route/a-svc, which goes before",
		},
		"one that names its service": {
			route("a", "selector: {labels: {team: x}}, ", "a.example.com") + route("b", "service: svc, ", "a.example.com"), "a.example.com", "svc",
			"Route/a|on other: hosts: a.example.com belongs to service svc, by Route/b",
		},
		"the service of that name": {route("a", "service: other, ", "svc"), "svc", "svc", "Route/a|svc belongs to service svc, whose name it is"},
		"for all services":         {route("a", "", "a.example.com"), "a.example.com", "other", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var snap model.Snapshot
			for _, s := range []string{"other", "svc"} {
				labels := map[string]string{"other": "x"}[s]
				snap.Services = append(snap.Services, model.Service{Name: s, Instances: []model.Instance{{
					Address: "10.0.0.1", Port: 80, Protocol: model.ProtocolHTTP, Weight: 100, Status: model.StatusUp, Labels: map[string]string{"team": labels},
				}}})
			}
			list := []model.Policy{model.Gateway{PolicyMeta: model.PolicyMeta{Name: "edge"}, Listeners: []model.Listener{{Port: new(uint32(8443)), Hosts: []string{"*.example.com", "svc"}}}}}
			for _, p := range policy.Parse("case", []byte(strings.TrimSuffix(c.policies, "---\n"))) {
				if err := p.Err(); err != nil {
					t.Fatal(err)
				}
				list = append(list, p.Policy)
			}
			snap.Policies = model.NewPolicies(list...)
			r := translate.Translate(snap, translate.DefaultOptions())
			for _, at := range []string{translate.GatewayRoutes, "gateway-8443"} {
				found, err := routing.Find(r.Routes[at], routing.Request{Host: c.host, Path: "/", Verb: "GET"})
				if err != nil || len(found) != 1 || translate.ClusterService(found[0].Route.GetRoute().GetCluster()) != c.want {
					t.Errorf("%s: %d routes, %v", at, len(found), err)
				}
			}
			who, what, told := strings.Cut(c.problem, "|")
			if !told && len(r.Problems) > 0 || told && !slices.ContainsFunc(r.Problems, func(p model.Problem) bool { return p.Key == who && strings.Contains(p.Reason, what) }) {
				t.Errorf("problems %+v", r.Problems)
			}
		})
	}
}
