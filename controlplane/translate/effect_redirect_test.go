package translate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// location is where a request is sent instead, without the port of the test.
func (e *edge) location(host, path string) string {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, e.url+path, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	r.Host = host
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		e.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.Header.Get("location")
}

// A redirect of a service leads to the service by the way that it was asked for.
func TestRedirects(t *testing.T) {
	web := overHTTP(t, "web")
	port := testenvoy.FreePort(t)
	e := newEdge(t, []model.Service{{Name: "shop", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}}}, fmt.Sprintf(`
kind: Route
name: redirects
service: shop
rules:
  - {match: {path: {prefix: /r1}}, redirect: {prefix: /new}}
  - {match: [{path: {prefix: /r2}}, {path: {prefix: /R3, ignoreCase: true}}], redirect: {prefix: /new, host: other.example.com, stripQuery: true}}
  - {match: {path: /r4}, redirect: {path: /shop/here}}
  - {match: {path: /r5}, redirect: {path: "/here?b=2"}}
  - {match: {path: /r6}, redirect: {path: "/here?b=2", stripQuery: true}}
---
{kind: Gateway, name: edge, listeners: [{port: %d, address: 127.0.0.1}], expose: [{service: shop, prefix: /s}]}
`, port))
	for path, want := range map[string]string{
		"/shop/r1/x":     "http://gw/shop/new/x",
		"/shop/r1?a=/r1": "http://gw/shop/new?a=/r1",
		"/shop/r2/x?a=1": "http://other.example.com/shop/new/x",
		"/shop/r3/x":     "http://other.example.com/shop/new/x",
		"/shop/r4?a=1":   "http://gw/shop/here?a=1",
		"/shop/r5?a=1":   "http://gw/here?b=2",
		"/shop/r6?a=1":   "http://gw/here?b=2",
	} {
		if got := e.location("gw", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := e.location("shop", "/r1/x"); got != "http://shop/new/x" {
		t.Errorf("at its own host: %s", got)
	}
	e.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	if got := e.location("gw", "/s/r1/x"); got != "http://gw/s/new/x" {
		t.Errorf("below the prefix that it is exposed under: %s", got)
	}
}

// A health check asks with a query.
func TestHealthCheckWithQuery(t *testing.T) {
	asked := make(chan string, 100)
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.URL.RequestURI():
		default:
		}
	}))
	t.Cleanup(web.Close)
	newEdge(t, []model.Service{{Name: "shop", Instances: []model.Instance{instance(model.ProtocolHTTP, strings.TrimPrefix(web.URL, "http://"), nil)}}}, `
{kind: Traffic, name: shop, service: shop, healthCheck: {type: http, path: "/hc?full=1", interval: 1s}}
`)
	select {
	case got := <-asked:
		if got != "/hc?full=1" {
			t.Errorf("it is asked for %s", got)
		}
	case <-time.After(time.Minute):
		t.Error("it is never asked")
	}
}
