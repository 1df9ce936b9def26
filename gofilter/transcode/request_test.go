package transcode

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// oracle reads all values of a request frame's body with dubbo-go-hessian2 and shows them, one string each.
func oracle(t *testing.T, frame []byte) (shown []string) {
	t.Helper()
	h, err := dubbo.ParseHeader(frame)
	if err != nil || h.Length != len(frame)-dubbo.HeaderSize || h.Flags != 0xc2 {
		t.Fatalf("header %+v %v of %d bytes", h, err, len(frame))
	}
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("oracle panicked after %v: %v", shown, p)
		}
	}()
	body := frame[dubbo.HeaderSize:]
	d := hessian.NewDecoder(body)
	for {
		v, err := d.Decode()
		if err != nil {
			break // the end
		}
		shown = append(shown, show(v))
	}
	return shown
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", v)
	case int64:
		return fmt.Sprintf("%dL", v)
	case float64:
		return fmt.Sprintf("%gD", v)
	case []byte:
		return fmt.Sprintf("x%x", v)
	case time.Time:
		return fmt.Sprintf("@%d", v.UnixMilli())
	case map[any]any:
		var parts []string
		for k, e := range v {
			parts = append(parts, show(k)+":"+show(e))
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, " ") + "}"
	}
	if m, ok := v.(map[string]any); ok { // an object of a class that the oracle does not know
		class, _ := m["_class"].(string)
		var parts []string
		for k, e := range m {
			if k != "_class" {
				parts = append(parts, show(k)+":"+show(e))
			}
		}
		sort.Strings(parts)
		return class + "{" + strings.Join(parts, " ") + "}"
	}
	if _, wrong := v.(error); wrong { // types of java.time are, by mistake
		return showFields(reflect.ValueOf(v))
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Slice {
		var parts []string
		for i := range r.Len() {
			parts = append(parts, show(r.Index(i).Interface()))
		}
		return strings.TrimPrefix(r.Type().Elem().String(), "interface {}") + "[" + strings.Join(parts, " ") + "]"
	}
	return fmt.Sprint(v)
}

