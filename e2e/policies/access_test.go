package policies

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// keyFolder is where the examples' policies look for keys.
const keyFolder = "/tmp/dubbomesh-keys"

const (
	shopsKey = "the shop's key 0123456789"
	acmesKey = "acme's key 0123456789"
)

// writeKeys makes the key files, for as long as the test runs.
func writeKeys(t *testing.T, _ *mesh) {
	t.Helper()
	if err := os.MkdirAll(keyFolder, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(keyFolder) })
	writeKey(t, "shop", shopsKey)
	writeKey(t, "acme", acmesKey)
}

func writeKey(t *testing.T, who string, keys ...string) {
	t.Helper()
	file := filepath.Join(keyFolder, who)
	if err := os.WriteFile(file+".new", []byte(strings.Join(keys, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// shown is a header as a target's clients send it: consumers have attachments alone.
func (s target) shown(name, value string) []string {
	if s.name == "consumer" {
		name = attachmentPrefix + name
	}
	return []string{name, value}
}

// gets requires a status of one call.
func (s target) gets(t *testing.T, what string, status int, headers ...string) {
	t.Helper()
	if a := s.ask(t, headers...); a.status != status {
		t.Errorf("%s gets %d %s, want %d", what, a.status, a.body, status)
	}
}

func accessAPIKey(t *testing.T, s target) {
	shop, acme := s.shown("x-api-key", shopsKey), s.shown("x-api-key", acmesKey)
	eventually(t, "the keys are read", func() error {
		if a := s.ask(t, acme...); a.status != http.StatusOK {
			return fmt.Errorf("%d %s", a.status, a.body)
		}
		return nil
	})
	s.gets(t, "the shop", 200, shop...)
	s.gets(t, "nobody", 401)
	s.gets(t, "a wrong key", 401, s.shown("x-api-key", acmesKey+"x")...)
	s.gets(t, "a name", 401, s.shown(config.CallerHeader, "shop")...)
	if a := s.send(t, http.MethodPost, "/"+httpService+"/echo", "{}", "x-api-key", acmesKey); a.status != http.StatusForbidden {
		t.Errorf("acme writes: %d %s", a.status, a.body)
	}
	if a := s.send(t, http.MethodPost, "/"+dubboService+"/add", "[1, 2]", "x-api-key", acmesKey); a.status != http.StatusForbidden {
		t.Errorf("acme adds: %d %s", a.status, a.body)
	}
	if a := s.send(t, http.MethodPost, "/"+dubboService+"/attachments", "", "x-api-key", shopsKey, config.CallerHeader, "root", config.CallerAttachment, "root"); !strings.Contains(a.body, `"`+config.CallerHeader+`":"shop"`) ||
		strings.Contains(a.body, "root") || strings.Contains(a.body, shopsKey) {
		t.Errorf("the provider is told %d %s", a.status, a.body)
	}
	if a := s.send(t, http.MethodGet, "/"+httpService+"/request/x", "", "x-api-key", shopsKey, config.CallerHeader, "root"); !strings.Contains(a.body, "shop") ||
		strings.Contains(a.body, "root") || strings.Contains(a.body, shopsKey) {
		t.Errorf("the service is told %d %s", a.status, a.body)
	}
	const next = "acme's next key 0123456789"
	writeKey(t, "acme", acmesKey, next)
	t.Cleanup(func() { writeKey(t, "acme", acmesKey) })
	eventually(t, "the next key is taken", func() error {
		s.gets(t, "acme by the old one", 200, acme...)
		if a := s.ask(t, s.shown("x-api-key", next)...); a.status != http.StatusOK {
			return fmt.Errorf("%d %s", a.status, a.body)
		}
		return nil
	})
	writeKey(t, "acme", next)
	eventually(t, "the old key is not taken", func() error {
		s.gets(t, "acme by the next one", 200, s.shown("x-api-key", next)...)
		if a := s.ask(t, acme...); a.status != http.StatusUnauthorized {
			return fmt.Errorf("%d %s", a.status, a.body)
		}
		return nil
	})
}

func accessHMAC(t *testing.T, s target) {
	verb, path := http.MethodGet, "/"+httpService+"/whoami"
	if s.service == dubboService {
		verb, path = http.MethodPost, "/"+dubboService+"/whoami"
	}
	if s.name == "consumer" {
		verb = config.ConsumerVerb
	}
	nonce := 0
	signed := func(key, path string, age time.Duration) []string {
		nonce++
		text, err := config.Signed{
			Verb: verb, Path: path, Caller: "shop", Time: fmt.Sprint(time.Now().Add(-age).Unix()), Nonce: fmt.Sprint(nonce),
		}.Header([]byte(key), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s.shown(config.DefaultSignatureHeader, text)
	}
	eventually(t, "the key is read", func() error {
		if a := s.ask(t, signed(shopsKey, path, 0)...); a.status != http.StatusOK {
			return fmt.Errorf("%d %s", a.status, a.body)
		}
		return nil
	})
	once := signed(shopsKey, path, 30*time.Second)
	s.gets(t, "a signed request", 200, once...)
	s.gets(t, "the same again", 401, once...)
	s.gets(t, "one that is old", 401, signed(shopsKey, path, 2*time.Minute)...)
	s.gets(t, "one for another path", 401, signed(shopsKey, path+"x", 0)...)
	s.gets(t, "one with another key", 401, signed(acmesKey, path, 0)...)
	s.gets(t, "none", 401)
}

func accessIP(t *testing.T, s target) {
	s.gets(t, "127.0.0.1", 200)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	if s.name == "consumer" {
		conn, err := dialer.Dial("tcp", s.Gateway)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if a, err := (&consumer{conn: conn}).call(dubboService, "whoami", nil); err != nil || a.status != http.StatusForbidden {
			t.Errorf("127.0.0.2: %d %s %v", a.status, a.body, err)
		}
		return
	}
	transport := &http.Transport{DialContext: dialer.DialContext}
	defer transport.CloseIdleConnections()
	verb := http.MethodGet
	if s.service == dubboService {
		verb = http.MethodPost
	}
	a, err := s.requestBy(t, &http.Client{Transport: transport}, verb, "/"+s.service+"/whoami", "", "x-forwarded-for", "127.0.0.1")
	if err != nil || a.status != http.StatusForbidden || !strings.Contains(a.body, "urn:dubbomesh:forbidden") {
		t.Errorf("127.0.0.2: %d %s %v", a.status, a.body, err)
	}
}

func accessJWT(t *testing.T, s target) {
	tokens := map[string]string{}
	for _, m := range regexp.MustCompile(`\$ (ANN|BOB)=(\S+)`).FindAllStringSubmatch(read(t, "examples/policies/access-jwt/README.md"), -1) {
		tokens[m[1]] = m[2]
	}
	bearer := func(token string) []string { return []string{"authorization", "Bearer " + token} }
	s.gets(t, "nobody", 401)
	s.gets(t, "ann", 200, bearer(tokens["ANN"])...)
	s.gets(t, "bob", 200, bearer(tokens["BOB"])...)
	s.gets(t, "a forged token", 401, bearer(tokens["BOB"]+"x")...)
	path, body := "/"+httpService+"/echo", "{}"
	if s.service == dubboService {
		path, body = "/"+dubboService+"/add", "[1, 2]"
	}
	for who, want := range map[string]int{"ANN": 200, "BOB": 403} {
		if a := s.send(t, http.MethodPost, path, body, bearer(tokens[who])...); a.status != want {
			t.Errorf("%s writes: %d %s, want %d", who, a.status, a.body, want)
		}
	}
}

func accessMethod(t *testing.T, m *mesh) {
	for _, c := range []struct {
		verb, path, body string
		status           int
	}{
		{http.MethodDelete, "/" + httpService + "/users/1", "", 403},
		{http.MethodPost, "/" + httpService + "/users", "{}", 403},
		{http.MethodGet, "/" + httpService + "/users/1", "", 200},
		{http.MethodPost, "/" + dubboService + "/add", "[1, 2]", 403},
		{http.MethodPost, "/" + dubboService + "/echo", `["x"]`, 200},
	} {
		if a := m.send(t, c.verb, c.path, c.body); a.status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.verb, c.path, a.status, a.body, c.status)
		}
	}
	for method, want := range map[string]int{"add": 403, "$invoke": 403, "whoami": 200} {
		if a, err := m.consume(t, method)(nil); err != nil || a.status != want {
			t.Errorf("a consumer's %s: %d %s %v, want %d", method, a.status, a.body, err, want)
		}
	}
}

func accessDryRun(t *testing.T, s target) {
	count := func() (n int) {
		_, page, err := fetch("http://" + s.Admin + "/stats?filter=rbac.access.allow.shadow_denied")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^http\.gateway-\w+\.rbac\.access\.allow\.shadow_denied: (\d+)$`).FindAllStringSubmatch(page, -1) {
			var one int
			_, _ = fmt.Sscan(m[1], &one)
			n += one
		}
		return n
	}
	before := count()
	for range 20 {
		s.gets(t, "anybody", 200)
	}
	if n := count() - before; n != 20 {
		t.Errorf("%d would have been refused, want 20", n)
	}
}
