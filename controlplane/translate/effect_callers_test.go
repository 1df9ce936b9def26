package translate_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

const (
	annsKey = "anns-key-0123456789"
	bobsKey = "bobs-key-0123456789"
)

// keyFiles are the files of two callers.
type keyFiles struct {
	t      *testing.T
	folder string
}

func newKeyFiles(t *testing.T) keyFiles {
	f := keyFiles{t, t.TempDir()}
	f.write("ann", annsKey)
	f.write("bob", bobsKey)
	return f
}

func (f keyFiles) write(name string, keys ...string) {
	f.t.Helper()
	path := filepath.Join(f.folder, name)
	if err := os.WriteFile(path+".new", []byte(strings.Join(keys, "\n")), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		f.t.Fatal(err)
	}
}

// keys is the field of a policy.
func (f keyFiles) keys() string {
	return fmt.Sprintf("keys: {ann: %s/ann, bob: %[1]s/bob}", f.folder)
}

// newCallersEdge starts a gateway with an HTTP service, which echoes what tells who calls, and a Dubbo service, each with
// two instances, whose filter counts.
func newCallersEdge(t *testing.T, policies string) (*edge, *testenvoy.Envoy) {
	t.Helper()
	label := func(v string) map[string]string { return map[string]string{"version": v} }
	echoed := []string{"x-dubbomesh-caller", "x-api-key", "x-dubbomesh-signature"}
	var never atomic.Bool
	server, port := serve(t)
	e := &edge{t: t, server: server}
	e.publish([]model.Service{
		{Name: hello, Instances: []model.Instance{
			instance(model.ProtocolDubbo, overDubbo(t, "one", &never), label("v1")), instance(model.ProtocolDubbo, overDubbo(t, "two", &never), label("v2")),
		}},
		{Name: "web", Instances: []model.Instance{
			instance(model.ProtocolHTTP, overHTTP(t, "one", echoed...), label("v1")), instance(model.ProtocolHTTP, overHTTP(t, "two", echoed...), label("v2")),
		}},
	}, policies)
	envoy := testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port) + booted})
	accepted(t, server)
	e.url = envoy.ListenerURL(translate.GatewayListener)
	return e, envoy
}

// want checks an answer by its status and parts of its body; those that begin with a ! must not be there.
func want(t *testing.T, what string, gotStatus int, gotBody string, status int, parts ...string) {
	t.Helper()
	ok := gotStatus == status
	for _, p := range parts {
		absent, not := strings.CutPrefix(p, "!")
		ok = ok && strings.Contains(gotBody, absent) != not
	}
	if !ok {
		t.Errorf("%s: %d %q, want %d %q", what, gotStatus, gotBody, status, parts)
	}
}

