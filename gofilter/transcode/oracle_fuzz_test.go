package transcode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// FuzzResultAsOracle checks that a value which dubbo-go-hessian2 reads too is the same there. The oracle is asked only
// for what was read here: it takes memory for lists as long as the input says.
func FuzzResultAsOracle(f *testing.F) {
	for _, write := range []func(w *dubbo.Writer){
		func(w *dubbo.Writer) { w.ListN(3); w.Int(-70000); w.Long(1 << 40); w.Double(2.5) },
		func(w *dubbo.Writer) { pairs(w, "a", "é😀", "b", strings.Repeat("x", 2000)) },
		func(w *dubbo.Writer) { w.TypedListN("[string", 1); w.String("a") },
		func(w *dubbo.Writer) { w.ListN(3); w.ListN(0); w.Ref(1); w.Bytes([]byte{1, 2}) },
		func(w *dubbo.Writer) {
			w.UntypedMap()
			w.String("d")
			w.Date(1709212394160)
			w.String("n")
			w.Null()
			w.End()
		},
		func(w *dubbo.Writer) { w.TypedMap("java.util.TreeMap"); w.String("t"); w.Bool(true); w.End() },
		func(w *dubbo.Writer) { w.TypedMap("P"); w.Int(97); w.Null(); w.End() },
	} {
		f.Add(written(write))
	}
	for _, v := range coretest.JavaValues(f) {
		f.Add(v.Hessian)
	}
	for _, frame := range coretest.Frames(f) {
		f.Add(frame[dubbo.HeaderSize+1:]) // behind the form of the answer
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var d result
		d.begin(append([]byte{0x91}, value...), 1<<16, &head{}, false)
		if _, bad := d.read(); bad != nil {
			return
		}
		if misread(value, d.out) {
			return
		}
		want, ok := oracleJSON(value)
		if !ok {
			return
		}
		var mine, theirs any
		if err := json.Unmarshal(d.out, &mine); err != nil {
			t.Fatalf("%s: %v", d.out, err)
		}
		if err := json.Unmarshal([]byte(want), &theirs); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if !same(mine, theirs) {
			t.Errorf("%q is %s, to the oracle %s", value, d.out, want)
		}
	})
}

// same compares values of JSON. A library for that takes time without end where lists are nested deeply.
func same(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		for name := range a {
			if _, both := b[name]; !both || !same(a[name], b[name]) {
				return false
			}
		}
		return ok && len(a) == len(b)
	case float64: // the oracle reads a double of thousandths by dividing; Java multiplies
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b))
	}
	return a == b
}

// misread reports whether a value, which is this JSON, may be of those that the oracle is known to read wrongly: it takes
// what follows half a surrogate pair for the other half, loses entries of typed maps that are null, with those before
// them that have the same key, and has empty strings for nulls in lists of strings.
func misread(value, json []byte) bool {
	typed := bytes.IndexByte(value, 'M') >= 0 || bytes.Contains(value, []byte("[string"))
	return bytes.Contains(json, []byte("\uFFFD")) || typed && bytes.IndexByte(value, 'N') >= 0
}

// oracleJSON reads a value with dubbo-go-hessian2 and writes it as JSON. It reports whether that reader took the value
// without complaint and has types for it that say what it is.
func oracleJSON(value []byte) (text string, ok bool) {
	defer func() {
		if recover() != nil { // it panics on some input
			text, ok = "", false
		}
	}()
	v, err := hessian.NewDecoder(value).Decode()
	if err != nil {
		return "", false
	}
	var out bytes.Buffer
	ok = writeOracle(&out, v)
	return out.String(), ok
}

func writeOracle(out *bytes.Buffer, v any) bool {
	switch v := v.(type) {
	case nil, bool, int32, int64:
		b, err := json.Marshal(v)
		out.Write(b)
		return err == nil
	case float64:
		out.Write(appendDouble(nil, v, false))
	case string:
		out.Write(appendQuoted(nil, v))
		return utf8.ValidString(v)
	case []byte:
		out.WriteString(strconv.Quote(base64.StdEncoding.EncodeToString(v)))
	case time.Time:
		out.Write(appendDate(nil, v.UnixMilli()))
	case []string:
		return writeList(out, v)
	case []any:
		return writeList(out, v)
	case map[any]any:
		out.WriteByte('{')
		for k, e := range v {
			name, ok := k.(string)
			if !ok {
				return false
			}
			if out.Bytes()[out.Len()-1] != '{' {
				out.WriteByte(',')
			}
			fmt.Fprintf(out, "%s:", appendQuoted(nil, name))
			if !utf8.ValidString(name) || !writeOracle(out, e) {
				return false
			}
		}
		out.WriteByte('}')
	default:
		return false
	}
	return true
}

func writeList[T any](out *bytes.Buffer, all []T) bool {
	out.WriteByte('[')
	for i, e := range all {
		if i > 0 {
			out.WriteByte(',')
		}
		if !writeOracle(out, e) {
			return false
		}
	}
	out.WriteByte(']')
	return true
}

// FuzzOpaque checks that the body of a consumer's call is refused with a problem or becomes a frame that has it, byte for
// byte up to the end of the map, and that any answer to it becomes a response.
func FuzzOpaque(f *testing.F) {
	arguments := opaqueArguments()
	f.Add(append(bytes.Clone(arguments), "HZ"...), len(arguments), "red", []byte("\x94\x91HZ"), byte(20))
	f.Add(append(bytes.Clone(arguments), "M\x90\x01a\x01bZ"...), len(arguments), "", []byte("\x93C\x03a.X\x90`"), byte(20))
	f.Add([]byte("N"), 0, "b", []byte("\x02no"), byte(70))
	f.Add([]byte("H\x04laneN\x07timeout\x0130Z"), 0, "b", []byte{}, byte(40))
	for _, frame := range coretest.Frames(f) {
		f.Add(append(bytes.Clone(arguments), "HZ"...), len(arguments), "b", frame[dubbo.HeaderSize:], frame[3])
	}
	for _, v := range coretest.JavaValues(f) {
		f.Add(append(bytes.Clone(v.Hessian), "HZ"...), len(v.Hessian), "b", []byte("\x94\x91HZ"), byte(20))
	}
	f.Fuzz(func(t *testing.T, body []byte, n int, lane string, answer []byte, status byte) {
		var c Call
		frame, bad := start(&c, string(body), opaqueHeaders(n, "x-dubbo-attachment-lane", lane, "x-envoy-expected-rq-timeout-ms", "20")...)
		if bad != nil {
			problemOf(t, bad)
			return
		}
		h, err := dubbo.ParseHeader(frame)
		if err != nil || h.Length != len(frame)-dubbo.HeaderSize || !bytes.Equal(frame[c.opaque:c.opaque+n], body[:n]) {
			t.Fatalf("%+v %v %q", h, err, frame)
		}
		if kept := max(len(body)-1, n); !bytes.HasPrefix(frame[c.opaque+n:], body[n:kept]) && kept > n {
			t.Fatalf("%q does not have %q", frame, body)
		}
		_, done := c.Upstream(reply(&c, dubbo.Status(status), func(w *dubbo.Writer) { w.Buf = append(w.Buf, answer...) }), true)
		if done == nil || done.Reset || done.Broken {
			t.Fatalf("%+v", done)
		}
		if get(done, "content-type") == "application/x-dubbo" && !bytes.Equal(done.Body, answer) {
			t.Fatalf("%q became %q", answer, done.Body)
		}
	})
}
