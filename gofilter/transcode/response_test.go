package transcode

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// answered makes a call of no arguments and gives the response to the answer that write makes.
func answered(t *testing.T, status dubbo.Status, write func(w *dubbo.Writer), headers ...string) *Response {
	t.Helper()
	c := new(Call)
	if _, bad := start(c, "", append([]string{":path", "/a.B/m"}, headers...)...); bad != nil {
		t.Fatalf("%s", bad.Body)
	}
	_, done := c.Upstream(reply(c, status, write), false)
	if done == nil {
		t.Fatal("no response to an answer")
	}
	return done
}

// value is the answer of Java with the Hessian value in hex.
func value(t *testing.T, hexValue string) func(w *dubbo.Writer) {
	b, err := hex.DecodeString(hexValue)
	if err != nil {
		t.Fatal(err)
	}
	return func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseValue)
		w.Buf = append(w.Buf, b...)
	}
}

// object writes an object with these fields in turn: name and how its value is written.
func object(w *dubbo.Writer, class string, fields ...any) {
	var names []string
	for i := 0; i < len(fields); i += 2 {
		names = append(names, fields[i].(string))
	}
	w.Object(class, names...)
	for i := 1; i < len(fields); i += 2 {
		switch v := fields[i].(type) {
		case int:
			w.Int(int32(v))
		case string:
			w.String(v)
		case func():
			v()
		}
	}
}

func TestResults(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"4e", "null"}, {"54", "true"}, {"46", "false"}, {"91", "1"}, {"4c7fffffffffffffff", "9223372036854775807"},
		{"5b", "0.0"}, {"5c", "1.0"}, {"5f000004d2", "1.234"}, {"4a0000018df533d6e0", `"2024-02-29T14:10:31.776Z"`}, {"4b00e3838f", `"1998-05-08T09:51:00.000Z"`},
		{"00", `""`}, {"0568656c6c6f", `"hello"`}, {"04225c0a01", `"\"\\\n\u0001"`}, {"030d097f", "\"\\r\\t\x7f\""}, {"03eda0bdedb88041", `"😀A"`}, {"01eda0bd", `"�"`},
		{"23010203", `"AQID"`}, {"20", `""`},
		{"78", "[]"}, {"7a909" + "1", "[0,1]"}, {"57909" + "15a", "[0,1]"}, {"72045b696e749091", "[0,1]"},
		{"485a", "{}"}, {"4801619001629" + "15a", `{"a":0,"b":1}`}, {"4d116a6176612e7574696c2e547265654d617091905a", `{"1":0}`},
		{"4891904e9054907991905a", `{"1":0,"null":0,"true":0,"[1]":0}`},
		{"484c7fffffffffffffff905a", `{"9223372036854775807":0}`}, {"484a0000018df533d6e0905a", `{"2024-02-29T14:10:31.776Z":0}`},
		{"430141920161016260909" + "1", `{"a":0,"b":1}`}, {"43014190" + "60", "{}"},
		{"7a4301419101616090" + "5191", `[{"a":0},{"a":0}]`},
		{"480161785a", `{"a":[]}`},
		{"487851" + "915a", `{"[]":[]}`},
	} {
		r := answered(t, 20, value(t, tt.in))
		if r.Status != 200 || string(r.Body) != tt.want || get(r, "content-type") != "application/json" || get(r, "x-dubbo-status") != "20" {
			t.Errorf("%s: got %d %s %v, want %s", tt.in, r.Status, r.Body, r.Headers, tt.want)
		}
		if !json.Valid(r.Body) {
			t.Errorf("%s: %s is no JSON", tt.in, r.Body)
		}
	}
}

func TestDoubles(t *testing.T) {
	for v, want := range map[float64]string{
		math.NaN(): "null", math.Inf(1): "null", math.Inf(-1): "null", 0.1: "0.1", 1e21: "1e+21", 1e20: "100000000000000000000.0",
		1e-7: "1e-07", -2.5: "-2.5", math.Copysign(0, -1): "-0.0", math.MaxFloat64: "1.7976931348623157e+308",
	} {
		if got := string(appendDouble(nil, v, false)); got != want {
			t.Errorf("%g: got %s, want %s", v, got, want)
		}
	}
}

