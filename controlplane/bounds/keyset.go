package bounds

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// key is a public key in a key set (RFC 7517), as far as Envoy looks at it.
type key struct {
	Type      string `json:"kty"`
	ID        string `json:"kid,omitzero"`
	Algorithm string `json:"alg,omitzero"`
	Curve     string `json:"crv,omitzero"`
	N         string `json:"n,omitzero"`
	E         string `json:"e,omitzero"`
	X         string `json:"x,omitzero"`
	Y         string `json:"y,omitzero"`
	D         string `json:"d,omitzero"` // which only a private key has
}

// curves are those of elliptic keys, and the algorithm of each.
var curves = map[string]struct {
	curve     ecdh.Curve
	algorithm string
}{"P-256": {ecdh.P256(), "ES256"}, "P-384": {ecdh.P384(), "ES384"}, "P-521": {ecdh.P521(), "ES512"}}

// KeySet reads a key set and writes it anew with nothing but what makes up the keys: Envoy refuses its listener, and with it
// everything that is new in it, because of one key that it cannot read.
func KeySet(text string) (string, error) {
	var set struct {
		Keys []key `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return "", err
	}
	if len(set.Keys) == 0 {
		return "", errors.New("there is no key in it; write {\"keys\": […]} with public keys")
	}
	for i, k := range set.Keys {
		if err := k.check(); err != nil {
			return "", fmt.Errorf("keys[%d]: %w", i, err)
		}
	}
	out, err := json.Marshal(set)
	return string(out), err
}

func (k key) check() error {
	if k.D != "" {
		return errors.New("it is a private key; write the public one, without d")
	}
	bytes := func(text string) []byte {
		out, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil {
			return nil
		}
		return out
	}
	algorithms := []string{"", "EdDSA"}
	switch k.Type {
	case "RSA":
		n, e := new(big.Int).SetBytes(bytes(k.N)), new(big.Int).SetBytes(bytes(k.E))
		if n.BitLen() < 1024 || n.BitLen() > 8192 || n.Bit(0) == 0 || e.BitLen() < 2 || e.BitLen() > 32 || e.Bit(0) == 0 {
			return errors.New("n and e are no RSA key of 1024 to 8192 bits")
		}
		algorithms = []string{"", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case "EC":
		c, known := curves[k.Curve]
		if !known {
			return fmt.Errorf("the curve %q is not known; use P-256, P-384 or P-521", k.Curve)
		}
		if _, err := c.curve.NewPublicKey(slices.Concat([]byte{4}, bytes(k.X), bytes(k.Y))); err != nil {
			return fmt.Errorf("x and y are no point of %s", k.Curve)
		}
		algorithms = []string{"", c.algorithm}
	case "OKP":
		if k.Curve != "Ed25519" || len(bytes(k.X)) != 32 {
			return errors.New("it is no Ed25519 key")
		}
	default:
		return fmt.Errorf("kty %q cannot be used; write public keys, of type RSA, EC or OKP", k.Type)
	}
	if !slices.Contains(algorithms, k.Algorithm) {
		return fmt.Errorf("alg %q is none of a key of type %s; leave it out", k.Algorithm, k.Type)
	}
	return nil
}
