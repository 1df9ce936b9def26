package dubbo

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	hessian "github.com/apache/dubbo-go-hessian2"
	"github.com/apache/dubbo-go-hessian2/java_exception"
	"github.com/google/go-cmp/cmp"
)

// oracleDecode reads n values with dubbo-go-hessian2, which panics on some input.
func oracleDecode(b []byte, n int) (got []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("oracle panicked: %v", p)
		}
	}()
	d := hessian.NewDecoder(b)
	for range n {
		v, err := d.Decode()
		if err != nil {
			return got, err
		}
		got = append(got, v)
	}
	return got, nil
}

func oracleEncode(t *testing.T, v any) []byte {
	t.Helper()
	e := hessian.NewEncoder()
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return e.Buffer()
}

func TestOracleReadsWhatIsWritten(t *testing.T) {
	texts := []string{"", "hello", "é中😀", strings.Repeat("x", 40000), strings.Repeat("x", 0x7fff) + "😀" + strings.Repeat("é", 0x8000)}
	for _, s := range texts {
		var w Writer
		w.String(s)
		w.Bytes([]byte(s))
		got, err := oracleDecode(w.Buf, 2)
		if err != nil || got[0] != s || !bytes.Equal(got[1].([]byte), []byte(s)) {
			t.Errorf("%.20q: %v", s, err)
		}
	}
	for _, v := range []int64{0, 1, -1, 47, 48, -17, 2047, 2048, -2049, 262143, 262144, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64} {
		var w Writer
		w.Long(v)
		w.Int(int32(v))
		w.Double(float64(v))
		w.Date(v % 1e15)
		got, err := oracleDecode(w.Buf, 4)
		if err != nil {
			t.Errorf("%d: %v", v, err)
			continue
		}
		if diff := cmp.Diff([]any{v, int32(v), float64(v)}, got[:3]); diff != "" {
			t.Error(diff)
		}
		if at := got[3].(time.Time); at.UnixMilli() != v%1e15 && v != 0 {
			t.Errorf("date %d came back as %d", v%1e15, at.UnixMilli())
		}
	}
}

// The arguments of a generic call must reach dubbo-go in the types it asserts.
func TestOracleReadsGenericArguments(t *testing.T) {
	var w Writer
	w.TypedListN("[string", 1)
	w.String("java.lang.String")
	args := w.List("[object")
	w.String("hello")
	w.UntypedMap()
	w.String("a")
	inner := w.List("")
	w.Int(1)
	w.Null()
	w.EndList(inner, 2)
	w.End()
	w.EndList(args, 2)
	got, err := oracleDecode(w.Buf, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{
		[]string{"java.lang.String"},
		[]hessian.Object{"hello", map[any]any{"a": []any{int32(1), nil}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTheOracleWritesIsRead(t *testing.T) {
	at := time.UnixMilli(1709212394160).UTC()
	for _, tt := range []struct {
		in   any
		want string
	}{
		{nil, "null"}, {true, "true"}, {int32(-70000), "-70000"}, {int64(1 << 40), "1099511627776L"}, {2.5, "2.5D"}, {float32(0.25), "0.25D"},
		{at, "@1709212394160"}, {"é😀", `"é😀"`}, {[]byte{1, 2}, "x0102"},
		{[]any{int32(1), "a", nil}, `[1 "a" null]`},
		{[]string{"a", "b"}, `[string["a" "b"]`},
		{[]int64{1, 2}, `[long[1L 2L]`},
		{map[any]any{"k": []any{int32(1)}}, `{"k":[1]}`},
		{java_exception.NewThrowable("boom"), `detailMessage="boom"`},
		{[]any{strings.Repeat("é😀", 30000)}, strings.Repeat("é😀", 30000)},
	} {
		var r Reader
		in := oracleEncode(t, tt.in)
		r.Reset(in, 0)
		got, err := show(&r)
		if err != nil || !strings.Contains(got, tt.want) || r.Offset() != len(in) {
			t.Errorf("%.40v: got %.60s, %v", tt.in, got, err)
		}
	}
	// A list that occurs twice is a reference the second time.
	shared := []any{int32(1)}
	var r Reader
	r.Reset(oracleEncode(t, []any{&shared, &shared}), 1000)
	if got, err := show(&r); err != nil || got != "[[1] [1]]" {
		t.Errorf("%s %v", got, err)
	}
}