func showFields(v reflect.Value) string {
	v = reflect.Indirect(v)
	if v.Kind() != reflect.Struct {
		return fmt.Sprint(v.Interface())
	}
	var parts []string
	for i := range v.NumField() {
		parts = append(parts, showFields(v.Field(i)))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// args is what stands between the method and the attachments of a request.
func args(t *testing.T, frame []byte) string {
	t.Helper()
	all := oracle(t, frame)
	if len(all) < 6 {
		t.Fatalf("only %q", all)
	}
	return strings.Join(all[3:len(all)-1], " ")
}

const (
	generic = `"$invoke" "` + genericDescriptor + `" "m" `
	types   = "x-dubbo-parameter-types"
)

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		body    string
		headers []string
		want    string
	}{
		// No types: generic, inferred.
		{``, nil, generic + `[] hessian.Object[]`},
		{" \n", nil, generic + `[] hessian.Object[]`},
		{`[]`, nil, generic + `[] hessian.Object[]`},
		{`[1,-2147483648,2147483648,-9223372036854775808]`, nil, generic + `null hessian.Object[1 -2147483648 2147483648L -9223372036854775808L]`},
		{`[1.0,1e3,-0.5,-0]`, nil, generic + `null hessian.Object[1D 1000D -0.5D 0]`},
		{`["a\n\u00e9\ud83d\ude00😀",true,false,null]`, nil, generic + `null hessian.Object["a\né😀😀" true false null]`},
		{`[{"a":[1,[2,"x"]],"b":{}}]`, nil, generic + `null hessian.Object[{"a":[1 [2 "x"]] "b":{}}]`},
		{`{"a":1}`, nil, generic + `null hessian.Object[{"a":1}]`},
		{`"a"`, nil, generic + `null hessian.Object["a"]`},
		{`5`, nil, generic + `null hessian.Object[5]`},
		{`null`, nil, generic + `null hessian.Object[null]`},
		// Simple types: typed.
		{``, []string{types, ""}, `"m" ""`},
		{`["a"]`, []string{types, "java.lang.String"}, `"m" "Ljava/lang/String;" "a"`},
		{`"a"`, []string{types, "Ljava/lang/String;"}, `"m" "Ljava/lang/String;" "a"`},
		{`[true,1,"x",2,3,4,5,6]`, []string{types, "boolean,byte,char,short,int,long,float,double"}, `"m" "ZBCSIJFD" true 1 "x" 2 3 4L 5D 6D`},
		{`[true,1,"x",2,3,4,5,6]`, []string{types, "ZBCSIJFD"}, `"m" "ZBCSIJFD" true 1 "x" 2 3 4L 5D 6D`},
		{`[null,7]`, []string{types, "java.lang.Integer", types, "java.lang.Long"}, `"m" "Ljava/lang/Integer;Ljava/lang/Long;" null 7L`},
		{`[[1,2],[3],["a"],null]`, []string{types, "long[], int[] ,java.lang.String[],[D"}, `"m" "[J[I[Ljava/lang/String;[D" int64[1L 2L] int32[3] string["a"] null`},
		{`["AQI=",[1,-1,255],"xy"]`, []string{types, "byte[],[B,char[]"}, `"m" "[B[B[C" x0102 x01ffff "xy"`},
		{`[100000000000000000000,0.10000000000000001,1.0000000000000000000000,4.9e-324,0e99]`, []string{types, "D,D,D,D,D"}, `"m" "DDDDD" 1e+20D 0.1D 1D 5e-324D 0D`},
		{`[0.1,0.10000000149011612,16777216]`, []string{types, "F,F,F"}, `"m" "FFF" 0.1D 0.10000000149011612D 1.6777216e+07D`},
		{`[9007199254740992,1e300]`, []string{types, "D,double"}, `"m" "DD" 9.007199254740992e+15D 1e+300D`},
		// Other types: generic with types.
		{`[{"a":1}]`, []string{types, "com.example.User"}, generic + `string["com.example.User"] hessian.Object[{"a":1}]`},
		{`[{"k":[{"a":1}]},"a"]`, []string{types, "java.util.Map<String, java.util.List<X>>,java.lang.String"}, generic + `string["java.util.Map" "java.lang.String"] hessian.Object[{"k":[{"a":1}]} "a"]`},
		{`[[{"a":1}],["a"]]`, []string{types, "java.util.List<X>,java.util.Set"}, generic + `string["java.util.List" "java.util.Set"] hessian.Object[[{"a":1}] ["a"]]`},
		{`[[[1]],[{"a":1}],[1]]`, []string{types, "int[][],Lcom/x/U[];,java.lang.Long[]"}, ""},
		{`[[[1]],[{"a":1}],[1]]`, []string{types, "int[][],com.x.U<T>[],java.lang.Long[]"}, generic + `string["int[][]" "com.x.U[]" "java.lang.Long[]"] hessian.Object[[int32[1]] [{"a":1}] [1L]]`},
		{`[1.50,"1e400",12345678901234567890]`, []string{types, "java.math.BigDecimal,java.math.BigDecimal,java.math.BigInteger"}, generic + `string["java.math.BigDecimal" "java.math.BigDecimal" "java.math.BigInteger"] hessian.Object["1.50" "1e400" "12345678901234567890"]`},
		{`["2024-02-29T13:14:15.16Z",5,"2024-02-29 13:14:15"]`, []string{types, "java.util.Date,java.util.Date,java.util.Date"}, generic + `string["java.util.Date" "java.util.Date" "java.util.Date"] hessian.Object[@1709212455160 @5 "2024-02-29 13:14:15"]`},
		// Overridden.
		{`["a"]`, []string{types, "java.lang.String", "x-dubbo-invoke", "generic"}, generic + `string["java.lang.String"] hessian.Object["a"]`},
		{`[{"a":1}]`, []string{types, "com.example.User", "x-dubbo-invoke", "typed"}, `"m" "Lcom/example/User;" {"a":1}`},
	} {
		var c Call
		frame, bad := start(&c, tt.body, append([]string{":path", "/a.B/m"}, tt.headers...)...)
		if tt.want == "" {
			if bad == nil || bad.Status != 400 {
				t.Errorf("%s %v is accepted", tt.body, tt.headers)
			}
			continue
		}
		if bad != nil {
			t.Errorf("%s %v: %d %s", tt.body, tt.headers, bad.Status, bad.Body)
			continue
		}
		if got := args(t, frame); got != tt.want {
			t.Errorf("%s %v:\n got %s\nwant %s", tt.body, tt.headers, got, tt.want)
		}
	}
}

