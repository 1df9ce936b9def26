package translate_test

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// What a registry's rule leaves gives way to lanes and subsets, and methods keep their pools.
func TestRegisteredRoutes(t *testing.T) {
	at := func(address string, labels ...string) model.Instance {
		in := model.Instance{Address: address, Port: 20880, Protocol: model.ProtocolDubbo, Weight: 1, Status: model.StatusUp, Labels: map[string]string{}}
		for _, l := range labels {
			in.Labels[l] = "in"
		}
		return in
	}
	services := []model.Service{{Name: hello, Instances: []model.Instance{at("10.0.0.1", "rule"), at("10.0.0.2", "lane"), at("10.0.0.3", "subset", "rule")}}}
	registered := model.NewPolicies(model.Route{
		PolicyMeta: model.PolicyMeta{Name: "registry/hello/000", Service: hello, Registered: true, Source: "/dubbo/key"},
		Rules:      []model.Rule{{To: []model.Backend{{Labels: map[string]string{"rule": "in"}}}}},
	})
	for name, c := range map[string]struct {
		policies string
		lane     string // that the call is in
		cluster  string // where ask goes, without what the names begin with alike
	}{
		"alone":          {"", "", "|rule=in"},
		"in a lane":      {"{kind: Lane, name: gray, labels: {lane: in}}", "gray", "|lane=in"},
		"in no lane":     {"{kind: Lane, name: gray, labels: {lane: in}}", "", "|base|rule=in"},
		"a subset":       {"{kind: Traffic, name: t, subset: {labels: {subset: in}}}", "", "|subset=in"},
		"a pool":         {"{kind: Traffic, name: t, service: " + hello + ", methods: {ask: {limits: {requests: 1}}}}", "", "|rule=in||ask"},
		"another's pool": {"{kind: Traffic, name: t, service: " + hello + ", methods: {slow: {limits: {requests: 1}}}}", "", "|rule=in"},
		"a route":        {"{kind: Route, name: r, service: " + hello + ", rules: [{to: {labels: {lane: in}}}]}", "", "|lane=in"},
	} {
		t.Run(name, func(t *testing.T) {
			var list []model.Policy
			for _, p := range policy.Parse("test", []byte(c.policies)) {
				if p.Err() != nil {
					t.Fatal(p.Err())
				}
				list = append(list, p.Policy)
			}
			snap := model.Snapshot{Services: services, Policies: model.NewPolicies(list...).Above(registered)}
			r := translate.Translate(snap, translate.DefaultOptions())
			if len(r.Problems) > 0 {
				t.Errorf("problems: %+v", r.Problems)
			}
			found, err := routing.Find(r.Routes[translate.GatewayRoutes], routing.Request{Verb: "POST", Host: "gateway", Path: "/" + hello + "/ask", Headers: map[string]string{"x-lane": c.lane}})
			if err != nil || len(found) != 1 {
				t.Fatalf("%d routes, %v", len(found), err)
			}
			got, of := strings.CutPrefix(found[0].Route.GetRoute().GetCluster(), "dubbo|"+hello+"||")
			if !of || got != c.cluster {
				t.Errorf("it goes to %q, want %q", got, c.cluster)
			}
		})
	}
}