// Who shows no key, or a wrong one, gets no further, over HTTP, by a form and from Dubbo; the service is told who calls, and no key.
func TestCallersByKey(t *testing.T) {
	f := newKeyFiles(t)
	e, envoy := newCallersEdge(t, `
{kind: Access, name: web, service: web, apiKey: {`+f.keys()+`, header: x-api-key, query: key}}
---
{kind: Access, name: hello, service: `+hello+`, apiKey: {`+f.keys()+`}}
---
{kind: Access, name: tried, service: `+hello+`, dryRun: true, apiKey: {`+f.keys()+`, header: x-other}}
---
{kind: Access, name: bob, service: `+hello+`, action: deny, rules: [{from: {caller: bob}, to: {method: ask}}]}
---
{kind: Traffic, name: web, service: web, loadBalancing: {policy: roundRobin}, rateLimit: {requests: 3, per: 1h, by: caller}}
`)
	status, header, body := e.get(http.MethodGet, "/web/")
	want(t, "no key", status, body, 401, `"type":"urn:dubbomesh:unauthorized"`, "x-api-key")
	if got := header.Get("www-authenticate"); got != `ApiKey header="x-api-key"` || header.Get("content-type") != "application/problem+json" {
		t.Errorf("challenge %q, type %q", got, header.Get("content-type"))
	}
	for _, c := range []struct {
		what, path string
		headers    []string
		status     int
		parts      []string
	}{
		{"a wrong key", "/web/", []string{"x-api-key", "wrong"}, 401, []string{"not known"}},
		{"a name that was made up", "/web/", []string{"x-dubbomesh-caller", "ann"}, 401, nil},
		{"a key", "/web/", []string{"x-api-key", annsKey, "x-dubbomesh-caller", "root"}, 200, []string{" x-dubbomesh-caller=ann x-api-key= "}},
		{"a key in the query", "/web/?key=" + annsKey + "&a=b", nil, 200, []string{"x-dubbomesh-caller=ann"}},
		{"the third", "/web/", []string{"x-api-key", annsKey}, 200, nil},
		{"more than is allowed", "/web/", []string{"x-api-key", annsKey}, 429, nil},
		{"somebody else", "/web/", []string{"x-api-key", bobsKey}, 200, []string{"x-dubbomesh-caller=bob"}},
		{"a method", "/" + hello + "/other", []string{"x-api-key", bobsKey}, 200, []string{"x-dubbomesh-caller", "bob", "!" + bobsKey}},
		{"a method that he may not", "/" + hello + "/ask", []string{"x-api-key", bobsKey}, 403, []string{"forbidden"}},
		{"but she", "/" + hello + "/ask", []string{"x-api-key", annsKey, "x-dubbo-attachment-x-dubbomesh-caller", "root"}, 200, []string{"ann", "!root"}},
		{"nobody", "/" + hello + "/ask", nil, 401, nil},
	} {
		status, _, body := e.get(http.MethodGet, c.path, c.headers...)
		want(t, c.what, status, body, c.status, c.parts...)
	}
	formed, answer := e.post("/", "application/x-www-form-urlencoded", "interface="+hello+"&method=other")
	want(t, "a form", formed, answer, 401, "unauthorized")
	formed, answer = e.post("/", "application/x-www-form-urlencoded", "interface="+hello+"&method=other", "x-api-key", annsKey)
	want(t, "a form with a key", formed, answer, 200, "ann")
	for _, c := range []struct {
		what, service string
		attachments   []string
		parts         []string
	}{
		{"a consumer", hello, []string{"x-api-key", annsKey, "x-dubbomesh-caller", "root"}, []string{"ann", "!RpcException"}},
		{"a consumer without a key", hello, []string{"x-dubbomesh-caller", "ann"}, []string{"RpcException", "HTTP 401 Unauthorized: The request does not say who calls"}},
		{"a consumer with a wrong one", hello, []string{"x-api-key", "wrong"}, []string{"RpcException", "not known"}},
		{"a consumer of an HTTP service", "web", []string{"x-api-key", bobsKey}, []string{"bob", "!RpcException"}},
		{"one without a key", "web", nil, []string{"RpcException", "HTTP 401"}},
	} {
		s, body := e.consume(c.service, "other", c.attachments...)
		want(t, c.what, int(s), body, int(dubbo.StatusOK), c.parts...)
	}
	e.shows(envoy, `envoy_dubbo_callers{policy="web",outcome="missing"} 3`, `envoy_dubbo_callers{policy="web",outcome="unknown"} 1`,
		`envoy_dubbo_callers_dry_run{policy="tried",outcome="missing"}`)
}

// shows waits until Envoy's statistics have these lines.
func (e *edge) shows(envoy *testenvoy.Envoy, lines ...string) {
	e.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for _, line := range lines {
		for page := ""; !strings.Contains(page, line); {
			page = envoy.Get("/stats/prometheus?filter=caller")
			select {
			case <-tick.C:
			case <-late:
				e.t.Fatalf("no %s in %s", line, page)
			}
		}
	}
}

// A caller that is known is given the route that is for them, with all that it says; nobody makes up to be one.
func TestRoutesByCaller(t *testing.T) {
	f := newKeyFiles(t)
	e, _ := newCallersEdge(t, `
{kind: Access, name: all, apiKey: {`+f.keys()+`, optional: true}}
---
{kind: Route, name: web, service: web, rules: [
  {match: {headers: {x-dubbomesh-caller: ann}}, to: {labels: {version: v2}}, fault: {abort: 418, match: {headers: {x-fail: "1"}}}},
  {to: {labels: {version: v1}}}]}
---
{kind: Route, name: hello, service: `+hello+`, rules: [
  {match: {headers: {x-dubbomesh-caller: ann}}, to: {labels: {version: v2}}},
  {to: {labels: {version: v1}}}]}
`)
	for _, c := range []struct {
		what    string
		headers []string
		status  int
		part    string
	}{
		{"ann", []string{"x-api-key", annsKey}, 200, "two"},
		{"bob", []string{"x-api-key", bobsKey}, 200, "one"},
		{"nobody", nil, 200, "one"},
		{"not ann", []string{"x-dubbomesh-caller", "ann"}, 200, "one"},
		{"ann, by another spelling", []string{"X-DubboMesh-Caller", "ann", "x-api-key", bobsKey}, 200, "one"},
		{"a wrong key", []string{"x-api-key", "ann"}, 401, ""},
	} {
		for _, path := range []string{"/web/", "/" + hello + "/ask"} {
			status, _, body := e.get(http.MethodGet, path, c.headers...)
			want(t, c.what+" "+path, status, body, c.status, c.part)
		}
	}
	status, _, body := e.get(http.MethodGet, "/web/", "x-api-key", annsKey, "x-fail", "1")
	want(t, "what the route says", status, body, 418)
	s, answer := e.consume(hello, "ask", "x-api-key", annsKey)
	want(t, "a consumer", int(s), answer, int(dubbo.StatusOK), "two", "ann")
	s, answer = e.consume(hello, "ask", "x-dubbomesh-caller", "ann")
	want(t, "a consumer that makes up to be ann", int(s), answer, int(dubbo.StatusOK), "one") // the empty name that goes before is looked at by the provider
}

