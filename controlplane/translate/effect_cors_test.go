package translate_test

import (
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What a browser asks before a request is answered by the rule that the request is for, though it is no such request itself.
func TestPreflights(t *testing.T) {
	web := overHTTP(t, "web")
	e := newEdge(t, []model.Service{
		{Name: "com.example.A", Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "A", &never), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
	}, `
kind: Route
name: web
service: web
rules:
  - {match: {path: /put, verb: PUT}, cors: {allowOrigins: "*", allowMethods: PUT}}
  - {match: {path: /put, verb: [DELETE, PATCH]}, cors: {allowOrigins: "*", allowMethods: DELETE}}
  - {match: {path: {prefix: /beta}, headers: {x-beta: "yes"}, cookies: {session: {present: true}}, query: {a: "1"}, percent: 100%}, cors: {allowOrigins: "*", allowMethods: POST}}
  - {match: {path: /any}, cors: {allowOrigins: "*", allowMethods: GET}}
---
{kind: Route, name: rest, service: com.example.A, rules: [{cors: {allowOrigins: "*", allowMethods: PUT}}]}
---
kind: Mapping
name: a
service: com.example.A
methods: [{name: ask, parameters: [{name: n, type: int}], returns: java.lang.String}]
operations: [{verb: PUT, path: "/asked/{n}", method: ask, parameters: [{from: path, name: n}]}]
`)
	for _, x := range []struct{ path, verb, allowed string }{
		{"/web/put", "PUT", "PUT"},
		{"/web/put", "DELETE", "DELETE"},
		{"/web/put", "GET", ""},
		{"/web/beta/x?a=1", "POST", "POST"},
		{"/web/beta/x?a=2", "POST", ""},
		{"/web/any", "GET", "GET"},
		{"/web/other", "GET", ""},
		{"/asked/5", "PUT", "PUT"},
		{"/asked/5", "POST", ""},
		{"/com.example.A/ask", "POST", "PUT"},
	} {
		_, header, _ := e.get("OPTIONS", x.path, "origin", "https://page.example.com", "access-control-request-method", x.verb)
		if got := header.Get("access-control-allow-methods"); got != x.allowed {
			t.Errorf("OPTIONS %s before %s: %q may be used, want %q", x.path, x.verb, got, x.allowed)
		}
	}
	if status, header, body := e.get("PUT", "/web/put", "origin", "https://page.example.com"); status != 200 || body != "web" || header.Get("access-control-allow-origin") == "" {
		t.Errorf("the request itself: %d %v %q", status, header, body)
	}
	if status, _, body := e.get("OPTIONS", "/web/put"); status != 200 || body != "web" {
		t.Errorf("OPTIONS of another kind: %d %q", status, body)
	}
}
