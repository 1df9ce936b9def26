package e2e

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

const webService = "web"

// accessed is a service that policies say of who may call it, and a request of it.
type accessed struct {
	service string
	request func(headers ...string) (status int, body string)
}

// Access policies refuse who may not call: a Dubbo and an HTTP service alike, and nobody while they are tried out.
func TestAccess(t *testing.T) {
	m := startMesh(t)
	provider := startProvider(t, "one", 0)
	m.register(t, echoService, provider.address)
	address := testenvoy.FreeAddress(t)
	start(t, "http service", repository("bin", "demo-http"), "--listen", address).waitOutput(t, "listening")
	m.register(t, webService, address, "--protocol", "http")
	m.awaitCallable(t, echoService)
	services := []accessed{
		{echoService, func(headers ...string) (int, string) {
			status, _, body, err := m.call(t.Context(), echoService, "whoami", "", headers...)
			if err != nil {
				t.Fatal(err)
			}
			return status, string(body)
		}},
		{webService, func(headers ...string) (int, string) { return m.visit(t, "/"+webService+"/users/1", headers...) }},
	}
	for _, s := range services {
		t.Run(s.service, func(t *testing.T) {
			s.await(t, http.StatusOK, "")
			t.Run("denied", func(t *testing.T) { m.denied(t, s) })
			t.Run("dry run", func(t *testing.T) { m.triedOut(t, s) })
			t.Run("allowed", func(t *testing.T) { m.allowed(t, s) })
			t.Run("token", func(t *testing.T) { m.tokens(t, s) })
		})
	}
	t.Run("method of a consumer", func(t *testing.T) {
		m.access(t, echoService, "action: deny\nrules: [{to: {method: whoami}}]")
		services[0].await(t, http.StatusForbidden, "urn:dubbomesh:forbidden")
		if status := m.callByForm(t, echoService, "whoami"); status != http.StatusForbidden {
			t.Errorf("the method by a form: %d, want 403", status)
		}
		if status, _, _, err := m.call(t.Context(), echoService, "hello", `["x"]`); err != nil || status == http.StatusForbidden {
			t.Errorf("another method: %d %v", status, err)
		}
		c := m.dialDubbo(t)
		for method, refused := range map[string]bool{"whoami": true, "$invoke": true, "other": false} { // a generic call hides its method
			body, err := c.call(echoService, method, "J", func(w *dubbo.Writer) { w.Long(1) })
			if err != nil {
				t.Fatalf("%s: %v", method, err)
			}
			if strings.Contains(body, "HTTP 403 Forbidden: RBAC: access denied") != refused {
				t.Errorf("%s: %q", method, body)
			}
		}
	})
}

func (m *mesh) access(t *testing.T, service, policy string) {
	t.Helper()
	m.put(t, "/dubbomesh/policies/Access/"+service, "service: "+service+"\n"+policy)
}

// visit gets a path with headers.
func (m *mesh) visit(t *testing.T, path string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.gatewayURL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	answer, err := gatewayClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// await waits until a request gets a status, and a text in the answer.
func (s accessed) await(t *testing.T, status int, text string, headers ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s answers %d %s to %v", s.service, status, text, headers), func() error {
		if got, body := s.request(headers...); got != status || !strings.Contains(body, text) {
			return fmt.Errorf("%d %s", got, body)
		}
		return nil
	})
}

func (m *mesh) denied(t *testing.T, s accessed) {
	m.access(t, s.service, "action: deny\nrules:\n- {from: {ip: 10.0.0.0/8}}\n- {name: here, from: {ip: 127.0.0.0/8}, to: {headers: {x-team: red}}}")
	s.await(t, http.StatusForbidden, "urn:dubbomesh:forbidden", "x-team", "red")
	if status, body := s.request("x-team", "blue"); status != http.StatusOK {
		t.Errorf("who is not meant: %d %s", status, body)
	}
}

