package explain

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// asked is a question about an HTTP service web with two instances, one of them in the lane gray, and a Dubbo service.
func asked(t *testing.T, policies, path string, headers map[string]string) Question {
	t.Helper()
	in := func(p model.Protocol, address string, labels map[string]string) model.Instance {
		return model.Instance{Address: address, Port: 80, Protocol: p, Weight: 100, Status: model.StatusUp, Labels: labels}
	}
	q := Question{Options: translate.DefaultOptions(), Request: routing.Request{Verb: "GET", Path: path, Headers: headers}}
	q.Snapshot.Services = []model.Service{
		{Name: "com.example.Hello", Instances: []model.Instance{in(model.ProtocolDubbo, "10.0.0.3", nil)}},
		{Name: "web", Instances: []model.Instance{in(model.ProtocolHTTP, "10.0.0.1", nil), in(model.ProtocolHTTP, "10.0.0.2", map[string]string{"lane": "gray"})}},
	}
	var list []model.Policy
	for _, p := range policy.Parse("policies", []byte(policies)) {
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Policy)
	}
	q.Snapshot.Policies = model.NewPolicies(list...)
	return q
}

func TestLanes(t *testing.T) {
	const ann = "match: {headers: {x-user: ann}}"
	const two = "kind: Lane\nname: gray\n" + ann + "\n---\nkind: Lane\nname: zest\nlabels: {lane: gray}\n" + ann + "\n"
	const some = "kind: Lane\nname: gray\npercent: 30%\n" + ann + "\n"
	for name, c := range map[string]struct {
		policies string
		headers  map[string]string
		want     []*Lane // of the routes
	}{
		"without lanes": {"kind: Traffic\nname: x\n", nil, []*Lane{nil}},
		"one enters":    {two, map[string]string{"x-user": "ann"}, []*Lane{{Policy: "Lane/gray", Name: "gray", How: enters, Overridden: []string{"Lane/zest"}}}},
		"one carries": {two, map[string]string{"x-lane": "zest", "x-user": "ann"}, []*Lane{
			{Policy: "Lane/zest", Name: "zest", How: carries, Overridden: []string{"Lane/gray"}},
		}},
		"neither": {two, map[string]string{"x-user": "eve"}, []*Lane{
			{Not: []string{`Lane/gray: header x-user does not fit "ann"`, `Lane/zest: header x-user does not fit "ann"`}},
		}},
		"a share": {some, map[string]string{"x-user": "ann"}, []*Lane{
			{Policy: "Lane/gray", Name: "gray", How: enters}, {Not: []string{"Lane/gray: it takes 30% of the requests"}},
		}},
		"of nobody here": {"kind: Lane\nname: blue\n" + ann + "\n", map[string]string{"x-lane": "blue"}, []*Lane{
			{Not: []string{"Lane/blue: the request carries its name, but web has no instance in it, and it falls back"}},
		}},
		"with nobody in it": {"kind: Lane\nname: blue\n" + ann + "\n", map[string]string{"x-user": "ann"}, []*Lane{{Policy: "Lane/blue", Name: "blue", How: enters, Falls: "base"}}},
		"entered at a service without it": {"kind: Lane\nname: gray\nservices: [shop]\n" + ann + "\n", map[string]string{"x-user": "ann"}, []*Lane{
			{Policy: "Lane/gray", Name: "gray", How: enters, Falls: "base"},
		}},
		"entered elsewhere": {"kind: Lane\nname: gray\nservice: shop\n" + ann + "\n", map[string]string{"x-user": "ann"}, []*Lane{
			{Not: []string{"Lane/gray: it is entered at shop"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Explain(asked(t, c.policies, "/web/", c.headers))
			if err != nil {
				t.Fatal(err)
			}
			var got []*Lane
			for _, r := range e.Routes {
				if r.Lane != nil && r.Lane.Name != "" && r.Lane.Falls == "" && !strings.Contains(r.Destinations[0].Cluster, "lane=gray") {
					t.Errorf("it goes to %+v", r.Destinations)
				}
				got = append(got, r.Lane)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoIsTold(t *testing.T) {
	q := asked(t, `
{kind: Telemetry, name: a, service: web, accessLog: {minStatus: 400}}
---
{kind: Telemetry, name: b, service: web, accessLog: {minStatus: 500}, tracing: {address: "10.0.0.9:4317"}}
---
{kind: Telemetry, name: all, accessLog: {}}
---
{kind: Mesh, name: mesh, telemetry: {accessLog: {off: true}, tracing: {address: "10.0.0.9:4317", sampling: 5%}}}
`, "/web/", nil)
	r := explained(t, q)
	for _, want := range []Setting{
		{Field: "accessLog", Value: `{"minStatus":400}`, From: "Telemetry/a", Overridden: []string{"Telemetry/b", "Telemetry/all", "Mesh/mesh"}},
		{Field: "tracing", Value: `{"address":"10.0.0.9:4317"}`, From: "Telemetry/b", Overridden: []string{"Mesh/mesh"}},
	} {
		if diff := cmp.Diff(want, setting(r, want.Field)); diff != "" {
			t.Error(diff)
		}
	}
	q.Request.Path = "/nothing"
	if s := setting(explained(t, q), "accessLog"); s.From != "Telemetry/all" {
		t.Errorf("a request of no service is told of by %+v", s)
	}
}

func TestWhichGateway(t *testing.T) {
	q := asked(t, `
{kind: Gateway, name: edge, listeners: [{port: 8080}], cors: {allowOrigins: ["https://a.example.com"]}, expose: [{service: com.example.Hello, prefix: /api}, {service: web, prefix: /api}]}
---
{kind: Gateway, name: other, listeners: [{port: 8080}]}
---
{kind: Route, name: own, service: web, rules: [{match: {path: /own}, cors: {allowOrigins: ["*"]}}]}
`, "/web/x", nil)
	e, err := Explain(q)
	if err != nil || len(e.Routes) != 1 {
		t.Fatal(e, err)
	}
	if diff := cmp.Diff(&Gateway{Port: 8080, Policy: "Gateway/edge", Overridden: []string{"Gateway/other", "settings gateway"}}, e.Gateway); diff != "" {
		t.Error(diff)
	}
	r := e.Routes[0]
	if r.Exposed == nil || r.Exposed.By != "Gateway/edge expose[1]" || setting(r, "cors").From != "Gateway/edge" {
		t.Errorf("exposed %+v, settings %+v", r.Exposed, r.Settings)
	}
	q.Request.Path = "/web/own"
	if s := setting(explained(t, q), "cors"); s.From != "Route/own rules[0]" || !cmp.Equal(s.Overridden, []string{"Gateway/edge"}) {
		t.Errorf("a rule with CORS of its own: %+v", s)
	}
	q.Request.Path = "/api/hi"
	r = explained(t, q)
	if diff := cmp.Diff(&Exposed{By: "Gateway/edge expose[0]", Overridden: []string{"Gateway/edge expose[1] (web)"}}, r.Exposed); diff != "" || r.Service != "com.example.Hello" {
		t.Errorf("%s: %s", r.Service, diff)
	}
}

func TestWhichMapping(t *testing.T) {
	q := asked(t, `
{kind: Mapping, name: a, service: com.example.Hello, operations: [{verb: GET, path: "/users/{id}", method: find, parameters: [{from: path, name: id, type: long}]}]}
---
{kind: Mapping, name: b, service: com.example.Hello, operations: [{verb: GET, path: "/users/{name}", method: named, parameters: [{from: path, name: name, type: java.lang.String}]},
  {verb: GET, path: "/names/{name}", method: named, parameters: [{from: path, name: name, type: java.lang.String}]}]}
`, "/users/7", nil)
	r := explained(t, q)
	if diff := cmp.Diff(&Mapping{Policy: "Mapping/a", Overridden: []string{"Mapping/b"}}, r.Mapping); diff != "" || r.Operation != "GET /users/{id}" {
		t.Errorf("%s: %s", r.Operation, diff)
	}
	q.Request.Path = "/names/ann"
	r = explained(t, q)
	if diff := cmp.Diff(&Mapping{Policy: "Mapping/b"}, r.Mapping); diff != "" || r.Operation != "GET /names/{name}" {
		t.Errorf("%s: %s", r.Operation, diff)
	}
}

func TestWhoHasTheHost(t *testing.T) {
	const none = "rules: [{match: {path: /never}, respond: {status: 204}}]}"
	q := asked(t, "{kind: Route, name: h, service: shop, hosts: [A.example.com], "+none+"\n---\n{kind: Route, name: w, service: web, hosts: [a.example.com], "+none, "/", nil)
	q.Snapshot.Services = append(q.Snapshot.Services, q.Snapshot.Services[1])
	slices.SortFunc(q.Snapshot.Services, func(a, b model.Service) int { return strings.Compare(a.Name, b.Name) })
	q.Snapshot.Services[1].Name = "shop"
	for host, want := range map[string]*Host{
		"a.example.com": {Name: "a.example.com", By: "Route/h", Overridden: []string{"Route/w (web)"}},
		"web":           {Name: "web", By: "its name"},
		"elsewhere":     nil,
	} {
		q.Request.Host = host
		if diff := cmp.Diff(want, explained(t, q).Host); diff != "" {
			t.Error(diff)
		}
	}
}

// Routes for other ways than that of the request say nothing of a rule, least of all of one that stands behind.
func TestOtherWaysAreLeftOut(t *testing.T) {
	const rules = `
{kind: Route, name: r, service: web, rules: [{match: {headers: {x-user: eve}}}, {match: {headers: {x-user: ann}}}, {match: {headers: {content-type: text/plain}}}, {match: {path: /never}}]}
---
{kind: Traffic, name: t, service: web, fallback: [{on: [5xx], status: 200}]}
`
	r := explained(t, asked(t, rules, "/web/x", map[string]string{"x-user": "ann"}))
	if diff := cmp.Diff([]string{`Route/r rules[0]: header x-user does not fit "eve"`}, r.Passed); diff != "" || r.Rule != "Route/r rules[1]" {
		t.Errorf("%s: %s", r.Rule, diff)
	}
	want := []string{
		`Route/r rules[0]: header x-user does not fit "eve"`, `Route/r rules[1]: header x-user does not fit "ann"`,
		`Route/r rules[2]: header content-type does not fit "text/plain"`,
	}
	r = explained(t, asked(t, rules, "/web/x", map[string]string{"x-user": "joe"}))
	if len(r.Passed) != 4 || !cmp.Equal(r.Passed[:3], want) || !strings.HasPrefix(r.Passed[3], "Route/r rules[3]: ") {
		t.Errorf("not %q", r.Passed)
	}
}
