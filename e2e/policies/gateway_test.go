package policies

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tlsFolder is where the example's policy looks for its certificate.
const tlsFolder = "/tmp/dubbomesh-tls"

// certify does what the example's README says before its policy is applied.
func certify(t *testing.T, _ *mesh) {
	t.Helper()
	steps := parseSession(read(t, "examples/policies/gateway-tls/README.md"))
	script := "set -e\n"
	for _, s := range steps[:beforeApply(steps)] {
		script += s.command + "\n"
	}
	t.Cleanup(func() { _ = os.RemoveAll(tlsFolder) })
	if out, err := exec.Command("bash", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// trust makes a configuration take certificates of the example's CA.
func trust(t *testing.T, config *tls.Config) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(tlsFolder, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate: %s", pem)
	}
	return config
}

// trusting is a client that takes certificates of the example's CA, and follows redirects.
func trusting(t *testing.T, config *tls.Config) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: trust(t, config), ForceAttemptHTTP2: config.NextProtos == nil}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: patience, Transport: transport}
}

// gatewayTLS calls all services at the port with TLS: over HTTP/1.1, HTTP/2, by a Dubbo consumer, and sent there by the plain port.
func gatewayTLS(t *testing.T, m *mesh) {
	secure, plain := m.on(t, "8443").Gateway, m.on(t, "8082")
	for major, config := range map[int]*tls.Config{1: {NextProtos: []string{"http/1.1"}}, 2: {}} {
		caller := trusting(t, config)
		for _, service := range []string{httpService, dubboService} {
			r, err := caller.Get("https://" + secure + "/" + service + "/whoami")
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Body.Close()
			if r.StatusCode != http.StatusOK || r.ProtoMajor != major || r.TLS.Version != tls.VersionTLS13 {
				t.Errorf("%s over HTTP/%d: %s %s %x", service, major, r.Proto, r.Status, r.TLS.Version)
			}
		}
	}
	for what, caller := range map[string]*http.Client{"who does not know the CA": client, "TLS 1.2": trusting(t, &tls.Config{MaxVersion: tls.VersionTLS12})} {
		if r, err := caller.Get("https://" + secure + "/" + httpService + "/whoami"); err == nil {
			_ = r.Body.Close()
			t.Errorf("%s got %s", what, r.Status)
		}
	}
	sent := plain.send(t, http.MethodPost, "/"+dubboService+"/add?a", "[40, 2]")
	if want := "https://" + secure + "/" + dubboService + "/add?a"; sent.status != http.StatusPermanentRedirect || sent.header.Get("location") != want {
		t.Errorf("without TLS: %d %q, want %q", sent.status, sent.header, want)
	}
	a, err := plain.requestBy(t, trusting(t, &tls.Config{}), http.MethodPost, "/"+dubboService+"/add", "[40, 2]")
	if err != nil || a.status != http.StatusOK || a.body != "42" {
		t.Errorf("sent on: %d %s, %v", a.status, a.body, err)
	}
	consumes(t, secure, &tls.Config{})
	mutualTLS(t, m.on(t, "8444").Gateway)
}