func TestJavaValues(t *testing.T) {
	for want, write := range map[string]func(w *dubbo.Writer){
		`12345.678900`: func(w *dubbo.Writer) { object(w, "java.math.BigDecimal", "value", "12345.678900") },
		`1E+3`:         func(w *dubbo.Writer) { object(w, "java.math.BigDecimal", "value", "1E+3") },
		`"x\""`:        func(w *dubbo.Writer) { object(w, "java.math.BigDecimal", "value", `x"`) },
		`null`:         func(w *dubbo.Writer) { object(w, "java.math.BigDecimal") },
		`-18446744073709551617`: func(w *dubbo.Writer) {
			object(w, "java.math.BigInteger", "signum", -1, "bitCount", 0, "mag", func() {
				w.TypedListN("[int", 3)
				w.Int(1)
				w.Int(0)
				w.Int(1)
			})
		},
		`"2024-02-29"`: func(w *dubbo.Writer) { date(w) },
		`"13:04:05.160"`: func(w *dubbo.Writer) {
			object(w, java8+"LocalTimeHandle", "hour", 13, "minute", 4, "second", 5, "nano", 160_000_000)
		},
		`"00:00:00.000000001"`: func(w *dubbo.Writer) { object(w, java8+"LocalTimeHandle", "nano", 1, "unknown", "x") },
		`"2024-02-29T13:14:15"`: func(w *dubbo.Writer) {
			object(w, java8+"LocalDateTimeHandle", "date", func() { date(w) }, "time", func() {
				object(w, java8+"LocalTimeHandle", "hour", 13, "minute", 14, "second", 15, "nano", 0)
			})
		},
		`["2024-02-29","2024-02-29T01:00:00.000001"]`: func(w *dubbo.Writer) {
			w.ListN(2)
			date(w)
			object(w, java8+"LocalDateTimeHandle", "time", func() { object(w, java8+"LocalTimeHandle", "hour", 1, "nano", 1000) }, "date", func() { w.Ref(1) })
		},
		`"1970-01-01T00:00:01.500Z"`: func(w *dubbo.Writer) {
			object(w, java8+"InstantHandle", "seconds", func() { w.Long(1) }, "nanos", 500_000_000)
		},
		`"P1Y"`: func(w *dubbo.Writer) { object(w, java8+"PeriodHandle", "years", 1) },
	} {
		r := answered(t, 20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); write(w) })
		if string(r.Body) != want {
			t.Errorf("got %s, want %s", r.Body, want)
		}
	}
}

// What Dubbo Java's own library writes becomes what a Java developer expects.
func TestWrittenByJava(t *testing.T) {
	for _, v := range coretest.JavaValues(t) {
		r := answered(t, 20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); w.Buf = append(w.Buf, v.Hessian...) })
		if string(r.Body) != v.JSON {
			t.Errorf("%s: got %s, want %s", v.Name, r.Body, v.JSON)
		}
	}
}

func date(w *dubbo.Writer) {
	object(w, java8+"LocalDateHandle", "year", 2024, "month", 2, "day", 29)
}

func TestClasses(t *testing.T) {
	write := func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseValue)
		w.ListN(2)
		w.UntypedMap()
		w.String("class")
		w.String("a.User")
		w.String("name")
		w.String("Ann")
		w.End()
		object(w, "a.User", "name", "Bob")
	}
	for _, tt := range []struct{ want, types, class string }{
		{`[{"name":"Ann"},{"name":"Bob"}]`, "", ""},
		{`[{"name":"Ann"},{"name":"Bob"}]`, "", "omit"},
		{`[{"class":"a.User","name":"Ann"},{"class":"a.User","name":"Bob"}]`, "", "include"},
		{`[{"class":"a.User","name":"Ann"},{"name":"Bob"}]`, "typed", ""}, // there, class is an entry like any other
	} {
		headers := []string{"x-dubbo-class", tt.class}
		if tt.types != "" {
			headers = append(headers, types, "")
		}
		if r := answered(t, 20, write, headers...); string(r.Body) != tt.want {
			t.Errorf("%v: got %s, want %s", headers, r.Body, tt.want)
		}
	}
}

