package callers

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func FuzzCheck(f *testing.F) {
	folder := f.TempDir()
	file := filepath.Join(folder, "key")
	if err := os.WriteFile(file, []byte(shopsKey), 0o600); err != nil {
		f.Fatal(err)
	}
	keys := map[string]string{"shop": file}
	keeper := NewKeeper(func(string) {})
	set, err := keeper.Load(config.Callers{Attachment: true, Policies: []config.CallerPolicy{
		{Name: "a", HMAC: &config.CallerHMAC{Keys: keys, Header: "s", WindowSeconds: 300, SignedHeaders: []string{"x", "host"}}, APIKey: &config.CallerKey{Keys: keys, Header: "k", Query: "k"}},
	}}.Text())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("POST", "/a?k=1", "caller=shop,time=1700000000,nonce=1,signature="+strings.Repeat("0", 64), "body", "text/plain", "2")
	f.Add("POST", "/a", "caller=shop, time=1700000000, signature="+strings.Repeat("F", 64), "body", config.DubboContentType, "2")
	c := new(Check)
	f.Fuzz(func(t *testing.T, verb, path, signature, body, kind, arguments string) {
		q := request{body: body, fields: [][2]string{{":method", verb}, {":path", path}, {"s", signature}, {"content-type", kind}, {config.ArgumentsHeader, arguments}, {"x", verb}}}
		if got := judge(c, set, q, noon); strings.Contains(got, "=shop") {
			t.Fatalf("a signature was guessed: %s", got)
		}
		// What a caller signs by the contract is what is checked.
		s := config.Signed{Verb: verb, Path: path, Caller: "shop", Time: "1700000000", Headers: []config.SignedHeader{{Name: "x", Value: verb}, {Name: "host"}}}
		if kind == config.DubboContentType {
			s.Verb = config.ConsumerVerb
		}
		c.Begin(set)
		for _, f := range q.fields {
			c.Header([]byte(f[0]), []byte(f[1]))
		}
		c.read()
		parsed, ok := parseSigned([]byte("caller=shop,time=1700000000,signature=" + strings.Repeat("0", 64)))
		if !ok {
			t.Fatal("not parsed")
		}
		c.appendText(set.policies[0].hmac, &parsed)
		if want := s.AppendText(nil); !bytes.Equal(c.text, want) {
			t.Fatalf("%q, want %q", c.text, want)
		}
	})
}
