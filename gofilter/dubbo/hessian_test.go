package dubbo

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
)

// show reads one value and shows it, following references.
func show(r *Reader) (string, error) {
	switch r.Kind() {
	case Null:
		return "null", r.Null()
	case Bool:
		v, err := r.Bool()
		return fmt.Sprint(v), err
	case Int:
		v, err := r.Int()
		return fmt.Sprintf("%d", v), err
	case Long:
		v, err := r.Long()
		return fmt.Sprintf("%dL", v), err
	case Double:
		v, err := r.Double()
		return fmt.Sprintf("%gD", v), err
	case Date:
		v, err := r.Date()
		return fmt.Sprintf("@%d", v), err
	case String:
		v, err := r.AppendString(nil)
		return fmt.Sprintf("%q", v), err
	case Binary:
		v, err := r.AppendBytes(nil)
		return fmt.Sprintf("x%x", v), err
	case Ref:
		back, err := r.Enter()
		if err != nil {
			return "", err
		}
		s, err := show(r)
		if err != nil {
			return "", err
		}
		return s, r.Leave(back)
	case List:
		return showNested(r, r.List, "[", "]")
	case Map:
		return showNested(r, r.Map, "{", "}")
	case Object:
		return showNested(r, r.Object, "(", ")")
	}
	return "", r.Skip()
}

func showNested(r *Reader, begin func() (Nested, error), open, shut string) (string, error) {
	n, err := begin()
	if err != nil {
		return "", err
	}
	parts := []string{}
	for i := 0; ; i++ {
		more, err := r.More(&n)
		if err != nil {
			return "", err
		}
		if !more {
			break
		}
		name := ""
		if open == "(" {
			name = string(r.Field(n, i)) + "="
		}
		s, err := show(r)
		if err != nil {
			return "", err
		}
		if open == "{" {
			v, err := show(r)
			if err != nil {
				return "", err
			}
			s += ":" + v
		}
		parts = append(parts, name+s)
	}
	r.Close(n)
	return string(n.Type) + open + strings.Join(parts, " ") + shut, nil
}

