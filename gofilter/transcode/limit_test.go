package transcode

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// lists writes lists of ten in a list: one of them whole, nine references to it, and so on for each level.
func lists(w *dubbo.Writer, levels, depth int) {
	w.ListN(10)
	if levels == 0 {
		for range 10 {
			w.String("abcdefghijk")
		}
		return
	}
	lists(w, levels-1, depth+1)
	for range 9 {
		w.Ref(depth + 1)
	}
}

// shared writes a list of n references to one object of some 200 bytes.
func shared(n int) func(w *dubbo.Writer) {
	return func(w *dubbo.Writer) {
		w.ListN(n + 1)
		object(w, "a.Item", "name", strings.Repeat("x", 180), "id", 7)
		for range n {
			w.Ref(1)
		}
	}
}

func TestReferencesGrow(t *testing.T) {
	for name, tt := range map[string]struct {
		write   func(w *dubbo.Writer)
		size    int // of the JSON, 0 when it is refused
		refused string
	}{
		"1,000 references":  {write: shared(1000), size: 1001*len(`,{"name":"","id":7}`) + 1001*180 + 1},
		"10,000 references": {write: shared(10_000), size: 10_001*len(`,{"name":"","id":7}`) + 10_001*180 + 1},
		"a large value":     {write: shared(50_000), refused: "the result is too large: "},
		"lists of lists":    {write: func(w *dubbo.Writer) { lists(w, 5, 0) }, refused: "the result is too large: "},
		"deeper":            {write: func(w *dubbo.Writer) { lists(w, 60, 0) }, refused: "the result is too large: "},
		"names": {write: func(w *dubbo.Writer) {
			w.ListN(5000)
			w.ClassDefinition("a.A", 1)
			w.String(strings.Repeat("n", 5000))
			for range 5000 {
				w.ObjectOf(0)
				w.Null()
			}
		}, refused: "the result is too large: hessian: "},
		"fields of an exception": {write: func(w *dubbo.Writer) {
			w.ClassDefinition("a.E", 12)
			for i := range 12 {
				w.String(string(rune('a' + i)))
			}
			w.ObjectOf(0)
			w.ListN(1000)
			w.String(strings.Repeat("x", 1000))
			for range 999 {
				w.Int(7)
			}
			for range 11 {
				w.Ref(1)
			}
		}, size: 12 * (1000 + 2 + 999*2 + len(`,"a":[]`))},
	} {
		t.Run(name, func(t *testing.T) {
			value := written(tt.write)
			var c Call
			var done *Response
			coretest.Bounded(t, 4*maxGrowth*len(value), func() {
				start(&c, "", ":path", "/a.B/m")
				form := int32(dubbo.ResponseValue)
				if name == "fields of an exception" {
					form = dubbo.ResponseException
				}
				_, done = c.Upstream(reply(&c, dubbo.StatusOK, func(w *dubbo.Writer) { w.Int(form); w.Buf = append(w.Buf, value...) }), true)
			})
			switch {
			case done == nil:
				t.Fatal("no response")
			case tt.refused != "":
				if done.Status != 502 || !bytes.Contains(done.Body, []byte(tt.refused)) {
					t.Errorf("%d %.300s", done.Status, done.Body)
				}
			case len(done.Body) < tt.size || len(done.Body) > tt.size+200:
				t.Errorf("%d bytes, want %d: %.300s", len(done.Body), tt.size, done.Body)
			}
		})
	}
}

// A response is never larger than dataplane.maxResponseBytes, references or not.
func TestResultLargerThanTheLimit(t *testing.T) {
	limits := defaults
	limits.MaxResponseBytes = 1000
	for n, want := range map[int]int{990: 200, 1001: 502} {
		var d result
		d.begin(written(func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); w.String(strings.Repeat("x", n-2)) }), limits.MaxResponseBytes, &head{}, false)
		_, f := d.read()
		if got := 200; f != nil {
			if got = f.kind.status; got != want {
				t.Errorf("%d: %v", n, f)
			}
		} else if got != want {
			t.Errorf("%d bytes: %d, want %d", n, got, want)
		}
	}
}
