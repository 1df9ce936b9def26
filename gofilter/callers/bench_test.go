package callers

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func BenchmarkCheck(b *testing.B) {
	folder := b.TempDir()
	file := filepath.Join(folder, "key")
	if err := os.WriteFile(file, []byte(shopsKey), 0o600); err != nil {
		b.Fatal(err)
	}
	keys := map[string]string{"shop": file}
	keeper := NewKeeper(func(m string) { b.Error(m) })
	bench := func(name string, p config.CallerPolicy, header func(i int) []byte) {
		p.Name = "p"
		set, err := keeper.Load(config.Callers{Policies: []config.CallerPolicy{p}}.Text())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			c := new(Check)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				value := header(i)
				b.StartTimer()
				c.Begin(set)
				c.Header([]byte(":method"), []byte("GET"))
				c.Header([]byte(":path"), []byte("/a"))
				c.Header([]byte("x"), value)
				v := c.Decide(noon)
				if v.Wait {
					v = c.Finish(nil, noon)
				}
				if v.Refusal != nil {
					b.Fatal(v.Refusal.Detail)
				}
			}
		})
	}
	bench("key", config.CallerPolicy{APIKey: &config.CallerKey{Keys: keys, Header: "x"}}, func(int) []byte { return []byte(shopsKey) })
	n := 0
	bench("signature", config.CallerPolicy{HMAC: &config.CallerHMAC{Keys: keys, Header: "x", WindowSeconds: 300}}, func(int) []byte {
		n++
		text, err := config.Signed{Verb: "GET", Path: "/a", Caller: "shop", Time: "1700000000", Nonce: fmt.Sprint(n)}.Header([]byte(shopsKey), nil)
		if err != nil {
			b.Fatal(err)
		}
		return []byte(text)
	})
}
