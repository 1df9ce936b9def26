package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallers(t *testing.T) {
	keys := map[string]string{"shop": "/etc/keys/shop"}
	good := func() Callers {
		return Callers{Policies: []CallerPolicy{{
			Name: "p", APIKey: &CallerKey{Keys: keys, Header: "x-api-key", Query: "key", Optional: true},
			HMAC: &CallerHMAC{Keys: keys, Header: "x-s", WindowSeconds: 60, SignedHeaders: []string{"host", "x-tenant"}},
		}}, Attachment: true, Reroute: true, MaxRequestBytes: 100}
	}
	got, err := ParseCallers(good().Text())
	if d := cmp.Diff(good(), got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	for wrong, change := range map[string]func(*Callers){
		"0 policies":           func(c *Callers) { c.Policies = nil },
		"there twice":          func(c *Callers) { c.Policies = append(c.Policies, c.Policies[0]) },
		"has no name":          func(c *Callers) { c.Policies[0].Name = "" },
		"asks for nothing":     func(c *Callers) { c.Policies[0].APIKey, c.Policies[0].HMAC = nil, nil },
		"no place":             func(c *Callers) { c.Policies[0].APIKey.Header, c.Policies[0].APIKey.Query = "", "" },
		"cannot both be":       func(c *Callers) { c.Policies[0].APIKey.Header = "x-s" },
		"no header's name":     func(c *Callers) { c.Policies[0].APIKey.Header = "X-Key" },
		"meaning of its own":   func(c *Callers) { c.Policies[0].HMAC.Header = CallerHeader },
		"is an attachment's":   func(c *Callers) { c.Policies[0].HMAC.Header = "x-dubbo-attachment-k" },
		"window is 0 seconds":  func(c *Callers) { c.Policies[0].HMAC.WindowSeconds = 0 },
		"cannot be signed":     func(c *Callers) { c.Policies[0].HMAC.SignedHeaders = []string{"x-s"} },
		"0 callers":            func(c *Callers) { c.Policies[0].HMAC.Keys = nil },
		"no name of a caller":  func(c *Callers) { c.Policies[0].HMAC.Keys = map[string]string{"a,b": "/k"} },
		"no absolute path":     func(c *Callers) { c.Policies[0].HMAC.Keys = map[string]string{"a": "k"} },
		"maxRequestBytes is -": func(c *Callers) { c.MaxRequestBytes = -1 },
	} {
		c := good()
		change(&c)
		if _, err := ParseCallers(c.Text()); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%v, want %q", err, wrong)
		}
	}
	for _, text := range []string{"", "{", `{"policies": [], "other": 1}`} {
		if _, err := ParseCallers([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// A signature by hand: printf of the lines, piped to openssl dgst -sha256 -hmac.
func TestSigned(t *testing.T) {
	s := Signed{Verb: "POST", Path: "/a?b=c", Caller: "shop", Time: "1781964000", Nonce: "1", Headers: []SignedHeader{{"x-tenant", "gold"}}}
	got, err := s.Header([]byte("0123456789abcdef"), []byte("body"))
	if want := "caller=shop,time=1781964000,nonce=1,signature=5dbd7a08872bf845dd4f1e1426228cc5ae657aa5cb14906cb4dac5eb6a7889da"; err != nil || got != want {
		t.Errorf("%v\n%s, want\n%s", err, got, want)
	}
	for _, wrong := range []Signed{{Caller: "a b", Time: "1"}, {Caller: "a", Time: "x"}, {Caller: "a", Time: "1", Nonce: "\n"}} {
		if text, err := wrong.Header(nil, nil); err == nil {
			t.Errorf("%+v is signed: %s", wrong, text)
		}
	}
}
