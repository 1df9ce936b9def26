package explain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

const policies = `
kind: Mesh
name: all
traffic: {timeout: 9s, limits: {requests: 50}}
---
kind: Traffic
name: a
service: com.example.Hello
timeout: 2s
retry: {attempts: 1}
methods: {report: {timeout: 30s}}
---
kind: Traffic
name: b
service: com.example.Hello
timeout: 3s
---
kind: Route
name: canary
service: com.example.Hello
rules:
  - name: testers
    match: {method: sayHi, headers: {x-user: {in: [ann, bob]}}}
    timeout: 1s
    to: [{labels: {version: v2}, weight: 3}, {labels: {version: v1}, weight: 1}]
  - {match: {headers: {x-old: "1"}}, redirect: {path: /new}}
---
kind: Access
name: who
service: com.example.Hello
action: allow
rules: [{from: {service: shop}}]
`

func question(t *testing.T, path string, headers ...string) Question {
	t.Helper()
	in := func(address, version string, weight uint32, status model.Status) model.Instance {
		return model.Instance{Address: address, Port: 20880, Protocol: model.ProtocolDubbo, Weight: weight, Status: status, Labels: map[string]string{"version": version}}
	}
	q := Question{Options: translate.DefaultOptions(), Request: routing.Request{Verb: "POST", Host: "gateway", Path: path, Headers: map[string]string{}}}
	q.Snapshot.Services = []model.Service{{Name: "com.example.Hello", Instances: []model.Instance{
		in("10.0.0.1", "v1", 100, model.StatusUp), in("10.0.0.2", "v2", 300, model.StatusUp),
		in("10.0.0.3", "v1", 100, model.StatusDraining), in("10.0.0.4", "v1", 0, model.StatusUp),
	}}}
	var list []model.Policy
	for _, p := range policy.Parse("policies", []byte(policies)) {
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Policy)
	}
	q.Snapshot.Policies = model.NewPolicies(list...)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, "=")
		q.Request.Headers[name] = value
	}
	return q
}

func explained(t *testing.T, q Question) Route {
	t.Helper()
	e, err := Explain(q)
	if err != nil || len(e.Routes) != 1 {
		t.Fatalf("got %+v, %v", e, err)
	}
	return e.Routes[0]
}

func setting(r Route, field string) (s Setting) {
	for _, s := range r.Settings {
		if s.Field == field {
			return s
		}
	}
	return s
}

// A REST path of a Mapping policy says which method it is, and with that which settings hold.
func TestOperation(t *testing.T) {
	q := question(t, "/reports/7")
	q.Request.Verb = "GET"
	const mapping = `{kind: Mapping, name: rest, service: com.example.Hello, operations: [
  {verb: GET, path: "/reports/{id}", method: report, parameters: [{from: path, name: id, type: long}]}]}`
	for _, p := range policy.Parse("mapping", []byte(mapping)) {
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		q.Snapshot.Policies.Mappings = append(q.Snapshot.Policies.Mappings, p.Policy.(model.Mapping))
	}
	r := explained(t, q)
	if r.Service != "com.example.Hello" || r.Method != "report" || r.Operation != "GET /reports/{id}" || setting(r, "timeout").Value != "30s" {
		t.Errorf("got %+v", r)
	}
}

