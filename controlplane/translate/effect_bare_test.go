package translate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// TestBarePath asks for services by their names alone: what they get is "/", and so it is for conditions.
func TestBarePath(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.RequestURI()) }))
	t.Cleanup(echo.Close)
	var services []model.Service
	for _, name := range []string{"all", "allowed", "optional", "routed", "root"} {
		services = append(services, model.Service{Name: name, Instances: []model.Instance{instance(model.ProtocolHTTP, echo.Listener.Addr().String(), nil)}})
	}
	e := newEdge(t, services, `
kind: Access
name: all
service: all
action: deny
rules: [{to: {path: {prefix: /}}}]
---
kind: Access
name: root
service: root
action: deny
rules: [{to: {path: /}}]
---
kind: Access
name: allowed
service: allowed
rules: [{to: {path: {prefix: /}}}]
---
kind: Access
name: optional
service: optional
action: deny
rules: [{to: {path: {regex: "(?:/x)?"}}}, {to: {path: {regex: "/(?:y/)?"}, verb: PUT}}]
---
kind: Route
name: routed
service: routed
rules:
  - {match: {path: /, verb: PUT}, respond: {status: 410}}
  - {match: {path: {prefix: /}, verb: POST}, rewrite: {prefix: /v2/}}
  - {match: {path: {prefix: /x}, verb: DELETE}, respond: {status: 411}}
`)
	e.until("the services answer", "/routed/", http.StatusOK)
	for _, test := range []struct {
		verb, path string
		status     int
		body       string // "" for any
	}{
		{"GET", "/all", 403, ""},
		{"GET", "/all?q=1", 403, ""},
		{"GET", "/all/x", 403, ""},
		{"GET", "/root", 403, ""},
		{"GET", "/root/", 403, ""},
		{"GET", "/root/x", 200, "/x"},
		{"GET", "/allowed", 200, "/"},
		{"GET", "/allowed/x", 200, "/x"},
		{"GET", "/optional", 200, "/"},
		{"PUT", "/optional", 403, ""},
		{"GET", "/optional/x", 403, ""},
		{"PUT", "/routed", 410, ""},
		{"POST", "/routed", 200, "/v2/"},
		{"POST", "/routed?q=1", 200, "/v2/?q=1"},
		{"POST", "/routed/x", 200, "/v2/x"},
		{"DELETE", "/routed", 200, "/"},
		{"GET", "/routed?q=1", 200, "/?q=1"},
	} {
		if status, _, body := e.get(test.verb, test.path); status != test.status || test.body != "" && body != test.body {
			t.Errorf("%s %s: %d %q, want %d %q", test.verb, test.path, status, body, test.status, test.body)
		}
	}
}
