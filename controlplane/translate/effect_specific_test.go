package translate_test

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What a backend says of headers counts more than what its rule says, in both directions; and a call that is led to another
// service is described by that one.
func TestTheMoreSpecificWins(t *testing.T) {
	web := overHTTP(t, "web", "x-a", "x-b", "x-c", "x-d", "x-e")
	e := newEdge(t, []model.Service{
		{Name: "com.example.A", Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "A", &never), nil)}},
		{Name: "com.example.B", Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "B", &never), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
	}, `
kind: Route
name: web
service: web
rules:
  - to:
      - labels: {}
        headers:
          request: {set: {x-a: backend, x-b: backend}, add: {x-c: backend}, remove: [x-d]}
          response: {set: {x-out: backend}, remove: [x-gone]}
    headers:
      request: {set: {x-a: rule, x-c: rule, x-d: rule, x-e: rule}, add: {x-b: rule}}
      response: {set: {x-out: rule, x-gone: rule, x-kept: rule}}
---
{kind: Route, name: led, service: com.example.A, rules: [{to: {service: com.example.B}}]}
---
{kind: Mapping, name: a, service: com.example.A, methods: [{name: ask, parameters: [{name: n, type: long}], returns: java.lang.String}]}
---
{kind: Mapping, name: b, service: com.example.B, methods: [{name: ask, parameters: [{name: n, type: java.lang.Integer}], returns: java.lang.String}]}
`)
	status, header, body := e.get("GET", "/web/", "x-d", "caller", "x-c", "caller")
	if want := "web x-a=backend x-b=backend x-c=rule,backend x-d= x-e=rule"; status != 200 || body != want {
		t.Errorf("%d %q, want %q", status, body, want)
	}
	if header.Get("x-out") != "backend" || header.Get("x-gone") != "" || header.Get("x-kept") != "rule" {
		t.Errorf("the answer has %v", header)
	}
	status, _, body = e.ask("POST", "/com.example.A/ask", strings.NewReader("[5]"))
	if status != 200 || !strings.Contains(body, "Ljava/lang/Integer;") {
		t.Errorf("a call that is led elsewhere: %d %q", status, body)
	}
}
