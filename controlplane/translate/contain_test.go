package translate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/bounds"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// read are policies as operators write them.
func read(t *testing.T, texts ...string) (out []model.Policy) {
	t.Helper()
	for _, text := range texts {
		for _, p := range policy.Parse("case", []byte(text)) {
			if p.Err() != nil {
				t.Fatal(p.Err())
			}
			out = append(out, p.Policy)
		}
	}
	return out
}

// header is what Envoy refuses: no policy that is read can say it.
var header = map[string]string{"x-note": "a\n"}

// A policy that Envoy would refuse is left out alone, whatever it is: the others keep their effect on the same service, all
// keep it on other services, and what is wrong is told of the policy.
func TestOnePolicyIsLeftOut(t *testing.T) {
	good := read(t, "{kind: Traffic, name: good, timeout: 3s, limits: {requests: 7}}",
		"{kind: Route, name: good, service: web, rules: [{name: kept, match: {path: /kept}, respond: {status: 204}}]}",
		"{kind: Access, name: good, rules: [{from: {ip: 10.0.0.0/8}}]}")
	meta := model.PolicyMeta{Name: "bad"}
	rule := func(r model.Rule) model.Route {
		r.Match = []model.RequestMatch{{Path: &model.StringMatch{Exact: new("/bad")}}}
		return model.Route{PolicyMeta: meta, Hosts: []string{"page.example.com"}, Rules: []model.Rule{r}}
	}
	long := strings.Repeat("x", 20000)
	for name, bad := range map[string]model.Policy{
		"answer":   rule(model.Rule{Respond: &model.Response{Headers: header}}),
		"change":   rule(model.Rule{Headers: &model.HeaderEdits{Request: &model.HeaderChange{Set: header}}}),
		"rewrite":  rule(model.Rule{Rewrite: &model.Rewrite{Regex: &model.RegexRewrite{Pattern: "a", Substitution: "b\n"}}}),
		"fallback": model.Traffic{PolicyMeta: meta, TrafficSettings: model.TrafficSettings{Fallback: []model.Fallback{{Headers: header}}}},
		"lane":     model.Lane{PolicyMeta: meta, Lane: long, Fallback: "none"},
		"carrier":  model.Mesh{PolicyMeta: meta, Lane: &model.LaneCarrier{Header: "x\n"}},
		"ejection": model.Mesh{PolicyMeta: meta, Traffic: &model.TrafficSettings{Ejection: &model.Ejection{Interval: new(model.Duration(-1))}}},
		"log":      model.Telemetry{PolicyMeta: meta, TelemetrySettings: model.TelemetrySettings{Metrics: &model.Metrics{Tags: map[string]string{"": "x"}}}},
		"mapping": model.Mapping{PolicyMeta: model.PolicyMeta{Name: "bad", Service: "web"}, Operations: []model.MappedOperation{{
			Verb: "G\n", Path: "/o", Method: "m",
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			lane := read(t, "{kind: Lane, name: other, match: {headers: {x: y}}}")
			snap := governed(append(append(slices.Clone(good), lane...), bad))
			for _, svc := range Services(snap) {
				in := InputOf(snap, svc)
				out := Service(in, DefaultOptions())
				if err := out.validate(true, DefaultOptions()); err != nil {
					t.Fatal(err)
				}
				want := Service(in.without(map[string]bool{model.PolicyID(bad): true}), DefaultOptions())
				if a, b := describeRoutes(want), describeRoutes(out); a != b {
					t.Errorf("without the policy %s is\n%s\nand with it\n%s", svc.Name, a, b)
				}
			}
			r := Translate(snap, DefaultOptions())
			validateAll(t, r)
			if name != "mapping" { // which names nothing that Envoy refuses
				toldOf(t, r, model.PolicyID(bad))
			}
		})
	}
}

func describeRoutes(s ServiceResources) string {
	return fmt.Sprint(s.routes(), s.Clusters, s.Endpoints, s.Filters)
}

// toldOf expects problems of one policy alone.
func toldOf(t *testing.T, r Resources, id string) {
	t.Helper()
	n := 0
	for _, p := range r.Problems {
		if p.Key == id && strings.Contains(p.Reason, "Envoy would refuse") {
			n++
		} else if strings.Contains(p.Reason, "Envoy would refuse") {
			t.Errorf("%s: %s", p.Key, p.Reason)
		}
	}
	if n == 0 {
		t.Errorf("nothing is told of %s: %v", id, r.Problems)
	}
}

// Many that are wrong are all found, and the good ones among them stay.
func TestManyPoliciesAreLeftOut(t *testing.T) {
	var list []model.Policy
	for i := range 40 {
		p := model.Route{PolicyMeta: model.PolicyMeta{Name: fmt.Sprintf("p%02d", i), Service: "web"}, Rules: []model.Rule{{
			Match: []model.RequestMatch{{Path: &model.StringMatch{Exact: new(fmt.Sprintf("/%d", i))}}}, Respond: &model.Response{Status: new(uint32(204))},
		}}}
		if i%10 == 3 {
			p.Rules[0].Respond.Headers = header
		}
		list = append(list, p)
	}
	r := Translate(governed(list), DefaultOptions())
	validateAll(t, r)
	var left []string
	for _, p := range r.Problems {
		if strings.Contains(p.Reason, "Envoy would refuse") {
			left = append(left, p.Key)
		}
	}
	if want := []string{"Route/p03", "Route/p13", "Route/p23", "Route/p33"}; !slices.Equal(left, want) {
		t.Errorf("%v, want %v", left, want)
	}
}

// Who may call outlives what cannot be expressed: it becomes a refusal of everybody.
func TestAccessIsNeverLeftOut(t *testing.T) {
	bad := model.Access{PolicyMeta: model.PolicyMeta{Name: "bad"}, Rules: []model.AccessRule{{
		To: []model.RequestMatch{{Headers: map[string]model.StringMatch{"x\n": {Exact: new("y")}}}},
	}}}
	snap := governed(append(read(t, "{kind: Traffic, name: good, timeout: 3s}"), bad))
	out := Service(InputOf(snap, snap.Services[0]), DefaultOptions())
	if err := out.validate(true, DefaultOptions()); err != nil {
		t.Fatal(err)
	}
	for _, r := range slices.Concat(out.routes()...) {
		if r.GetRoute() != nil && (r.TypedPerFilterConfig[denyFilter] == nil || r.GetRoute().GetTimeout().AsDuration().Seconds() != 3) {
			t.Fatalf("open, or without its timeout: %v", r)
		}
	}
	toldOf(t, Translate(snap, DefaultOptions()), "Access/bad")
}

// Too many rules of one policy leave the others their own.
func TestTheLargestRouteIsLeftOut(t *testing.T) {
	rules := func(name string, n int) model.Route {
		p := model.Route{PolicyMeta: model.PolicyMeta{Name: name, Service: "web"}}
		for i := range n {
			p.Rules = append(p.Rules, model.Rule{Match: []model.RequestMatch{{Path: &model.StringMatch{Exact: new(fmt.Sprintf("/%s/%d", name, i))}}}})
		}
		return p
	}
	u := newUnit(InputOf(model.Snapshot{Policies: model.NewPolicies(rules("a", 3), rules("b", bounds.MaxRules), rules("c", 5))}, model.Service{Name: "web"}), DefaultOptions())
	if got := u.in.Policies.Routes; len(got) != 2 || got[0].Name != "a" || got[1].Name != "c" || len(u.problems) != 1 || u.problems[0].Key != "Route/b" {
		t.Errorf("%d routes, %v", len(got), u.problems)
	}
}

// What Envoy would refuse at a port is left out alone, too.
func TestPortsWithoutWhatIsWrong(t *testing.T) {
	meta := model.PolicyMeta{Name: "bad"}
	port := []model.Listener{{Port: new(uint32(9000))}}
	good := read(t, "{kind: Gateway, name: good, listeners: [{port: 9001}], rules: [{match: {path: /a}, respond: {status: 204}}]}")
	for name, bad := range map[string]model.Policy{
		"rule": model.Gateway{PolicyMeta: meta, Listeners: port, Rules: []model.EdgeRule{{
			Match: []model.RequestMatch{{Path: &model.StringMatch{Exact: new("/b")}}}, Respond: &model.Response{Headers: header},
		}}},
		"host": model.Gateway{PolicyMeta: meta, Listeners: []model.Listener{{Port: new(uint32(9000)), Hosts: []string{"a\n"}}}},
		"tags": model.Telemetry{PolicyMeta: meta, TelemetrySettings: model.TelemetrySettings{Metrics: &model.Metrics{Tags: map[string]string{"": "x"}}}},
		"mesh": model.Mesh{PolicyMeta: meta, Telemetry: &model.TelemetrySettings{Tracing: &model.Tracing{Address: "collector:4317", Tags: map[string]string{"": "x"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := Translate(governed(append(slices.Clone(good), bad)), DefaultOptions())
			validateAll(t, r)
			for n, m := range r.Listeners {
				if err := newInspection().refusal(m); err != nil {
					t.Errorf("%s: %v", n, err)
				}
			}
			if r.Listeners["gateway-9001"] == nil || r.Listeners[GatewayListener] == nil {
				t.Error("a port is gone")
			}
			toldOf(t, r, model.PolicyID(bad))
		})
	}
}
