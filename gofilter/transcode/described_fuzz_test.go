package transcode

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// FuzzDescribedResult checks that any answer becomes valid JSON whatever a schema and the request's headers say of it, and
// that objects have no name twice.
func FuzzDescribedResult(f *testing.F) {
	for _, write := range []func(w *dubbo.Writer){
		user,
		func(w *dubbo.Writer) { pairs(w, "userName", "x", "class", "a.User", "alias", "y") },
		func(w *dubbo.Writer) {
			w.UntypedMap()
			w.Int(1)
			w.Null()
			w.String("1")
			w.Bool(true)
			w.End()
		},
		func(w *dubbo.Writer) { object(w, "a.S", "name", "base", "x", 2, "name", "sub", "class", "c") },
		func(w *dubbo.Writer) { object(w, java8+"OffsetDateTimeHandle", "offset", 5, "dateTime", `a"b`) },
		func(w *dubbo.Writer) {
			object(w, "java.util.OptionalLong", "isPresent", func() { w.Bool(false) }, "value", 4)
		},
	} {
		for _, how := range []byte{0, 1, 2, 4, 8, 16, 31} {
			f.Add(written(write), how)
		}
	}
	for _, v := range coretest.JavaValues(f) {
		f.Add(v.Hessian, byte(8))
	}
	for _, frame := range coretest.Frames(f) {
		f.Add(frame[dubbo.HeaderSize+1:], byte(0)) // behind the form of the answer
		f.Add(frame[dubbo.HeaderSize+1:], byte(7))
	}
	f.Fuzz(func(t *testing.T, value []byte, how byte) {
		var c Call
		headers := []string{":path", "/a.B/m"}
		for i, h := range [][2]string{{"x-dubbo-class", "include"}, {"x-dubbo-longs", "string"}, {"x-dubbo-nulls", "drop"}, {types, ""}} {
			if how>>i&1 != 0 {
				headers = append(headers, h[0], h[1])
			}
		}
		if _, bad := start(&c, "", headers...); bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		c.answers, c.operation = newAnswers(users), new(config.Operation)
		if how&16 != 0 {
			c.operation.Unwrap, c.returns = "user_name", "float"
		}
		_, done := c.Upstream(reply(&c, dubbo.StatusOK, func(w *dubbo.Writer) { w.Buf = append(append(w.Buf, 0x91), value...) }), true)
		if done == nil || done.Reset || !json.Valid(done.Body) {
			t.Fatalf("%+v", done)
		}
		if done.Status == 200 && !bytes.ContainsAny(value, "HM") && repeats(done.Body) { // a Java map has no key twice, a hostile one may
			t.Fatalf("%q: a name twice in %s", value, done.Body)
		}
	})
}

// repeats reports whether an object in a JSON text has a name twice.
func repeats(text []byte) bool {
	return !jsontext.Value(text).IsValid()
}
