package translate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// An expression rewrites the path that the service gets, though it is asked for below the service's name.
func TestRewriteByExpression(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.RequestURI()) }))
	t.Cleanup(web.Close)
	e := newEdge(t, []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.Listener.Addr().String(), nil)}}}, `
kind: Route
name: paths
service: web
rules:
  - {match: {path: /find}, rewrite: {regex: {pattern: "^/find$", substitution: /search}}}
  - {match: {path: {prefix: /n/}}, rewrite: {regex: {pattern: '^/n/(\d+)', substitution: '/number?is=\1'}}}
  - {match: {path: {prefix: /any/}}, rewrite: {regex: {pattern: '(a)/+(b)', substitution: '\2-\1'}}}
  - {match: {path: {prefix: /or/}}, rewrite: {regex: {pattern: '^/or/a|^/or/b', substitution: /c}}}
  - {match: {path: {prefix: /share/}, percent: 100%}, rewrite: {regex: {pattern: "/share/x$", substitution: /y}}}
`)
	e.until("the service answers", "/web/", http.StatusOK)
	for path, want := range map[string]string{
		"/find": "/search", "/find?q=1": "/search?q=1", "/finder": "/finder",
		"/n/7": "/number?is=7", "/n/7/x": "/number?is=7/x", "/n/seven": "/n/seven",
		"/any/a//b/c": "/any/b-a/c", "/any/c": "/any/c",
		"/share/x": "/y", "/share/x?q=1": "/y?q=1", "/share/z": "/share/z",
		"/or/a": "/c", "/or/b/d": "/c/d", "/or/e": "/or/e",
	} {
		if status, _, got := e.get("GET", "/web"+path); status != 200 || got != want {
			t.Errorf("/web%s: %d %q, want %q", path, status, got, want)
		}
	}
}