// mutualTLS calls a port that wants certificates: with one of the CA, here the server's own, and without.
func mutualTLS(t *testing.T, address string) {
	t.Helper()
	own, err := tls.LoadX509KeyPair(filepath.Join(tlsFolder, "tls.crt"), filepath.Join(tlsFolder, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	for certificates, want := range map[int]bool{0: false, 1: true} {
		caller := trusting(t, &tls.Config{Certificates: []tls.Certificate{own}[:certificates]})
		r, err := caller.Get("https://" + address + "/" + dubboService + "/whoami")
		if err == nil {
			_ = r.Body.Close()
		}
		if is := err == nil && r.StatusCode == http.StatusOK; is != want {
			t.Errorf("with %d certificates: %v, want %v: %v", certificates, is, want, err)
		}
	}
	consumes(t, address, &tls.Config{Certificates: []tls.Certificate{own}})
}

// consumes calls the Dubbo service by a Dubbo consumer with TLS.
func consumes(t *testing.T, secure string, config *tls.Config) {
	t.Helper()
	conn, err := tls.Dial("tcp", secure, trust(t, config))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &consumer{conn: conn}
	for range 10 {
		if a, err := c.call(dubboService, "whoami", nil); err != nil || a.by == "" {
			t.Fatalf("a consumer with TLS: %+v, %v", a, err)
		}
	}
}

// gatewayExpose holds what a port answers, under which host and path, against what it must not know.
func gatewayExpose(t *testing.T, m *mesh) {
	edge := m.on(t, "8081")
	const shop, api = "shop.example.com", "api.example.com"
	for _, c := range []struct {
		host, verb, path string
		status           int
		body             string
	}{
		{shop, "GET", "/hello?name=x", 200, "hello, x\n"},
		{shop, "GET", "/demo-http/hello", 200, "hello, world\n"},
		{"Shop.Example.com:8081", "GET", "/hello", 200, "hello, world\n"},
		{api, "GET", "/hello", 404, ""},
		{api, "GET", "/demo-http/hello", 404, ""},
		{"127.0.0.1", "GET", "/demo-http/hello", 404, ""},
		{"example.com", "GET", "/ping", 404, ""},
		{api, "POST", "/v1/echo/echo", 200, `"x"`},
		{shop, "POST", "/v1/echo/echo", 200, `"x"`},
		{api, "POST", "/" + dubboService + "/echo", 200, `"x"`},
		{api, "POST", "/" + slowService + "/hash", 404, ""},
		{api, "GET", "/ping", 200, "pong"},
		{shop, "POST", "/ping", 200, "pong"},
	} {
		body := map[string]string{"POST": `["x"]`}[c.verb]
		a := edge.send(t, c.verb, c.path, body, "host", c.host)
		if a.status != c.status || c.body != "" && a.body != c.body {
			t.Errorf("%s %s%s: %d %s, want %d %s", c.verb, c.host, c.path, a.status, a.body, c.status, c.body)
		}
	}
	moved := edge.send(t, http.MethodPost, "/old/echo/echo", `["x"]`, "host", api)
	if to := moved.header.Get("location"); moved.status != http.StatusTemporaryRedirect || to != "http://"+api+"/v1/echo/echo" {
		t.Errorf("moved: %d %q", moved.status, to)
	}
	for path, host := range map[string]string{"/v1/echo/echo": api, "/hello": shop} {
		for _, origin := range []string{"https://www.example.com", "https://a.partner.example.org"} {
			edge.mayCall(t, path, origin, map[string]string{
				"methods": "GET,POST", "headers": "content-type,x-user", "max-age": "600", "credentials": "true", "origin": origin,
			}, "host", host)
		}
		edge.mayNotCall(t, path, "https://www.example.com.evil.org", "host", host)
	}
	// A Dubbo consumer finds what is exposed, and the ports of the settings are as they were.
	s := edge.consumer()
	s.always(t, 60, s.names())
	m.web().always(t, 40, m.web().names())
}

// slowService is the demo's interface that takes 50 ms.
const slowService = "com.alibaba.dubbo.performance.demo.provider.IHelloService"

// mayCall requires that pages of an origin may call, by the answer to a preflight request and that to a call; allowed are
// the headers access-control-allow-… of the former, and max-age.
func (m *mesh) mayCall(t *testing.T, path, origin string, allowed map[string]string, headers ...string) {
	t.Helper()
	headers = append([]string{"origin", origin}, headers...)
	a := m.send(t, http.MethodOptions, path, "", append([]string{"access-control-request-method", "POST"}, headers...)...)
	for name, want := range allowed {
		key := "access-control-allow-" + name
		if name == "max-age" {
			key = "access-control-max-age"
		}
		if got := a.header.Get(key); a.status != http.StatusOK || got != want {
			t.Errorf("preflight of %s from %s: %d, %s is %q, want %q", path, origin, a.status, key, got, want)
		}
	}
	a = m.send(t, http.MethodPost, path, `["x"]`, headers...)
	if got := a.header.Get("access-control-allow-origin"); got != origin {
		t.Errorf("a call of %s from %s may be read by %q: %d", path, origin, got, a.status)
	}
}

// mayNotCall requires that a browser lets no page of an origin call.
func (m *mesh) mayNotCall(t *testing.T, path, origin string, headers ...string) {
	t.Helper()
	for _, verb := range []string{http.MethodOptions, http.MethodPost} {
		a := m.send(t, verb, path, "", append([]string{"origin", origin, "access-control-request-method", "POST"}, headers...)...)
		if got, is := a.header["Access-Control-Allow-Origin"]; is {
			t.Errorf("%s %s from %s may be read by %q", verb, path, origin, got)
		}
	}
}

func routeCORS(t *testing.T, m *mesh) {
	web, dubbo := "/"+httpService+"/echo", "/"+dubboService+"/echo"
	m.mayCall(t, web, "https://www.example.com", map[string]string{"methods": "GET", "max-age": "600", "headers": "", "credentials": ""})
	m.mayNotCall(t, web, "https://a.example.com")
	m.mayCall(t, dubbo, "https://a.example.com", map[string]string{"methods": "POST", "headers": "content-type", "credentials": "true", "max-age": ""})
	m.mayNotCall(t, dubbo, "https://a.example.org")
	if a := m.send(t, http.MethodPost, dubbo, `["x"]`, "origin", "https://a.example.com"); a.header.Get("access-control-expose-headers") != "x-dubbo-status" || a.body != `"x"` {
		t.Errorf("%s %q", a.body, a.header)
	}
}
