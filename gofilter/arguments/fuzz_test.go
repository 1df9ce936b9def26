package arguments

import (
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// FuzzFind checks that no request makes a finder fail, that what it finds can stand in a header, and that it is bounded.
func FuzzFind(f *testing.F) {
	f.Add("application/json", "/a.B/m?x=1", []byte(`[{"user": {"id": 1}}, "x"]`))
	f.Add("application/x-www-form-urlencoded", "/", []byte("parameter=1&parameter=%7B%7D"))
	f.Add(config.DubboContentType, "/a.B/m", []byte("H\x04userH\x02id\x91ZZQ\x90"))
	f.Add("", "/users/7?x=%7B%22id%22:1%7D", []byte(nil))
	plans := []*Plan{
		NewPlan(config.Arguments{Paths: []string{"0", "0.user.id", "1", "1.0"}, Queries: map[string][][]string{"m": {{"x", "y"}}}}, 1<<20),
		NewPlan(config.Arguments{Paths: []string{"0", "1.id", "2.user"}, Path: "/users/{id}", Parameters: []config.Binding{
			{From: config.FromPath, Name: "id"}, {From: config.FromQuery, Name: "x"}, {From: config.FromBody},
		}}, 1<<20),
	}
	f.Fuzz(func(t *testing.T, kind, path string, body []byte) {
		var finder Finder
		for _, p := range plans {
			for _, method := range []string{"", "$invoke"} {
				finder.Reset(p)
				for _, h := range [][2]string{{":path", path}, {"content-type", kind}, {config.MethodHeader, method}, {config.ArgumentsHeader, strconv.Itoa(len(body))}} {
					finder.Header([]byte(h[0]), []byte(h[1]))
				}
				finder.Find(body)
				for i := range p.Headers() {
					value, _ := finder.Value(i)
					if len(value) > 3*config.MaxArgumentText {
						t.Fatalf("%d bytes", len(value))
					}
					for _, b := range value {
						if b < ' ' || b == 0x7f {
							t.Fatalf("%q", value)
						}
					}
					if utf8.Valid(body) && utf8.ValidString(path) && kind == "application/json" && !utf8.Valid(value) {
						t.Fatalf("%q", value)
					}
				}
			}
		}
	})
}
