package bounds

import (
	"strings"
	"testing"
)

// A key that Envoy could not read would make it refuse its listener: each is found here.
func TestKeySet(t *testing.T) {
	const good = `{"kty": "OKP", "crv": "Ed25519", "kid": "1", "use": "sig", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	for _, c := range []struct{ keys, wrong string }{
		{good, ""},
		{good + "," + strings.Replace(good, `"kid"`, `"alg": "EdDSA", "kid"`, 1), ""},
		{"", "there is no key"},
		{good + `,{"kty": "oct", "k": "c2VjcmV0"}`, `keys[1]: kty "oct" cannot be used`},
		{`{"kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, "Ed25519"},
		{strings.Replace(good, `"kid"`, `"alg": "RS256", "kid"`, 1), `alg "RS256"`},
		{`{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}`, "no point of P-256"},
		{`{"kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ"}`, `curve "secp256k1"`},
		{`{"kty": "RSA", "n": "!!", "e": "AQAB"}`, "no RSA key"},
		{`{"kty": "RSA", "n": "AQAB", "e": "AQAB"}`, "no RSA key"},
		{`{"kty": 1}`, "kty"},
		{strings.Replace(good, `"kid"`, `"d": "c2VjcmV0", "kid"`, 1), "private key"},
	} {
		text, err := KeySet(`{"keys": [` + c.keys + `], "more": {}}`)
		switch {
		case c.wrong == "" && (err != nil || strings.Contains(text, "use") || strings.Contains(text, "more")):
			t.Errorf("%s: %s %v", c.keys, text, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: %v, want %q", c.keys, err, c.wrong)
		}
	}
}