func TestAnswerForms(t *testing.T) {
	attachments := func(w *dubbo.Writer) {
		w.UntypedMap()
		for _, s := range []string{"dubbo", "2.0.2", "path", "a.B", "local-addr", "1.2.3.4", "sent", "1", "changed", "2", "Own-Key", "v", "bad key", "x", "line", "a\r\nb"} {
			w.String(s)
		}
		w.String("list")
		w.ListN(0)
		w.String("last")
		w.String("ü")
		w.End()
		w.Null() // as dubbo-go
	}
	for form, want := range map[int32]string{dubbo.ResponseValueWithAttachments: "5", dubbo.ResponseNullWithAttachments: "null"} {
		r := answered(t, 20, func(w *dubbo.Writer) {
			w.Int(form)
			if want != "null" {
				w.Int(5)
			}
			attachments(w)
		}, attachmentPrefix+"sent", "1", attachmentPrefix+"changed", "1")
		var got []string
		for _, h := range r.Headers {
			if strings.HasPrefix(h.Name, attachmentPrefix) {
				got = append(got, strings.TrimPrefix(h.Name, attachmentPrefix)+"="+h.Value)
			}
		}
		if string(r.Body) != want || strings.Join(got, " ") != "changed=2 own-key=v last=ü" {
			t.Errorf("form %d: %s %q", form, r.Body, got)
		}
	}
	for _, form := range []int32{6, -1} {
		if r := answered(t, 20, func(w *dubbo.Writer) { w.Int(form) }); r.Status != 502 {
			t.Errorf("form %d: %d", form, r.Status)
		}
	}
	if r := answered(t, 20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseNull) }); string(r.Body) != "null" {
		t.Errorf("null: %s", r.Body)
	}
}

func TestUnusableResults(t *testing.T) {
	for _, tt := range []struct{ in, detail string }{
		{"", "cannot be read: hessian: byte 1: the input ends"},
		{"40", "byte 1: 0x40 begins no value"},
		{"7951" + "90", "cannot be written as JSON: hessian: byte 2: the value contains itself"},
		{"430141910161605190", "the value contains itself"},
		{strings.Repeat("79", 200) + "90", "nested more than 128 deep"},
		{"5897", "list of 7 values does not fit"},
		{"5a", "found end of list or map"},
	} {
		r := answered(t, 20, value(t, tt.in))
		if p := problemOf(t, r); r.Status != 502 || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%.40s: %d %s, want %s", tt.in, r.Status, p.Detail, tt.detail)
		}
	}
}

// A few hundred bytes that mean billions of values, in size or in the time they take.
func TestBillionLaughs(t *testing.T) {
	small := config.Bridge{MaxRequestBytes: 1 << 20, MaxResponseBytes: 1 << 20}
	for name, write := range map[string]func(w *dubbo.Writer){
		"lists of references": func(w *dubbo.Writer) {
			w.ListN(21)
			w.ListN(0)
			for i := range 20 {
				w.ListN(10)
				for range 10 {
					w.Ref(i + 1)
				}
			}
		},
		"long strings": func(w *dubbo.Writer) {
			w.ListN(10001)
			w.ListN(1)
			w.String(strings.Repeat("x", 30000))
			for range 10000 {
				w.Ref(1)
			}
		},
		"skipped parts": func(w *dubbo.Writer) {
			w.ListN(10001)
			w.UntypedMap()
			w.String("class")
			w.String(strings.Repeat("x", 30000))
			w.End()
			for range 10000 {
				w.Ref(1)
			}
		},
		"long field names": func(w *dubbo.Writer) {
			w.ListN(10000)
			for range 10000 {
				w.Object("A", strings.Repeat("x", 30000))
				w.Null()
			}
		},
	} {
		var c Call
		start(&c, "", ":path", "/a.B/m")
		c.Reset(&small)
		c.Header([]byte(":path"), []byte("/a.B/m"))
		c.Header([]byte(":method"), []byte("POST"))
		c.Request()
		_, done := c.Upstream(reply(&c, 20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); write(w) }), false)
		if done == nil || done.Status != 502 {
			t.Errorf("%s: %+v", name, done.Status)
		}
		if size := cap(c.result.out); size > 16<<20 {
			t.Errorf("%s: %d bytes of output", name, size)
		}
	}
}

func TestBigBodies(t *testing.T) {
	text := strings.Repeat("x", config.DefaultMaxBytes-4096)
	var c Call
	frame, bad := start(&c, `["`+text+`"]`, ":path", "/a.B/m", types, "java.lang.String")
	if bad != nil {
		t.Fatalf("%s", bad.Body)
	}
	if got := oracle(t, frame); len(got) != 7 || got[5] != `"`+text+`"` {
		t.Error("the argument did not come through")
	}
	answer := reply(&c, 20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); w.String(text) })
	var done *Response
	for len(answer) > 0 && done == nil {
		n := min(16<<10, len(answer))
		_, done = c.Upstream(answer[:n], false)
		answer = answer[n:]
	}
	if done == nil || string(done.Body) != `"`+text+`"` {
		t.Error("the result did not come through")
	}
}
