package arguments

import (
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

func BenchmarkFind(b *testing.B) {
	plan := NewPlan(config.Arguments{Paths: []string{"0.user.id"}}, config.DefaultMaxBytes)
	hessianHead, hessianBody := consumed("", func(w *dubbo.Writer) {
		w.Buf = append(w.Buf, "H\x04userH\x02id\x91\x04name\x03annZZ"...)
	})
	for name, r := range map[string]struct {
		head []string
		body []byte
	}{
		"json":    {[]string{"content-type", "application/json"}, []byte(`[{"user": {"id": 1, "name": "ann"}}]`)},
		"hessian": {hessianHead, hessianBody},
	} {
		b.Run(name, func(b *testing.B) {
			var f Finder
			var head [][2][]byte
			for i := 0; i < len(r.head); i += 2 {
				head = append(head, [2][]byte{[]byte(r.head[i]), []byte(r.head[i+1])})
			}
			b.ReportAllocs()
			for b.Loop() {
				f.Reset(plan)
				for _, h := range head {
					f.Header(h[0], h[1])
				}
				f.Find(r.body)
				if _, there := f.Value(0); !there {
					b.Fatal("not found")
				}
			}
		})
	}
}
