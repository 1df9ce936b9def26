package rest

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// BenchmarkCall is a whole call: its arguments to JSON, a JSON answer to the result.
func BenchmarkCall(b *testing.B) {
	large := `{"text":"` + strings.Repeat("x", 64<<10) + `"}`
	for name, x := range map[string]struct {
		schema   *transcode.Schema
		argument any
		answer   string
	}{
		"small":  {nil, "hello", `"hello"`},
		"mapped": {users, int64(7), `{"id":7,"role":"ADMIN"}`},
		"64 KiB": {nil, large, large},
	} {
		b.Run(name, func(b *testing.B) {
			arguments := encoded(b, x.argument)
			b.ReportAllocs()
			b.SetBytes(int64(len(arguments) + len(x.answer)))
			var c Call
			for b.Loop() {
				if _, bad := ask(&c, x.schema, arguments); bad != nil {
					b.Fatal(reasonOf(b, bad))
				}
				if m := answer(&c, 200, "application/json", x.answer); len(m.Body) == 0 {
					b.Fatal("no answer")
				}
			}
		})
	}
}