func TestTypedBigDecimal(t *testing.T) {
	var c Call
	frame, bad := start(&c, `[1.50]`, ":path", "/a.B/m", types, "java.math.BigDecimal", "x-dubbo-invoke", "typed")
	if bad != nil {
		t.Fatalf("%s", bad.Body)
	}
	if want := "C\x14java.math.BigDecimal\x91\x05value`\x041.50H"; !strings.Contains(string(frame), want) {
		t.Errorf("%q does not contain %q", frame, want)
	}
}

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		headers []string
		want    string // path, version, method and attachments
	}{
		{[]string{":path", "/a.B/m?x=1"}, `"a.B" "0.0.0" {"interface":"a.B" "path":"a.B" "version":"0.0.0"}`},
		{[]string{":path", "/a%2eB/%6d", "tri-service-version", "1.2.3", "tri-service-group", "g"}, `"a.B" "1.2.3" {"group":"g" "interface":"a.B" "path":"a.B" "version":"1.2.3"}`},
		{[]string{":path", "/a.B/m", ":method", "GET"}, `"a.B" "0.0.0" {"interface":"a.B" "path":"a.B" "version":"0.0.0"}`},
		{[]string{":path", "/a.B/m", "content-type", "application/vnd.x+JSON; charset=utf-8", "x-other", "1"}, `"a.B" "0.0.0" {"interface":"a.B" "path":"a.B" "version":"0.0.0"}`},
		{[]string{":path", "/a.B/m", "traceparent", "00-1", "tracestate", "a=1", "tracestate", "b=2", "baggage", "k=v", "x-dubbo-attachment-user", "ünal"},
			`"a.B" "0.0.0" {"baggage":"k=v" "interface":"a.B" "path":"a.B" "traceparent":"00-1" "tracestate":"a=1,b=2" "user":"ünal" "version":"0.0.0"}`},
	} {
		var c Call
		frame, bad := start(&c, "", append([]string{types, ""}, tt.headers...)...)
		if bad != nil {
			t.Errorf("%v: %d %s", tt.headers, bad.Status, bad.Body)
			continue
		}
		all := oracle(t, frame)
		if all[0] != `"2.0.2"` || all[3] != `"m"` {
			t.Errorf("%v: %v", tt.headers, all)
		}
		if got := all[1] + " " + all[2] + " " + all[len(all)-1]; got != tt.want {
			t.Errorf("%v:\n got %s\nwant %s", tt.headers, got, tt.want)
		}
	}
	var c Call
	frame, _ := start(&c, "", ":path", "/a.B/m")
	if all := oracle(t, frame); all[len(all)-1] != `{"generic":"true" "interface":"a.B" "path":"a.B" "version":"0.0.0"}` {
		t.Errorf("generic: %v", all)
	}
}

