package translate_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// A token for somebody else is refused with 403, and a claim that is a list arrives as base64 of its JSON.
func TestAudienceAndListOfClaims(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	issue := func(audience string) string {
		text := encode([]byte(`{"alg":"EdDSA","kid":"k"}`)) + "." + encode([]byte(`{"iss":"here","sub":"ann","aud":"`+audience+`","roles":["a","b"]}`))
		return "Bearer " + text + "." + encode(ed25519.Sign(private, []byte(text)))
	}
	keys := fmt.Sprintf(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "%s"}]}`, encode(public))
	services := []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "web", "x-roles", "x-sub"), nil)}}}
	e := newEdge(t, services, `
{kind: Access, name: web, service: web, jwt: {name: n, issuer: here, audiences: us, jwks: '`+keys+`', claimHeaders: {x-roles: roles, x-sub: sub}}}
`)
	for token, want := range map[string]string{
		issue("us"):                  "200 web x-roles=WyJhIiwiYiJd x-sub=ann",
		issue("them"):                "403 ",
		strings.ToLower(issue("us")): "401 ",
		"":                           "401 ",
	} {
		status, _, body := e.get(http.MethodGet, "/web/", "authorization", token)
		if got := fmt.Sprint(status, " ", body); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
