package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// peer is a real Dubbo implementation.
type peer struct {
	name  string
	start func(t *testing.T, name string, flags ...string) *provider
	java  bool
}

var peers = []peer{
	{name: "dubbo-go-3.3.1", start: func(t *testing.T, name string, flags ...string) *provider {
		return startProvider(t, name, 0, flags...)
	}},
	{name: "dubbo-java-3.3.6", java: true, start: javaProvider("provider-3")},
	{name: "dubbo-java-2.7.23", java: true, start: javaProvider("provider-2")},
}

func javaProvider(module string) func(*testing.T, string, ...string) *provider {
	return func(t *testing.T, name string, flags ...string) *provider {
		t.Helper()
		p := &provider{name: name, address: testenvoy.FreeAddress(t)}
		jar := repository("examples", "dubbo-java", module, "target", module+".jar")
		args := append([]string{"-Xmx256m", "-jar", jar, "--listen", p.address, "--name", name, "--delay", "0ms"}, flags...)
		p.process = start(t, module+" "+name, "java", args...)
		p.waitOutput(t, "listening")
		return p
	}
}

// exchange is one call and what it has to answer.
type exchange struct {
	name    string
	service string
	method  string
	headers []string
	body    string
	status  int
	want    string // JSON the answer equals; for problems, members that it has
	java    bool   // only Dubbo Java has this service or does this
}

const ann = `{"id":1,"name":"Ann","role":%s,"active":true,"balance":12.5,"created":"2024-02-29T13:14:15.000Z",
	"home":{"city":"Hamburg","street":"Hafenweg 1"},
	"addresses":[{"city":"Hamburg","street":"Hafenweg 1"},{"city":"Delft","street":"Molenstraat 7"}],
	"attributes":{"language":"de","tier":"gold"}}`

// exchanges is what every peer has to do alike.
var exchanges = []exchange{
	{name: "typed hash", service: helloService, method: "hash", headers: []string{"x-dubbo-parameter-types", "java.lang.String"}, body: `["hello"]`, status: 200, want: `99162322`},
	{name: "generic hash", service: helloService, method: "hash", body: `["hello"]`, status: 200, want: `99162322`},
	{name: "one argument without an array", service: helloService, method: "hash", body: `"hello"`, status: 200, want: `99162322`},
	{name: "unicode", service: echoService, method: "echo", body: `["aé中😀\u0000\"\\"]`, status: 200, want: `"aé中😀\u0000\"\\"`},
	{name: "long string", service: echoService, method: "echo", body: `["` + strings.Repeat("ä😀x", 30000) + `"]`, status: 200, want: `"` + strings.Repeat("ä😀x", 30000) + `"`},
	{name: "longs", service: echoService, method: "add", headers: []string{"x-dubbo-parameter-types", "long,long"}, body: `[9007199254740993, -1]`, status: 200, want: `9007199254740992`},
	{name: "longs as text", service: echoService, method: "add", headers: []string{"x-dubbo-parameter-types", "long,long", "x-dubbo-longs", "string"}, body: `[9007199254740993, -1]`, status: 200, want: `"9007199254740992"`},
	{name: "one-way", service: echoService, method: "echo", headers: []string{"x-dubbo-one-way", "true"}, body: `["hello"]`, status: 202},
	{name: "typed object", service: echoService, method: "getUser", headers: []string{"x-dubbo-parameter-types", "long"}, body: `[1]`, status: 200, want: fmt.Sprintf(ann, `{"name":"ADMIN"}`)},
	{name: "generic object", service: echoService, method: "getUser", headers: []string{"x-dubbo-parameter-types", "long", "x-dubbo-invoke", "generic"}, body: `[1]`, status: 200, want: fmt.Sprintf(ann, `"ADMIN"`), java: true},
	{name: "null result", service: echoService, method: "getUser", headers: []string{"x-dubbo-parameter-types", "long"}, body: `[77]`, status: 200, want: `null`},
	{name: "nested argument", service: echoService, method: "saveUser", headers: []string{"x-dubbo-invoke", "generic"},
		body: `[{"id":7,"name":"Eve","role":"MEMBER","home":{"city":"Oslo","street":"Kai 1"},"addresses":[{"city":"Rome","street":"Via 2"}],"attributes":{"a":"b"}}]`, status: 200,
		want: `{"id":7,"name":"Eve","role":"MEMBER","active":false,"balance":0.0,"created":null,"home":{"city":"Oslo","street":"Kai 1"},"addresses":[{"city":"Rome","street":"Via 2"}],"attributes":{"a":"b"}}`, java: true},
	{name: "exception", service: echoService, method: "fail", body: `["no luck"]`, status: 500,
		want: `{"title":"The service threw an exception","detail":"no luck","class":"org.dubbomesh.demo.BusinessException"}`},
	{name: "exception with its fields", service: echoService, method: "fail", headers: []string{"x-dubbo-parameter-types", "java.lang.String"}, body: `["no luck"]`, status: 500,
		want: `{"class":"org.dubbomesh.demo.BusinessException","fields":{"code":"DEMO-1"}}`},
	{name: "overloaded without types", service: "org.dubbomesh.demo.Overloaded", method: "of", body: `[1]`, status: 400, want: `{"title":"The request cannot be turned into a Dubbo call"}`, java: true},
	{name: "overloaded by type", service: "org.dubbomesh.demo.Overloaded", method: "of", headers: []string{"x-dubbo-parameter-types", "long[]"}, body: `[[1,2]]`, status: 200, java: true},
	{name: "wrong type", service: echoService, method: "add", headers: []string{"x-dubbo-parameter-types", "long,long"}, body: `[1, "two"]`, status: 400, want: `{"type":"urn:dubbomesh:bad-request"}`},
	{name: "malformed JSON", service: echoService, method: "echo", body: `["x"`, status: 400, want: `{"type":"urn:dubbomesh:bad-request"}`},
}