func TestRefusedRequests(t *testing.T) {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for _, tt := range []struct {
		body    string
		headers []string
		status  int
		detail  string
	}{
		{``, []string{":path", "/a/b/c"}, 404, `names no method`},
		{``, []string{":path", "/"}, 404, `names no method`},
		{``, []string{":path", ""}, 404, `names no method`},
		{``, []string{":path", "a/b"}, 404, `names no method`},
		{``, []string{":path", "//m"}, 404, `is no interface name`},
		{``, []string{":path", "/a/"}, 404, `is no method name`},
		{``, []string{":path", "/a%2/m"}, 404, `is no interface name`},
		{``, []string{":path", "/a%2fb/m"}, 404, `is no interface name`},
		{``, []string{":path", "/a/%ff"}, 404, `is no method name`},
		{``, []string{":path", "/a/m%0a"}, 404, `is no method name`},
		{``, []string{":path", "/a/%zz"}, 404, `is no method name`},
		{``, []string{":path", "/a/$invoke"}, 404, `name the method itself`},
		{``, []string{":method", "PUT"}, 405, `"PUT" is not supported`},
		{``, []string{":method", "GET", ":path", "/a.B/m?x=1"}, 400, `query parameters cannot be matched`},
		{`[]`, []string{":method", "GET"}, 400, `takes no body`},
		{`x`, []string{"content-type", "text/plain"}, 415, `content-type "text/plain"`},
		{``, []string{"x-dubbo-invoke", "maybe"}, 400, `may be typed or generic`},
		{``, []string{"x-dubbo-class", "maybe"}, 400, `may be include or omit`},
		{`1`, []string{"x-dubbo-invoke", "typed"}, 400, `no types are given`},
		{``, []string{"x-dubbo-attachment-generic", "nativejava"}, 400, `x-dubbo-attachment-generic`},
		// JSON
		{`[1,]`, nil, 400, `byte 2`},
		{`[1`, nil, 400, `byte 2`},
		{`["a`, nil, 400, `byte 3`},
		{`[1`, []string{types, "int"}, 400, `byte 2 (at ""): malformed JSON`},
		{`{"a":}`, nil, 400, `byte 5`},
		{`{"a":1,"a":2}`, nil, 400, `twice`},
		{`[{"x":{"b":01}}]`, nil, 400, `(at "/0/x")`},
		{`nul`, nil, 400, `malformed JSON`},
		{"[\"\xff\"]", nil, 400, `byte 2`},
		{`["\ud800"]`, nil, 400, `byte 2`},
		{`1 2`, nil, 400, `another value follows`},
		{`[1] x`, nil, 400, `byte 4`},
		{`]`, nil, 400, `byte 0`},
		{deep, nil, 400, `nested less deeply`},
		{strings.ReplaceAll(strings.ReplaceAll(deep, "[", `{"a":`), "]", "}"), nil, 400, `nested less deeply`},
		{`[1,9223372036854775808]`, nil, 400, `argument 1, byte 3 (at "/1"): expected an integer of at most 64 bits (name the type java.math.BigInteger`},
		{`[{"a":[-9223372036854775809]}]`, nil, 400, `argument 0, byte 7 (at "/0/a/0")`},
		{`[1e400]`, nil, 400, `java.math.BigDecimal`},
		// types
		{`[1]`, []string{types, "int,int"}, 400, `1 arguments were given for 2 types`},
		{`[1,2,3]`, []string{types, "int,int"}, 400, `more than 2 arguments`},
		{`[1,2]`, []string{types, "int[]"}, 400, `argument 0, byte 1 (at "/0"): expected int[] (an array), found 1`},
		{`[1]`, []string{types, ""}, 400, `more than 0 arguments`},
		{`["1"]`, []string{types, "int"}, 400, `argument 0, byte 1 (at "/0"): expected int (an integer of 32 bits), found the string "1"`},
		{`[2147483648]`, []string{types, "int"}, 400, `found 2147483648`},
		{`[1.0]`, []string{types, "long"}, 400, `found 1.0`},
		{`[1e2]`, []string{types, "java.lang.Long"}, 400, `found 1e2`},
		{`[128]`, []string{types, "byte"}, 400, `-128 to 127`},
		{`[-32769]`, []string{types, "short"}, 400, `-32768 to 32767`},
		{`[null]`, []string{types, "int"}, 400, `found null`},
		{`[1]`, []string{types, "java.lang.String"}, 400, `expected java.lang.String (a string), found 1`},
		{`[{}]`, []string{types, "java.lang.String"}, 400, `found an object`},
		{`["ab"]`, []string{types, "char"}, 400, `one character`},
		{`["😀"]`, []string{types, "char"}, 400, `one character`},
		{`[1]`, []string{types, "boolean"}, 400, `true or false`},
		{`[true]`, []string{types, "int"}, 400, `found true`},
		{`[1e39]`, []string{types, "float"}, 400, `a number of 32 bits`},
		{`[16777217]`, []string{types, "float"}, 400, `a number of 32 bits`},
		{`[9007199254740993]`, []string{types, "double"}, 400, `all digits (it would become 9.007199254740992e+15: `},
		{`[90071992547409940]`, []string{types, "double"}, 400, `all digits`},
		{`[0.1234567890123456789]`, []string{types, "double"}, 400, `all digits`},
		{`[1e-400]`, []string{types, "double"}, 400, `all digits`},
		{`[0.30000000000000004]`, []string{types, "float"}, 400, `all digits (it would become 0.3: `},
		{`[12345678901234567890.123456789]`, nil, 400, `argument 0, byte 1 (at "/0"): expected a number for a double that holds all digits`},
		{`[{"a":[0.12345678901234567891]}]`, nil, 400, `send a string`},
		{`[12345678901234567890.5]`, []string{types, "java.lang.Number"}, 400, `all digits`},
		{`[[1,256]]`, []string{types, "byte[]"}, 400, `argument 0, byte 4 (at "/0/1"): expected a byte from -128 to 255, found 256`},
		{`["?"]`, []string{types, "byte[]"}, 400, `expected byte[] (a base64 string or an array of numbers), found the string "?"`},
		{`[[1,"a"]]`, []string{types, "long[]"}, 400, `(at "/0/1")`},
		{`[` + strings.Repeat("9", 5_000_000) + `]`, []string{types, "java.math.BigDecimal"}, 400, `argument 0, byte 1 (at "/0"): expected java.math.BigDecimal (a number, or one in a string, of at most 10000 digits and an exponent up to 10000), found 9999`},
		{`["` + strings.Repeat("9", 10_001) + `"]`, []string{types, "java.math.BigInteger"}, 400, `argument 0, byte 1 (at "/0"): expected java.math.BigInteger (an integer, or one in a string, of at most 10000 digits)`},
		{`["1e999999999"]`, []string{types, "java.math.BigDecimal"}, 400, `an exponent up to 10000`},
		{`[1e-99999999999999999999]`, []string{types, "java.math.BigDecimal", "x-dubbo-invoke", "typed"}, 400, `an exponent up to 10000`},
		{`["x"]`, []string{types, "java.math.BigDecimal"}, 400, `expected java.math.BigDecimal`},
		{`[1.5]`, []string{types, "java.math.BigInteger"}, 400, `expected java.math.BigInteger`},
		{`["now"]`, []string{types, "java.util.Date"}, 400, `RFC 3339`},
		{`[` + strings.Repeat("[", 150) + strings.Repeat("]", 150) + `]`, []string{types, "int" + strings.Repeat("[]", 150)}, 400, `nested less deeply`},
		{`[1]`, []string{types, "int,,int"}, 400, `"" at byte 4 is no Java type`},
		{`[1]`, []string{types, "List<"}, 400, `is no Java type`},
		{`[1]`, []string{types, "1nt"}, 400, `is no Java type`},
		{`[1]`, []string{types, "["}, 400, `is no Java type`},
		{`[1]`, []string{types, "Lx;["}, 400, `is no Java type`},
		{`[1]`, []string{types, strings.Repeat("I", 300)}, 400, `more than a Java method`},
	} {
		var c Call
		headers := tt.headers
		if !strings.Contains(strings.Join(headers, " "), ":path") {
			headers = append([]string{":path", "/a.B/m"}, headers...)
		}
		_, bad := start(&c, tt.body, headers...)
		if bad == nil {
			t.Errorf("%.40s %v is accepted", tt.body, tt.headers)
			continue
		}
		p := problemOf(t, bad)
		if bad.Status != tt.status || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%.40s %v:\n got %d %s\nwant %d %s", tt.body, tt.headers, bad.Status, p.Detail, tt.status, tt.detail)
		}
		if allow := get(bad, "allow"); (bad.Status == 405) != (allow == "GET, POST") {
			t.Errorf("allow: %q with %d", allow, bad.Status)
		}
	}
}

func TestRequestTooLarge(t *testing.T) {
	var c Call
	c.Reset(&defaults)
	part := make([]byte, 1<<20)
	for range 8 {
		if bad := c.Body(part); bad != nil {
			t.Fatalf("%s", bad.Body)
		}
	}
	if bad := c.Body([]byte("x")); bad == nil || bad.Status != 413 {
		t.Errorf("got %+v", bad)
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	var a, b Call
	start(&a, "", ":path", "/a.B/m")
	start(&b, "", ":path", "/a.B/m")
	if a.id == b.id {
		t.Errorf("both are %d", a.id)
	}
}