func TestReaderForms(t *testing.T) {
	long := strings.Repeat("41", 0x8000)
	for _, tt := range []struct{ in, want string }{
		{"4e", "null"}, {"54", "true"}, {"46", "false"},
		// int
		{"90", "0"}, {"80", "-16"}, {"bf", "47"}, {"c800", "0"}, {"c000", "-2048"}, {"cfff", "2047"}, {"c7ff", "-1"},
		{"d40000", "0"}, {"d00000", "-262144"}, {"d7ffff", "262143"}, {"4980000000", "-2147483648"}, {"497fffffff", "2147483647"},
		// long
		{"e0", "0L"}, {"d8", "-8L"}, {"ef", "15L"}, {"f800", "0L"}, {"f000", "-2048L"}, {"ffff", "2047L"}, {"3c0000", "0L"},
		{"380000", "-262144L"}, {"3fffff", "262143L"}, {"5980000000", "-2147483648L"}, {"4c8000000000000000", "-9223372036854775808L"},
		// double
		{"5b", "0D"}, {"5c", "1D"}, {"5d80", "-128D"}, {"5e8000", "-32768D"}, {"5f000004d2", "1.234D"}, {"5fffffffff", "-0.001D"},
		{"444028ae147ae147ae", "12.34D"}, {"447ff0000000000000", "+InfD"},
		// date
		{"4a000000d04b9284b8", "@894621091000"}, {"4b00e383" + "8f", "@894621060000"},
		// string
		{"00", `""`}, {"0568656c6c6f", `"hello"`}, {"300161", `"a"`}, {"53000161", `"a"`}, {"5200016101" + "62", `"ab"`},
		{"01c3a9", `"é"`}, {"01e4b8ad", `"中"`}, {"02eda0bdedb880", `"😀"`}, {"02f09f9880", `"😀"`},
		{"520001eda0bd01edb880", `"😀"`}, {"01eda0bd", `"�"`}, {"01edb880", `"�"`}, {"02eda0bd61", `"�a"`}, {"01c080", `"\x00"`},
		{"528000" + long + "0161", `"` + strings.Repeat("A", 0x8000) + `a"`},
		// binary
		{"20", "x"}, {"23010203", "x010203"}, {"340101", "x01"}, {"42000101", "x01"}, {"410001012102", "x0102"},
		// lists
		{"57909" + "15a", "[0 1]"}, {"58929091", "[0 1]"}, {"7a9091", "[0 1]"}, {"78", "[]"},
		{"55045b696e7490915a", "[int[0 1]"}, {"56045b696e74929091", "[int[0 1]"}, {"72045b696e749091", "[int[0 1]"},
		{"7a71045b696e74907190" + "91", "[[int[0] [int[1]]"}, // the second type is a reference
		// maps
		{"485a", "{}"}, {"4801619001629" + "15a", `{"a":0 "b":1}`}, {"4d0161905a", "invalid"}, {"4d01619091" + "5a", "a{0:1}"},
		{"7a4d0161909" + "15a4d909091" + "5a", "[a{0:1} a{0:1}]"},
		// objects
		{"430141920161016260909" + "1", "A(a=0 b=1)"}, {"43014190" + "60", "A()"}, {"430141910161" + "4f9090", "A(a=0)"},
		{"7a" + "4301419101616090" + "6091", "[A(a=0) A(a=1)]"}, {"430141904301429061", "B()"},
		// references
		{"7a7851" + "91", "[[] []]"}, {"7a4301419101616090" + "5191", "[A(a=0) A(a=0)]"},
		{"7b" + "43014190" + "60" + "5191" + "60", "[A() A() A()]"},
		// a class first defined inside a value that is referenced later, and used in between
		{"7b79430141910161" + "6090" + "6091" + "5191", "[[A(a=0)] A(a=1) [A(a=0)]]"},
	} {
		var r Reader
		in := unhex(t, tt.in)
		r.Reset(in, 1000)
		got, err := show(&r)
		if tt.want == "invalid" {
			if err == nil {
				t.Errorf("%s: got %s", tt.in, got)
			}
			continue
		}
		if err != nil || got != tt.want || r.Offset() != len(in) {
			t.Errorf("%.60s: got %.60s, %v at %d; want %.60s", tt.in, got, err, r.Offset(), tt.want)
			continue
		}
		r.Reset(in, 1000)
		if err := r.Skip(); err != nil || r.Offset() != len(in) {
			t.Errorf("%.60s: skipped to %d of %d: %v", tt.in, r.Offset(), len(in), err)
		}
		for i := range in {
			r.Reset(in[:i], 1000)
			if _, err := show(&r); err == nil && i > 0 {
				t.Errorf("%.60s: the first %d bytes are accepted", tt.in, i)
				break
			}
			if i > 100 {
				break
			}
		}
	}
}

func TestReaderErrors(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "byte 0: the input ends"}, {"40", "byte 0: 0x40 begins no value"}, {"5a", "found end"},
		{"58497fffffff", "byte 6: list of 2147483647 values does not fit into the 0 bytes left"}, {"58" + "49ffffffff", "list of -1 values"},
		{"430141497fffffff", "class of 2147483647 values"}, {"60", "class 0 is not defined; 0 are"}, {"4f49ffffffff", "class -1 is not defined"},
		{"7a90" + "5195", "reference 5 points to no value; 1 have begun"}, {"5190", "reference 0 points to no value"}, {"51" + "49ffffffff", "reference -1"},
		{"4d919090" + "5a", "type 1 is not defined; 0 are"}, {"0161" + "", ""}, {"01ff", "byte 1: 0xff begins no character"}, {"01c3" + "28", "0x28 continues no character"},
		{"01e282", "1 bytes are missing"}, {"05616263", "string of 5 characters is longer"}, {"2561", "4 bytes are missing"}, {"520001" + "61" + "90", "found int, expected string"},
		{"4101" + "ff", "bytes are missing"}, {"01f09f9880", "ends inside a character"}, {"02f0808080", "no character of four bytes"},
		{"7951" + "90", "byte 1: the value contains itself"}, {"48016151905a", "contains itself"}, {"430141910161" + "605190", "contains itself"},
		{strings.Repeat("79", 129) + "90", "byte 128: values are nested more than 128 deep"}, {strings.Repeat("79", 128) + "90", ""},
		{"4301419" + "090", "found int, expected object"},
	} {
		var r Reader
		r.Reset(unhex(t, tt.in), 1000)
		_, err := show(&r)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%.40s: %v", tt.in, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%.40s: got %v, want %s", tt.in, err, tt.want)
		}
	}
	for _, take := range []func(*Reader) error{
		(*Reader).Null,
		func(r *Reader) error { _, err := r.Bool(); return err },
		func(r *Reader) error { _, err := r.Int(); return err },
		func(r *Reader) error { _, err := r.Long(); return err },
		func(r *Reader) error { _, err := r.Double(); return err },
		func(r *Reader) error { _, err := r.Date(); return err },
		func(r *Reader) error { _, err := r.AppendString(nil); return err },
		func(r *Reader) error { _, err := r.AppendBytes(nil); return err },
		func(r *Reader) error { _, err := r.List(); return err },
		func(r *Reader) error { _, err := r.Map(); return err },
		func(r *Reader) error { _, err := r.Object(); return err },
		func(r *Reader) error { _, err := r.Enter(); return err },
	} {
		for _, in := range []string{"", "Z", "\x40"} {
			var r Reader
			r.Reset([]byte(in), 0)
			if err := take(&r); err == nil {
				t.Errorf("%q is accepted", in)
			}
		}
	}
}