func (m *mesh) triedOut(t *testing.T, s accessed) {
	counter := "http.gateway-http.rbac.access.deny.shadow_denied"
	before := m.envoy.Stat(counter)
	m.access(t, s.service, "action: deny\ndryRun: true\nrules: [{name: here, from: {ip: 127.0.0.1}, to: {headers: {x-team: red}}}]")
	s.await(t, http.StatusOK, "", "x-team", "red")
	if after := m.envoy.WaitStat(counter, func(n uint64) bool { return n > before }); after == before {
		t.Errorf("it was not counted: %d", after)
	}
}

func (m *mesh) allowed(t *testing.T, s accessed) {
	m.access(t, s.service, "rules: [{to: {headers: {x-team: {in: [blue, green]}}}}]")
	s.await(t, http.StatusForbidden, "urn:dubbomesh:forbidden", "x-team", "red")
	for team, want := range map[string]int{"blue": http.StatusOK, "": http.StatusForbidden, "green": http.StatusOK} {
		if status, body := s.request("x-team", team); status != want {
			t.Errorf("%q: %d %s", team, status, body)
		}
	}
}

func (m *mesh) tokens(t *testing.T, s accessed) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	token := func(expires time.Duration, roles ...string) string {
		claims, err := json.Marshal(map[string]any{"iss": "e2e", "exp": time.Now().Add(expires).Unix(), "realm": map[string]any{"roles": roles}, "scope": "read write"})
		if err != nil {
			t.Fatal(err)
		}
		text := encode([]byte(`{"alg":"EdDSA","kid":"1"}`)) + "." + encode(claims)
		return "Bearer " + text + "." + encode(ed25519.Sign(private, []byte(text)))
	}
	keys := fmt.Sprintf(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "%s"}]}`, encode(public))
	m.access(t, s.service, "rules: [{from: {claims: {realm.roles: admin, scope: read}}}]\njwt: [{name: e2e, issuer: e2e, jwks: '"+keys+"'}]")
	gatewayClient.CloseIdleConnections() // connections that are open keep the filters that they began with
	eventually(t, "a token is asked for", func() error {
		status, body := s.request()
		if status != http.StatusUnauthorized || !strings.Contains(body, "urn:dubbomesh:unauthorized") {
			gatewayClient.CloseIdleConnections()
			return fmt.Errorf("%d %s", status, body)
		}
		return nil
	})
	for _, c := range []struct {
		what, token string
		status      int
	}{
		{"an admin's", token(time.Hour, "user", "admin"), http.StatusOK},
		{"a user's", token(time.Hour, "user"), http.StatusForbidden},
		{"an old one", token(-time.Hour, "admin"), http.StatusUnauthorized},
		{"a forged one", strings.Replace(token(time.Hour, "admin"), ".", ".e30", 1), http.StatusUnauthorized},
		{"no token", "Bearer x", http.StatusUnauthorized},
	} {
		if status, body := s.request("authorization", c.token); status != c.status {
			t.Errorf("%s: %d %s, want %d", c.what, status, body, c.status)
		}
	}
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, keys) }))
	defer identity.Close()
	registration := m.register(t, "identity", identity.Listener.Addr().String(), "--protocol", "http")
	defer registration.stop(t)
	m.access(t, s.service, "jwt: [{name: fetched, issuer: e2e, header: x-token, jwksUrl: http://identity/keys, jwksService: identity}]")
	eventually(t, "a token is taken from another header, with keys that are fetched", func() error {
		gatewayClient.CloseIdleConnections()
		bare := strings.TrimPrefix(token(time.Hour), "Bearer ")
		with, body := s.request("x-token", bare)
		if without, _ := s.request("authorization", "Bearer "+bare); with != http.StatusOK || without != http.StatusUnauthorized {
			return fmt.Errorf("%d without, %d with it: %s", without, with, body)
		}
		return nil
	})
	m.remove(t, "/dubbomesh/policies/Access/"+s.service)
	s.await(t, http.StatusOK, "")
}
