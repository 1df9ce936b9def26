package translate_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Tokens are checked with keys from a file on Envoy's machine: while it is not there nobody is let in, and all else works; what it has
// changes live.
func TestTokensByKeyFile(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	issue := func(id string) (keys, token string) {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		text := encode([]byte(`{"alg":"EdDSA","kid":"`+id+`"}`)) + "." + encode([]byte(`{"iss":"here","sub":"ann"}`))
		return fmt.Sprintf(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "%s", "x": "%s"}]}`, id, encode(public)), text + "." + encode(ed25519.Sign(private, []byte(text)))
	}
	oldKeys, oldToken := issue("old")
	newKeys, newToken := issue("new")
	file := filepath.Join(t.TempDir(), "jwks.json")
	e, _ := newCallersEdge(t, `
{kind: Access, name: web, service: web, jwt: {name: file, issuer: here, jwksFile: `+file+`}}
`)
	write := func(text string) {
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	await := func(what string, old, fresh int) {
		t.Helper()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for late := time.After(40 * time.Second); ; {
			first, _, _ := e.get(http.MethodGet, "/web/", "authorization", "Bearer "+oldToken)
			second, _, body := e.get(http.MethodGet, "/web/", "authorization", "Bearer "+newToken)
			if first == old && second == fresh {
				return
			}
			select {
			case <-tick.C:
			case <-late:
				t.Fatalf("%s: %d %d %s, want %d %d", what, first, second, body, old, fresh)
			}
		}
	}
	await("no file", 401, 401)
	if status, _, body := e.get(http.MethodPost, "/"+hello+"/ask"); status != 200 || !strings.Contains(body, "ask") {
		t.Errorf("another service: %d %s", status, body)
	}
	write(oldKeys)
	await("a file", 200, 401)
	write(newKeys)
	await("another", 401, 200)
	write(`{"keys": []}`)
	await("none", 401, 401)
}