// signed is what a caller sends beside a request.
func signed(t *testing.T, key, verb, path, body, nonce string, at time.Time, headers ...config.SignedHeader) string {
	t.Helper()
	text, err := config.Signed{Verb: verb, Path: path, Caller: "ann", Time: fmt.Sprint(at.Unix()), Nonce: nonce, Headers: headers}.Header([]byte(key), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Signed requests are taken once, as they were signed, and not for long.
func TestSignedCallers(t *testing.T) {
	f := newKeyFiles(t)
	e, _ := newCallersEdge(t, `
{kind: Access, name: all, hmac: {`+f.keys()+`, window: 1m, signedHeaders: [X-Tenant]}}
---
{kind: Traffic, name: web, service: web, maxRequestSize: 300KiB}
`)
	const head = config.DefaultSignatureHeader
	now := time.Now()
	none, gold := config.SignedHeader{Name: "x-tenant"}, config.SignedHeader{Name: "x-tenant", Value: "gold"}
	large, larger := strings.Repeat("x", 290<<10), strings.Repeat("x", 310<<10)
	ask, order := "/"+hello+"/ask", `["an order"]`
	for _, c := range []struct {
		what, path, body, signature string
		headers                     []string
		status                      int
		parts                       []string
	}{
		{"nothing", "/web/", "", "", nil, 401, []string{"x-dubbomesh-signature"}},
		{"signed", "/web/a?b=c", "", signed(t, annsKey, "POST", "/web/a?b=c", "", "1", now, none), nil, 200, []string{"x-dubbomesh-caller=ann", "x-dubbomesh-signature=", "!nonce"}},
		{"the same again", "/web/a?b=c", "", signed(t, annsKey, "POST", "/web/a?b=c", "", "1", now, none), nil, 401, []string{"used before"}},
		{"with a body and a header", "/web/", "text", signed(t, annsKey, "POST", "/web/", "text", "", now, gold), []string{"x-tenant", "gold"}, 200, nil},
		{"another body", "/web/", "lies", signed(t, annsKey, "POST", "/web/", "text", "2", now, gold), []string{"x-tenant", "gold"}, 401, []string{"is not that of this request"}},
		{"another header", "/web/", "text", signed(t, annsKey, "POST", "/web/", "text", "3", now, gold), []string{"x-tenant", "lead"}, 401, nil},
		{"another path", "/web/evil", "", signed(t, annsKey, "POST", "/web/", "", "4", now, none), nil, 401, nil},
		{"another key", "/web/", "", signed(t, bobsKey, "POST", "/web/", "", "5", now, none), nil, 401, nil},
		{"an old one", "/web/", "", signed(t, annsKey, "POST", "/web/", "", "6", now.Add(-2*time.Minute), none), nil, 401, []string{"not signed within 1m0s"}},
		{"a large body", "/web/", large, signed(t, annsKey, "POST", "/web/", large, "7", now, none), nil, 200, nil},
		{"a body that is too large", "/web/", larger, signed(t, annsKey, "POST", "/web/", larger, "8", now, none), nil, 413, []string{"request-too-large"}},
		{"a call", ask, order, signed(t, annsKey, "POST", ask, order, "9", now, none), []string{"content-type", "application/json"}, 200, []string{"an order", "ann"}},
		{"a call for somebody else", ask, `["nothing"]`, signed(t, annsKey, "POST", ask, order, "10", now, none), []string{"content-type", "application/json"}, 401, nil},
	} {
		headers := c.headers
		if c.signature != "" {
			headers = append(headers, head, c.signature)
		}
		status, body := e.post(c.path, "", c.body, headers...)
		want(t, c.what, status, body, c.status, c.parts...)
	}
	parts := func(yield func(string) bool) { // a body whose length nobody knows before
		for range 10 {
			if !yield(large[:20<<10]) {
				return
			}
		}
	}
	status, body := e.streamed("/web/", parts, head, signed(t, annsKey, "POST", "/web/", large[:200<<10], "11", now, none))
	want(t, "a stream", status, body, 200, "ann")
	status, body = e.streamed("/web/", parts, head, signed(t, annsKey, "POST", "/web/", large[:100<<10], "12", now, none))
	want(t, "a stream that goes on", status, body, 401)
	consumer := signed(t, annsKey, config.ConsumerVerb, ask, "", "13", now, none)
	for _, part := range []string{"ann", "used before"} {
		s, answer := e.consume(hello, "ask", head, consumer)
		want(t, "a consumer", int(s), answer, int(dubbo.StatusOK), part)
	}
	s, answer := e.consume(hello, "other", head, signed(t, annsKey, config.ConsumerVerb, ask, "", "14", now, none))
	want(t, "another method", int(s), answer, int(dubbo.StatusOK), "HTTP 401")
}

// streamed sends a body in parts.
func (e *edge) streamed(path string, parts func(yield func(string) bool), headers ...string) (int, string) {
	e.t.Helper()
	r, w := io.Pipe()
	go func() {
		defer w.Close()
		for part := range parts {
			if _, err := w.Write([]byte(part)); err != nil {
				return // it was refused
			}
		}
	}()
	status, _, text := e.ask(http.MethodPost, path, r, headers...)
	return status, text
}

// Keys change in their files, for one caller alone, while calls come.
func TestKeyRotation(t *testing.T) {
	f := newKeyFiles(t)
	e, envoy := newCallersEdge(t, `{kind: Access, name: all, apiKey: {`+f.keys()+`}}`)
	const next = "anns-next-0123456789"
	both := func(key string) int {
		status, _, _ := e.get(http.MethodGet, "/web/", "x-api-key", key)
		if call, _, _ := e.get(http.MethodGet, "/"+hello+"/ask", "x-api-key", key); call != status {
			return -1
		}
		return status
	}
	await := func(what string, old, fresh int) {
		t.Helper()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for late := time.After(20 * time.Second); both(annsKey) != old || both(next) != fresh; {
			select {
			case <-tick.C:
			case <-late:
				t.Fatalf("%s: %d %d, want %d %d", what, both(annsKey), both(next), old, fresh)
			}
		}
		if got := both(bobsKey); got != 200 {
			t.Errorf("%s: bob gets %d", what, got)
		}
	}
	await("before", 200, 401)
	f.write("ann", annsKey, next)
	await("both", 200, 200)
	f.write("ann", next)
	await("the next", 401, 200)
	if err := os.Remove(filepath.Join(f.folder, "ann")); err != nil {
		t.Fatal(err)
	}
	await("none", 401, 401)
	e.shows(envoy, "envoy_dubbo_caller_key_files_failed{} 1")
	f.write("ann", annsKey)
	await("back", 200, 401)
	if page := envoy.Get("/config_dump"); strings.Contains(page, annsKey) || !strings.Contains(page, f.folder) {
		t.Error("a key is in Envoy's configuration, or its file is not")
	}
}

// A call that is made anew elsewhere was let in already: nobody asks again, and its signature was used once.
func TestCallersFallElsewhere(t *testing.T) {
	f := newKeyFiles(t)
	e := newEdge(t, []model.Service{
		{Name: "spare", Instances: []model.Instance{instance(model.ProtocolHTTP, mirrorOf(t, "spare", ok()), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "web"), nil)}},
	}, `
{kind: Access, name: web, service: web, apiKey: {`+f.keys()+`}, hmac: {`+f.keys()+`}}
---
{kind: Traffic, name: web, service: web, fallback: {on: 5xx, service: spare}}
`)
	status, body := e.post("/web/fail", "", "", "x-api-key", annsKey)
	want(t, "a key", status, body, 200, "spare")
	status, body = e.post("/web/fail", "", "text", config.DefaultSignatureHeader, signed(t, annsKey, "POST", "/web/fail", "text", "1", time.Now()))
	want(t, "a signature", status, body, 200, "spare", "text")
	status, body = e.post("/web/fail", "", "")
	want(t, "nobody", status, body, 401)
	status, body = e.post("/web/fail", "", "", "x-dubbomesh-fallback", "0")
	want(t, "nobody, marked", status, body, 401)
}

func ok() *atomic.Int64 {
	var status atomic.Int64
	status.Store(http.StatusOK)
	return &status
}
