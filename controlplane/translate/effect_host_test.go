package translate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// A host that requests or callers are sent to may have a port; one that requests are compared with counts whatever the port.
func TestHostsAndPorts(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) }))
	t.Cleanup(web.Close)
	e := newEdge(t, []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.Listener.Addr().String(), nil)}}}, `
kind: Route
name: hosts
service: web
hosts: [c.com, "*"]
rules:
  - {match: {path: /rewritten}, rewrite: {host: "a.com:8443"}}
  - {match: {path: /name}, rewrite: {host: a.com}}
  - {match: {path: /redirected}, redirect: {host: "a.com:8443"}}
  - {match: {path: /address}, redirect: {host: "[::1]", port: 81, scheme: https}}
`)
	e.until("the service answers", "/web/", http.StatusOK)
	for _, x := range []struct{ host, path, body, location string }{
		{"c.com", "/rewritten", "a.com:8443", ""},
		{"c.com:99", "/name", "a.com", ""},
		{"c.com:99", "/web/name", "c.com:99", ""}, // below the host it is a path of the service
		{"other.com", "/web/rewritten", "a.com:8443", ""},
		{"c.com:80", "/redirected", "", "http://a.com:8443/redirected"},
		{"other.com", "/web/redirected", "", "http://a.com:8443/web/redirected"},
		{"c.com", "/address", "", "https://[::1]:81/address"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.url+x.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = x.host
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		var body [64]byte
		n, _ := answer.Body.Read(body[:])
		_ = answer.Body.Close()
		if got := answer.Header.Get("location"); got != x.location || x.body != "" && string(body[:n]) != x.body {
			t.Errorf("%s%s: %d to %q, answered %q; want %q, %q", x.host, x.path, answer.StatusCode, got, body[:n], x.location, x.body)
		}
	}
}