// Ten lists, each of ten references to the one before, are a value of 10^10 entries.
func TestReaderRefusesExpansion(t *testing.T) {
	var w Writer
	w.ListN(11)
	w.ListN(0)
	for i := range 10 {
		w.ListN(10)
		for range 10 {
			w.Ref(i + 1)
		}
	}
	var r Reader
	r.Reset(w.Buf, 1<<20)
	if _, err := show(&r); !IsExpansion(err) {
		t.Errorf("got %v", err)
	}
	r.Reset(w.Buf, 0)
	if err := r.Skip(); err != nil {
		t.Errorf("skipping follows references: %v", err)
	}
}

func TestWriterForms(t *testing.T) {
	for _, tt := range []struct {
		want  string
		write func(w *Writer)
	}{
		{"4e", (*Writer).Null},
		{"54", func(w *Writer) { w.Bool(true) }},
		{"46", func(w *Writer) { w.Bool(false) }},
		{"808fbf", func(w *Writer) { w.Int(-16); w.Int(-1); w.Int(47) }},
		{"c7efc830cfff", func(w *Writer) { w.Int(-17); w.Int(48); w.Int(2047) }},
		{"d408004900040000", func(w *Writer) { w.Int(2048); w.Int(0x40000) }},
		{"d8eff7f7f810", func(w *Writer) { w.Long(-8); w.Long(15); w.Long(-9); w.Long(16) }},
		{"5980000000", func(w *Writer) { w.Long(math.MinInt32) }},
		{"4c0000000080000000", func(w *Writer) { w.Long(1 << 31) }},
		{"5b5c5dff5e0080", func(w *Writer) { w.Double(0); w.Double(1); w.Double(-1); w.Double(128) }},
		{"4a000000d04b9284b8", func(w *Writer) { w.Date(894621091000) }},
		{"2101", func(w *Writer) { w.Bytes([]byte{1}) }},
		{"01c3a9", func(w *Writer) { w.String("é") }},
		{"7990" + "71045b696e7490", func(w *Writer) { w.ListN(1); w.Int(0); w.TypedListN("[int", 1); w.Int(0) }},
		{"5898" + "56045b696e7498", func(w *Writer) { w.ListN(8); w.TypedListN("[int", 8) }},
		{"485a4d01415a", func(w *Writer) { w.UntypedMap(); w.End(); w.TypedMap("A"); w.End() }},
		{"430141910161" + "6060" + "5190", func(w *Writer) { w.Object("A", "a"); w.Object("A", "a"); w.Ref(0) }},
	} {
		var w Writer
		tt.write(&w)
		if got := hex.EncodeToString(w.Buf); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	var w Writer
	w.List("[int")
	w.EndList(OpenList(6), 0)
	if got := hex.EncodeToString(w.Buf); got != "56045b696e744900000000" {
		t.Errorf("open list: %s", got)
	}
}

func TestWriterNumbersComeBack(t *testing.T) {
	var ints []int64
	for shift := range 64 {
		for d := int64(-2); d <= 2; d++ {
			ints = append(ints, 1<<shift+d, -(1<<shift)+d)
		}
	}
	for i := int64(-3000); i < 3000; i++ {
		ints = append(ints, i, i*100)
	}
	for _, v := range ints {
		var w Writer
		w.Long(v)
		w.Int(int32(v))
		w.Double(float64(v))
		w.Double(float64(v) / 1000)
		w.Date(v)
		var r Reader
		r.Reset(w.Buf, 0)
		l, err1 := r.Long()
		i, err2 := r.Int()
		d, err3 := r.Double()
		m, err4 := r.Double()
		at, err5 := r.Date()
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil || err5 != nil || l != v || i != int32(v) || d != float64(v) || m != float64(v)/1000 || at != v {
			t.Fatalf("%d: %d %d %g %g %d %v %v %v %v %v", v, l, i, d, m, at, err1, err2, err3, err4, err5)
		}
	}
	for _, v := range []float64{math.Copysign(0, -1), math.Inf(1), math.MaxFloat64, math.SmallestNonzeroFloat64} {
		var w Writer
		w.Double(v)
		var r Reader
		r.Reset(w.Buf, 0)
		if got, err := r.Double(); err != nil || math.Float64bits(got) != math.Float64bits(v) {
			t.Errorf("%g: got %g %v", v, got, err)
		}
	}
}

func TestWriterTextComesBack(t *testing.T) {
	for _, unit := range []string{"a", "é", "中", "😀", "a😀", "aé中😀"} {
		for _, n := range []int{0, 1, 7, 8, 31, 32, 255, 1023, 1024, 8191, 16384, 32767, 32768, 32769, 70000} {
			text := strings.Repeat(unit, n)
			var w Writer
			w.String(text)
			w.StringBytes([]byte(text))
			w.Bytes([]byte(text))
			if unit == "😀" && strings.Contains(string(w.Buf[:len(w.Buf)-len(text)]), unit) && n > 0 && n < 9 {
				t.Errorf("%s: four bytes of UTF-8 were written", unit)
			}
			var r Reader
			r.Reset(w.Buf, 0)
			s, err1 := r.AppendString(nil)
			b, err2 := r.AppendString(nil)
			raw, err3 := r.AppendBytes(nil)
			if err1 != nil || err2 != nil || err3 != nil || string(s) != text || string(b) != text || string(raw) != text {
				t.Fatalf("%s × %d: %d %d %d bytes, %v %v %v", unit, n, len(s), len(b), len(raw), err1, err2, err3)
			}
		}
	}
	var w Writer
	w.String("a\xffb")
	var r Reader
	r.Reset(w.Buf, 0)
	if s, err := r.AppendString(nil); err != nil || string(s) != "a\uFFFDb" {
		t.Errorf("%q %v", s, err)
	}
}

// A surrogate pair that would cross the end of a chunk goes into the next one whole.
func TestWriterKeepsPairsTogether(t *testing.T) {
	var w Writer
	w.String(strings.Repeat("a", 0x7fff) + "😀")
	if got := hex.EncodeToString(w.Buf[:3]); got != "527fff" {
		t.Errorf("first chunk %s", got)
	}
	if got := hex.EncodeToString(w.Buf[3+0x7fff:]); got != "02eda0bdedb880" {
		t.Errorf("second chunk %s", got)
	}
}

func TestWriterObjects(t *testing.T) {
	var w Writer
	w.ListN(40)
	for range 2 {
		for i := range 20 {
			w.Object(fmt.Sprint("C", i), "a", "b")
			w.Int(int32(i))
			w.Null()
		}
	}
	var r Reader
	r.Reset(w.Buf, 0)
	got, err := show(&r)
	if err != nil || !strings.HasSuffix(got, "C19(a=19 b=null)]") || r.Offset() != len(w.Buf) {
		t.Errorf("%s %v", got, err)
	}
}
