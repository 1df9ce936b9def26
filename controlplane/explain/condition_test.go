package explain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// with has a question judged by these policies alone.
func with(t *testing.T, q Question, text string) Question {
	t.Helper()
	var list []model.Policy
	for _, p := range policy.Parse("policies", []byte(text)) {
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Policy)
	}
	q.Snapshot.Policies = model.NewPolicies(list...)
	return q
}

// Why a rule or a lane does not fit is told by its own conditions, whatever lanes and methods add to its routes.
func TestReasonsAreThePolicys(t *testing.T) {
	const rules = `
{kind: Lane, name: blue, match: {headers: {x-user: {prefix: vip}}}, labels: {version: v2}}
---
{kind: Lane, name: other, service: com.example.Bye, match: {headers: {x-o: "1"}}, labels: {version: v1}}
---
{kind: Traffic, name: t, service: com.example.Hello, methods: {slow: {limits: {requests: 2}}}}
---
kind: Route
name: gray
service: com.example.Hello
rules:
- {name: method, match: {method: whoami}, timeout: 1s}
- {name: header, match: {headers: {x-user: {in: [ann, bob]}}, verb: [GET, PUT]}, timeout: 1s}
- {name: cookie, match: {cookies: {c: {not: true, exact: a}}}, timeout: 1s}
- {name: two, match: [{path: {suffix: /x}}, {query: {q: {present: true}}}], timeout: 1s}
- {name: share, match: {percent: 0.5%, headers: {x-user: eve}}, timeout: 1s}
---
{kind: Route, name: hosts, service: com.example.Hello, hosts: [a.com, "*.b.com"], rules: [{timeout: 1s}]}
`
	for _, method := range []string{"sayHi", "slow"} {
		q := with(t, question(t, "/com.example.Hello/"+method, "x-user=eve", "cookie=b=1; c=a"), rules)
		e, err := Explain(q)
		if err != nil || len(e.Routes) < 2 {
			t.Fatalf("%+v, %v", e.Routes, err)
		}
		r := e.Routes[len(e.Routes)-1] // of those that are not of the share
		want := []string{
			`Route/gray rules[0] (method): method ` + method + ` does not fit "whoami"`,
			`Route/gray rules[1] (header): verb POST is not GET or PUT and header x-user does not fit one of ann, bob`,
			`Route/gray rules[2] (cookie): cookie c does not fit not "a"`,
			`Route/gray rules[3] (two): path /com.example.Hello/` + method + ` does not fit suffix "/x"; query parameter q does not fit present true`,
			`Route/gray rules[4] (share): it takes 0.5% of the requests`,
			`Route/hosts rules[0]: the host is none of a.com, *.b.com`,
		}
		if diff := cmp.Diff(want, r.Passed); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
		lanes := []string{`Lane/blue: header x-user does not fit prefix "vip"`, "Lane/other: it is entered at com.example.Bye"}
		if r.Lane == nil {
			t.Fatal("no lane is told of")
		}
		if diff := cmp.Diff(lanes, r.Lane.Not); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
	}
}

// A question that cannot be is refused, and one about a method that nobody describes is answered with a word of it.
func TestDoubtfulQuestions(t *testing.T) {
	q := question(t, "/com.example.Hello/sayHj")
	q.Snapshot.Definitions = []model.Definition{{Service: "com.example.Hello", Methods: []config.Method{{Name: "sayHi"}}}}
	e, err := Explain(q)
	if err != nil || !strings.Contains(strings.Join(e.Notes, "\n"), `com.example.Hello has no method sayHj that anybody describes; did you mean "sayHi"?`) {
		t.Errorf("%v, %v", e.Notes, err)
	}
	q.Request.Path = "/com.example.Hello/sayHi"
	if e, err = Explain(q); err != nil || strings.Contains(strings.Join(e.Notes, "\n"), "has no method") {
		t.Errorf("%v, %v", e.Notes, err)
	}
	q.Request.Verb = "B AD"
	if _, err = Explain(q); err == nil || !strings.Contains(err.Error(), `"B AD" is no HTTP method`) {
		t.Error(err)
	}
}