func TestDubboPeers(t *testing.T) {
	m := startMesh(t)
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			provider := p.start(t, "one", "--delay", "0ms")
			services := []string{helloService, echoService}
			if p.java {
				services = append(services, "org.dubbomesh.demo.Overloaded")
			}
			for _, s := range services {
				registration := m.register(t, s, provider.address)
				defer registration.stop(t)
				m.awaitCallable(t, s)
			}
			for _, x := range exchanges {
				if x.java && !p.java {
					continue
				}
				t.Run(x.name, func(t *testing.T) { m.exchange(t, x) })
			}
			t.Run("attachments", func(t *testing.T) { m.attachments(t) })
			t.Run("form", func(t *testing.T) { m.form(t) })
		})
	}
}

// awaitCallable waits until the only provider of a service can be reached through the gateway.
func (m *mesh) awaitCallable(t *testing.T, service string) {
	t.Helper()
	eventually(t, service+" is callable", func() error {
		status, _, body, err := m.call(t.Context(), service, "noSuchMethodToSeeWhetherItIsThere", `[]`)
		if err == nil && (status == http.StatusNotFound || status == http.StatusServiceUnavailable) && !strings.Contains(string(body), "dubbo\":") {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
}

func (m *mesh) exchange(t *testing.T, x exchange) {
	status, header, body, err := m.call(t.Context(), x.service, x.method, x.body, x.headers...)
	if err != nil {
		t.Fatal(err)
	}
	if status != x.status {
		t.Fatalf("status %d, want %d; %.500s", status, x.status, body)
	}
	if x.want == "" {
		return
	}
	got, want := digits(t, body), digits(t, []byte(x.want))
	if status != http.StatusOK {
		if c := header.Get("content-type"); c != "application/problem+json" {
			t.Errorf("content-type %q of a problem", c)
		}
		all, _ := got.(map[string]any)
		got = some(all, want.(map[string]any))
		if strings.Contains(string(body), "\tat ") || strings.Contains(string(body), ".java:") {
			t.Errorf("a stack trace came through: %.500s", body)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("answer differs (-want +got):\n%s", d)
	}
}

// digits reads JSON with its numbers as they are written: a float64 would round long ones.
func digits(t *testing.T, text []byte) (value any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatalf("JSON %.200q: %v", text, err)
	}
	return value
}

// some returns those members of an object that another one has.
func some(all, like map[string]any) map[string]any {
	out := map[string]any{}
	for name := range like {
		out[name] = all[name]
	}
	return out
}

func (m *mesh) attachments(t *testing.T) {
	status, _, body, err := m.call(t.Context(), echoService, "attachments", `[]`,
		"x-dubbo-attachment-color", "blue", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	var got map[string]string
	if err == nil {
		err = json.Unmarshal(body, &got)
	}
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	if got["color"] != "blue" || !strings.HasPrefix(got["traceparent"], "00-0af7651916cd43dd8448eb211c80319c-") {
		t.Errorf("the provider saw the attachments %v", got)
	}
}

func (m *mesh) form(t *testing.T) {
	resp, err := gatewayClient.PostForm(m.gatewayURL+"/", url.Values{
		"interface": {helloService}, "method": {"hash"}, "parameterTypesString": {"Ljava/lang/String;"}, "parameter": {"a+b & ü"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got int32
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	var want int32 // Java's String.hashCode, over UTF-16 units
	for _, r := range "a+b & ü" {
		want = 31*want + r
	}
	if got != want {
		t.Errorf("hash %d, want %d", got, want)
	}
}

// callByForm calls a method without arguments by a form on POST / and returns the status.
func (m *mesh) callByForm(t *testing.T, service, method string, headers ...string) int {
	t.Helper()
	body := strings.NewReader(url.Values{"interface": {service}, "method": {method}}.Encode())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.gatewayURL+"/", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("content-type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := gatewayClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestDubboRegistry calls providers that have registered themselves by Dubbo's own registry, with no other step.
func TestDubboRegistry(t *testing.T) {
	m := startMesh(t)
	for i, p := range []peer{peers[0], peers[2]} {
		t.Run(p.name, func(t *testing.T) {
			name := fmt.Sprintf("self-registered-%d", i)
			provider := p.start(t, name, "--registry", m.etcdAddress, "--weight", "250")
			defer provider.stop(t)
			eventually(t, "the provider answers", func() error {
				got, err := m.whoami(t.Context())
				if err == nil && got != name {
					err = fmt.Errorf("%q answers", got)
				}
				return err
			})
			found := m.instances(t, echoService)
			if n := len(found); n == 0 || found[n-1].Weight != 250 && found[0].Weight != 250 {
				t.Errorf("no instance of weight 250: %+v", found)
			}
			for _, problem := range m.problems(t) {
				t.Errorf("its own registration is a problem: %+v", problem)
			}
		})
	}
}

// TestVariants calls providers of one service that differ in group and version.
func TestVariants(t *testing.T) {
	m := startMesh(t)
	for _, v := range []struct{ name, group, version string }{{"plain", "", ""}, {"blue", "blue", "1.0"}, {"green", "green", "2.0"}} {
		p := startProvider(t, v.name, 0, "--group", v.group, "--version", v.version)
		m.register(t, echoService, p.address, "--group", v.group, "--version", v.version)
		eventually(t, v.name+" answers", func() error {
			_, _, body, err := m.call(t.Context(), echoService, "whoami", `[]`, "tri-service-group", v.group, "tri-service-version", v.version)
			if err == nil && string(body) != fmt.Sprintf("%q", v.name) {
				err = fmt.Errorf("%s", body)
			}
			return err
		})
	}
	status, _, body, err := m.call(t.Context(), echoService, "whoami", `[]`, "tri-service-group", "red")
	if err != nil || status != http.StatusBadRequest || !strings.Contains(string(body), "blue") {
		t.Errorf("a group that does not exist: %d %s %v, want 400 and what there is", status, body, err)
	}
}

// TestDeadlineAndExhaustion: a provider that does not answer in time is a 504; one without a free thread is passed over.
func TestDeadlineAndExhaustion(t *testing.T) {
	m := startMesh(t, "--route-timeout", "2s")
	wide := startProvider(t, "wide", 0)
	narrow := peers[1].start(t, "narrow", "--threads", "1", "--queues", "0")
	m.register(t, echoService, narrow.address)
	eventually(t, "the narrow provider answers", func() error { return answering(t, m, 1) })
	began := time.Now()
	status, _, body, err := m.call(t.Context(), echoService, "slow", `[60000]`)
	if err != nil || status != http.StatusGatewayTimeout || time.Since(began) < 1900*time.Millisecond { // Envoy's clock stands still within an event
		t.Fatalf("a call beyond the deadline: %d %s %v after %v, want 504 after 2 s", status, body, err, time.Since(began))
	}
	// Its only thread is busy for the rest of a minute: every call that comes to it is refused, and repeated elsewhere.
	status, header, body, err := m.call(t.Context(), echoService, "whoami", `[]`)
	if err != nil || status != http.StatusServiceUnavailable || header.Get("x-dubbo-retriable") != "true" {
		t.Fatalf("an exhausted provider: %d %s %v, want 503 that is marked retriable", status, body, err)
	}
	m.register(t, echoService, wide.address)
	eventually(t, "the wide provider answers", func() error {
		name, err := m.whoami(t.Context())
		if err == nil && name != "wide" {
			err = fmt.Errorf("%q answers", name)
		}
		return err
	})
	for range 100 {
		if name, err := m.whoami(t.Context()); err != nil || name != "wide" {
			t.Fatalf("%q answers, %v; want the provider that has threads left", name, err)
		}
	}
}
