package rest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	hessian "github.com/apache/dubbo-go-hessian2"
	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

type user struct {
	ID   int64
	Name string
	Tags []string
}

func (user) JavaClassName() string { return "com.example.Person" }

// Every kind of value that dubbo-go and, by the bytes in hexadecimal of captured calls, Dubbo Java put on the wire.
func TestArguments(t *testing.T) {
	hessian.RegisterPOJO(&user{})
	at := time.Date(2024, 2, 29, 13, 14, 15, 0, time.UTC)
	ann := &user{7, "Ann", []string{"a", "b"}}
	for name, c := range map[string]struct {
		arguments []any
		want      string
	}{
		"none":        {nil, `[]`},
		"null":        {[]any{nil}, `[null]`},
		"booleans":    {[]any{true, false}, `[true,false]`},
		"int":         {[]any{int32(-7), int32(1 << 30)}, `[-7,1073741824]`},
		"long":        {[]any{int64(9007199254740993)}, `[9007199254740993]`},
		"double":      {[]any{1.5, 3.0}, `[1.5,3.0]`},
		"string":      {[]any{"é 😀 \"\n"}, `["é 😀 \"\n"]`},
		"binary":      {[]any{[]byte{1, 2, 255}}, `["AQL/"]`},
		"date":        {[]any{at}, `["2024-02-29T13:14:15.000Z"]`},
		"list":        {[]any{[]string{"a"}, []any{int32(1), "b", nil}, []int64{1, 2}}, `[["a"],[1,"b",null],[1,2]]`},
		"map":         {[]any{map[any]any{"k": int32(1)}}, `[{"k":1}]`},
		"object":      {[]any{ann}, `[{"iD":7,"name":"Ann","tags":["a","b"]}]`},
		"shared":      {[]any{ann, ann}, `[{"iD":7,"name":"Ann","tags":["a","b"]},{"iD":7,"name":"Ann","tags":["a","b"]}]`},
		"many":        {[]any{"a", int32(1), nil, []any{}}, `["a",1,null,[]]`},
		"a list only": {[]any{[]any{int32(1), int32(2)}}, `[[1,2]]`},
	} {
		t.Run(name, func(t *testing.T) {
			var c1 Call
			m, bad := ask(&c1, nil, encoded(t, c.arguments...))
			if bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			if got := string(m.Body); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Values that only Java writes, in its bytes.
func TestJavaArguments(t *testing.T) {
	const java8 = "com.alibaba.com.caucho.hessian.io.java8."
	text := func(s string) string { return string(encoded(t, s)) }
	object := func(class string, fields ...string) string {
		out := "C" + text(class) + string(encoded(t, int32(len(fields))))
		for _, f := range fields {
			out += text(f)
		}
		return out + "\x60"
	}
	for name, c := range map[string]struct{ bytes, want string }{
		"enum":       {object("com.example.Role", "name") + text("ADMIN"), `[{"name":"ADMIN"}]`},
		"LocalDate":  {object(java8+"LocalDateHandle", "year", "month", "day") + "\xcf\xe8\x92\xad", `["2024-02-29"]`},
		"BigDecimal": {object("java.math.BigDecimal", "value") + text("1.50"), `[1.50]`},
		"HashSet":    {"V" + text("java.util.HashSet") + "\x91" + text("a"), `[["a"]]`},
		"typed map":  {"M" + text("java.util.LinkedHashMap") + text("k") + "\x91Z", `[{"k":1}]`},
		"long[]":     {"V" + text("[long") + "\x92\xe1\xe2", `[[1,2]]`},
	} {
		t.Run(name, func(t *testing.T) {
			var c1 Call
			m, bad := ask(&c1, nil, []byte(c.bytes))
			if bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			if got := string(m.Body); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The head of a request without a mapping.
func TestRequestHead(t *testing.T) {
	var c Call
	m, bad := ask(&c, nil, encoded(t, "a"), config.TypesHeader, "Ljava/lang/String;", config.AttachmentPrefix+"color", "blue")
	if bad != nil {
		t.Fatal(reasonOf(t, bad))
	}
	got := map[string]string{}
	for _, h := range m.Headers {
		got[h.Name] = h.Value
	}
	want := map[string]string{
		":method": "POST", "content-type": "application/json", "content-length": strconv.Itoa(len(m.Body)), "accept": "application/json",
		"accept-encoding": "", config.ArgumentsHeader: "", config.ProtocolHeader: "", config.TypesHeader: "", config.MethodHeader: "",
		config.OneWayHeader: "", config.TimeoutHeader: "", config.SchemaHeader: "", config.OperationHeader: "", config.AttachmentPrefix + "generic": "",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
}

func TestGenericCall(t *testing.T) {
	pojo := map[any]any{"class": "com.example.User", "name": "Ann"}
	for name, c := range map[string]struct {
		arguments []any
		headers   []string
		path      string
		body      string
	}{
		"$invoke":      {[]any{"save", []string{"com.example.User"}, []any{pojo}}, []string{":path", "/com.example.Users/$invoke"}, "/com.example.Users/save", `[{"name":"Ann"}]`},
		"$invokeAsync": {[]any{"save", nil, []any{"a"}}, []string{":path", "/com.example.Users/%24invokeAsync"}, "/com.example.Users/save", `["a"]`},
		"named":        {[]any{"find", nil, nil}, []string{config.MethodHeader, "$invoke"}, "/com.example.Users/find", `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			var c1 Call
			m, bad := ask(&c1, nil, encoded(t, c.arguments...), c.headers...)
			if bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			if p := header(m, ":path"); p != c.path || string(m.Body) != c.body {
				t.Errorf("got %s %s, want %s %s", p, m.Body, c.path, c.body)
			}
		})
	}
}

// What is no call that can be made is refused with the Dubbo status 40 and a reason.
func TestRefused(t *testing.T) {
	generic := []string{config.MethodHeader, "$invoke"}
	for name, c := range map[string]struct {
		arguments []byte
		headers   []string
		want      string
	}{
		"no number":         {[]byte("N"), []string{config.ArgumentsHeader, "x"}, `x-dubbo-arguments is "x" for a body of 3 bytes`},
		"too many":          {[]byte("N"), []string{config.ArgumentsHeader, "4"}, `is "4" for a body of 3 bytes`},
		"negative":          {[]byte("N"), []string{config.ArgumentsHeader, "-1"}, `is "-1"`},
		"no value":          {[]byte("\x40"), nil, "byte 0: 0x40 begins no value"},
		"cut off":           {[]byte("\x05ab"), nil, "the arguments cannot be read"},
		"cycle":             {[]byte("\x79\x51\x90"), nil, "the value contains itself"},
		"too deep":          {[]byte(strings.Repeat("\x79", 200) + "N"), nil, "nested more than 128 deep"},
		"no method":         {[]byte("N"), []string{":path", "/com.example.Users"}, "names no method"},
		"bad escape":        {[]byte("N"), []string{":path", "/com.example.Users/%zz"}, "names no method"},
		"generic, too few":  {encoded(t, "find"), generic, "the arguments of a generic call are"},
		"generic, no name":  {encoded(t, nil, nil, nil), generic, "the arguments of a generic call are"},
		"generic, no list":  {encoded(t, "find", nil, "x"), generic, "the arguments of a generic call are"},
		"generic=gson":      {encoded(t, "find", nil, nil), append(generic, config.AttachmentPrefix+"generic", "gson"), "generic=gson is not supported"},
		"generic, not text": {encoded(t, "find", nil, map[any]any{"a": 1}), generic, "the arguments of a generic call are"},
	} {
		t.Run(name, func(t *testing.T) {
			var c1 Call
			_, bad := ask(&c1, nil, c.arguments, c.headers...)
			if bad == nil {
				t.Fatal("not refused")
			}
			if got := reasonOf(t, bad); !strings.HasPrefix(got, "400 application/x-dubbo 40 ") || !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