func TestWhoWins(t *testing.T) {
	for name, c := range map[string]struct {
		path    string
		headers []string
		rule    string
		want    []Setting
	}{
		"the service's policies": {"/com.example.Hello/other", nil, "", []Setting{
			{"timeout", "2s", "Traffic/a", []string{"Traffic/b", "Mesh/all", "settings route.timeout"}, "", nil},
			{"retry", `{"attempts":1}`, "Traffic/a", []string{"settings route.retries"}, "", nil},
			{"limits", `{"requests":50}`, "Mesh/all", nil, "", nil},
		}},
		"a method": {"/com.example.Hello/report", nil, "", []Setting{
			{"timeout", "30s", "Traffic/a methods.report", []string{"Traffic/a", "Traffic/b", "Mesh/all", "settings route.timeout"}, "", nil},
		}},
		"a rule": {"/com.example.Hello/sayHi", []string{"x-user=bob"}, "Route/canary rules[0] (testers)", []Setting{
			{"timeout", "1s", "Route/canary rules[0] (testers)", []string{"Traffic/a", "Traffic/b", "Mesh/all", "settings route.timeout"}, "", nil},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := explained(t, question(t, c.path, c.headers...))
			if r.Rule != c.rule || r.Service != "com.example.Hello" {
				t.Errorf("got rule %q of %s", r.Rule, r.Service)
			}
			if len(r.Access) != 1 || r.Access[0].Policy != "Access/who" {
				t.Errorf("access %+v", r.Access)
			}
			for _, want := range c.want {
				if diff := cmp.Diff(want, setting(r, want.Field)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestDestinations(t *testing.T) {
	r := explained(t, question(t, "/com.example.Hello/sayHi", "x-user=ann"))
	if len(r.Destinations) != 2 || r.Destinations[0].Percent != 75 || r.Destinations[1].Percent != 25 {
		t.Fatalf("got %+v", r.Destinations)
	}
	want := []Endpoint{
		{Address: "10.0.0.1:20880", Weight: 100, Percent: 100, Health: "up"},
		{Address: "10.0.0.3:20880", Health: "draining"},
		{Address: "10.0.0.4:20880", Health: "weight 0"},
	}
	if diff := cmp.Diff(want, r.Destinations[1].Endpoints); diff != "" {
		t.Error(diff)
	}
	if l := r.Destinations[0].Limits; l == nil || l.Requests != 50 {
		t.Errorf("limits %+v", l)
	}
}

func TestAnswersWithoutAService(t *testing.T) {
	r := explained(t, question(t, "/com.example.Hello/x", "x-old=1"))
	if r.Answer != "redirect (found) to path /new" || r.Rule != "Route/canary rules[1]" || len(r.Destinations) != 0 || len(r.Passed) != 1 {
		t.Errorf("got %+v", r)
	}
	r = explained(t, question(t, "/com.example.Bye/x"))
	if !strings.HasPrefix(r.Answer, "404") {
		t.Errorf("got %+v", r)
	}
}

func TestRulesThatDoNotFitSayWhy(t *testing.T) {
	r := explained(t, question(t, "/com.example.Hello/sayHi", "x-user=eve"))
	want := `Route/canary rules[0] (testers): header x-user does not fit one of ann, bob`
	if len(r.Passed) != 2 || r.Passed[0] != want {
		t.Errorf("got %v", r.Passed)
	}
}

// A proxy that has not taken the newest is explained by what it has.
func TestAProxyThatIsBehind(t *testing.T) {
	q := question(t, "/com.example.Hello/sayHi", "x-user=ann")
	before := q.Snapshot
	before.Policies = model.Policies{}
	old := translate.Translate(before, q.Options)
	q.Live = &old
	e, err := Explain(q)
	if err != nil || len(e.Routes) != 1 || e.Routes[0].Rule != "" || len(e.Routes[0].Destinations) != 1 || !strings.Contains(e.Notes[0], "does not have the newest") {
		t.Errorf("got %+v, %v", e, err)
	}
	now := translate.Translate(q.Snapshot, q.Options)
	q.Live = &now
	if e, err = Explain(q); err != nil || e.Routes[0].Rule == "" || len(e.Notes) != 1 {
		t.Errorf("got %+v, %v", e, err)
	}
}

// At a port of a Gateway policy its own rules and exposures count.
func TestExplainPort(t *testing.T) {
	q := question(t, "/ping")
	for _, p := range policy.Parse("edge", []byte(`
kind: Gateway
name: edge
listeners: [{port: 8443, hosts: api.example.com}]
rules: [{name: ping, match: {path: /ping}, respond: {status: 204}}]
`)) {
		q.Snapshot.Policies.Gateways = append(q.Snapshot.Policies.Gateways, p.Policy.(model.Gateway))
	}
	for _, x := range []struct {
		port               uint32
		host, path, answer string
		rule               string
	}{
		{8443, "api.example.com", "/ping", "204", "Gateway/edge rules[0] (ping)"},
		{8443, "api.example.com", "/com.example.Hello/ask", "", ""},
		{8443, "other.example.com", "/ping", "404 ", ""},
		{0, "api.example.com", "/ping", "404 ", ""},
	} {
		q.Port, q.Request.Host, q.Request.Path = x.port, x.host, x.path
		e, err := Explain(q)
		if err != nil || len(e.Routes) != 1 || e.Routes[0].Rule != x.rule || !strings.HasPrefix(e.Routes[0].Answer, x.answer) || (x.answer == "") != (e.Routes[0].Answer == "") {
			t.Errorf("%d %s%s: %v %+v", x.port, x.host, x.path, err, e.Routes)
		}
	}
	q.Port = 7
	if _, err := Explain(q); err == nil || !strings.Contains(err.Error(), "open are 8443, 20880, 8080") {
		t.Errorf("at a port that is not open: %v", err)
	}
}
