package rest

import (
	"strings"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"
	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

type role struct{ Name string }

func (role) JavaClassName() string { return "com.example.Role" }

// users is a mapped service.
var users = func() *transcode.Schema {
	s, err := transcode.NewSchema(usersDef)
	if err != nil {
		panic(err)
	}
	return s
}()

var usersDef = config.Schema{
	Service: "com.example.Users",
	Methods: []config.Method{
		{Name: "find", Parameters: []config.Parameter{{Type: "long"}}, Returns: "com.example.User"},
		{Name: "name", Parameters: []config.Parameter{{Type: "long"}}, Returns: "java.lang.String"},
		{Name: "age", Parameters: []config.Parameter{{Type: "long"}}, Returns: "int"},
		{Name: "drop", Parameters: []config.Parameter{{Type: "long"}}, Returns: "void"},
		{Name: "photo", Parameters: []config.Parameter{{Type: "long"}}, Returns: "byte[]"},
		{Name: "list", Parameters: []config.Parameter{{Type: "long"}}, Returns: "java.util.List<com.example.User>"},
		{Name: "pay", Parameters: []config.Parameter{{Type: "long"}}, Returns: "java.math.BigDecimal"},
		{Name: "since", Parameters: []config.Parameter{{Type: "long"}}, Returns: "java.time.LocalDate"},
		{Name: "role", Parameters: []config.Parameter{{Type: "long"}}, Returns: "com.example.Role"},
		{Name: "total", Parameters: []config.Parameter{{Type: "long"}}, Returns: "long"},
		{Name: "twice", Parameters: []config.Parameter{{Type: "long"}}, Returns: "int"},
		{Name: "twice", Parameters: []config.Parameter{{Type: "java.lang.String"}}, Returns: "java.lang.String"},
	},
	Classes: map[string]config.Class{
		"com.example.Role": {Enum: []string{"ADMIN", "MEMBER"}},
		"com.example.User": {
			Fields: []config.Parameter{
				{Name: "id", Type: "long"}, {Name: "role", Type: "com.example.Role"}, {Name: "boss", Type: "com.example.User"},
				{Name: "born", Type: "java.util.Date"}, {Name: "since", Type: "java.time.LocalDate"}, {Name: "pay", Type: "java.math.BigDecimal"},
			},
			Naming: map[string]string{"since": "joined"},
		},
	},
	Operations: []config.Operation{
		{Verb: "GET", Path: "/users/{id}", Method: "find", Parameters: []config.Binding{{From: config.FromPath, Name: "id", Type: "long"}},
			Exceptions: []config.Exception{{Class: "com.example.NoUser", Status: 404}}},
		{Verb: "GET", Path: "/users", Method: "search", Parameters: []config.Binding{
			{From: config.FromQuery, Name: "ids", Type: "java.util.List<java.lang.Long>"}, {From: config.FromQuery, Name: "a b", Type: "java.lang.String"},
			{From: config.FromQuery, Name: "role", Type: "com.example.Role"}}},
		{Verb: "POST", Path: "/users", Method: "save", Parameters: []config.Binding{{From: config.FromBody, Type: "com.example.User"}}},
		{Verb: "PUT", Path: "/users/{id}/{key}", Method: "put", Parameters: []config.Binding{
			{From: config.FromField, Name: "value", Type: "java.lang.Object"}, {From: config.FromPath, Name: "key", Type: "java.lang.String"},
			{From: config.FromHeader, Name: "X-Trace", Type: "java.lang.String"}, {From: config.FromCookie, Name: "sid", Type: "java.lang.String"},
			{From: config.FromPath, Name: "id", Type: "long"}, {From: config.FromField, Name: "b\"", Type: "java.lang.Boolean"}}},
		{Verb: "GET", Path: "/wrapped", Method: "wrapped", Unwrap: "data"},
		{Verb: "GET", Path: "/größe 1/a:b%20c", Method: "literal"},
		{Verb: "GET", Path: "/files/{path=**}", Method: "file", Parameters: []config.Binding{{From: config.FromPath, Name: "path", Type: "java.lang.String"}}},
	},
	Exceptions: []config.Exception{
		{Class: "com.example.Gone", Status: 404}, {Class: "com.example.Taken", Status: 409}, {Class: "com.example.A", Status: 422}, {Class: "com.example.B", Status: 422},
	},
}

func TestOperations(t *testing.T) {
	hessian.RegisterPOJO(&role{})
	for name, x := range map[string]struct {
		method    string
		arguments []any
		headers   []string
		want      []string // headers that are set, and the body
	}{
		"path":           {"find", []any{int64(7)}, nil, []string{":method", "GET", ":path", "/users/7", "content-type", "", "content-length", "0", ""}},
		"by the route":   {"find", []any{int64(7)}, []string{config.OperationHeader, "0"}, []string{":path", "/users/7", ""}},
		"route is wrong": {"find", []any{int64(7)}, []string{config.OperationHeader, "2"}, []string{":path", "/users/7", ""}},
		"lists": {"search", []any{[]int64{1, 2}, "é&=+ /?", &role{"ADMIN"}}, nil,
			[]string{":path", "/users?ids=1&ids=2&a%20b=%C3%A9%26%3D%2B%20%2F%3F&role=ADMIN", ""}},
		"nulls":     {"search", []any{nil, "", "MEMBER"}, nil, []string{":path", "/users?a%20b=&role=MEMBER", ""}},
		"no values": {"search", []any{[]any{}, nil, nil}, nil, []string{":path", "/users", ""}},
		"body":      {"save", []any{map[any]any{"name": "Ann"}}, nil, []string{":method", "POST", ":path", "/users", "content-type", "application/json", `{"name":"Ann"}`}},
		"everything": {"put", []any{int32(1), "a/b é", "t1", "s1", int64(7), true}, []string{"cookie", "a=b"},
			[]string{":method", "PUT", ":path", "/users/7/a%2Fb%20%C3%A9", "x-trace", "t1", "cookie", "a=b; sid=s1", "content-type", "application/json", `{"value":1,"b\"":true}`}},
		"null field":  {"put", []any{nil, "k", nil, nil, int64(7), nil}, nil, []string{"x-trace", "", "cookie", "", `{"value":null,"b\"":null}`}},
		"literal":     {"literal", nil, nil, []string{":path", "/gr%C3%B6%C3%9Fe%201/a:b%20c", ""}},
		"rest":        {"file", []any{"a/b c/d"}, nil, []string{":path", "/files/a/b%20c/d", ""}},
		"not mapped":  {"other", []any{int64(7)}, nil, []string{":method", "POST", "content-type", "application/json", `[7]`}},
		"other arity": {"find", []any{int64(7), true}, nil, []string{":method", "POST", ":path", "", `[7,true]`}},
		"generic":     {"$invoke", []any{"find", []string{"long"}, []any{int64(7)}}, nil, []string{":method", "GET", ":path", "/users/7", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var c Call
			m, bad := ask(&c, users, encoded(t, x.arguments...), append([]string{":path", "/com.example.Users/" + x.method}, x.headers...)...)
			if bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			for ; len(x.want) > 1; x.want = x.want[2:] {
				if got := header(m, x.want[0]); got != x.want[1] {
					t.Errorf("%s: got %q, want %q", x.want[0], got, x.want[1])
				}
			}
			if got := string(m.Body); got != x.want[0] {
				t.Errorf("got %s, want %s", got, x.want[0])
			}
		})
	}
}

// Arguments that would make another request of it than the mapping describes.
func TestOperationRefused(t *testing.T) {
	for name, x := range map[string]struct {
		method    string
		arguments []any
		want      string
	}{
		"null in path":     {"find", []any{nil}, `argument id of find is "", which cannot stand in the path /users/{id}`},
		"empty in path":    {"put", []any{nil, "", nil, nil, int64(7), nil}, `argument key of put is ""`},
		"dots in rest":     {"file", []any{"a/../b"}, "cannot stand in the path"},
		"dots in path":     {"find", []any{".."}, `is "..", which cannot stand in the path`},
		"line in header":   {"put", []any{nil, "k", "a\r\nb: c", nil, int64(7), nil}, "control characters"},
		"cookie in cookie": {"put", []any{nil, "k", nil, "a; b=c", int64(7), nil}, "cannot stand in a cookie"},
	} {
		t.Run(name, func(t *testing.T) {
			var c Call
			_, bad := ask(&c, users, encoded(t, x.arguments...), ":path", "/com.example.Users/"+x.method)
			if bad == nil {
				t.Fatal("not refused")
			}
			if got := reasonOf(t, bad); !strings.HasPrefix(got, "400 application/x-dubbo 40 ") || !strings.Contains(got, x.want) {
				t.Errorf("got %s, want %s", got, x.want)
			}
		})
	}
}

// What the schema says of the method counts for its answer.
func TestMappedAnswers(t *testing.T) {
	for name, x := range map[string]struct {
		method            string
		status            int
		contentType, body string
		want              any // the value, or class and message of an exception
	}{
		"text for a String":     {"name", 200, "text/plain", "Ann", "Ann"},
		"text for an int":       {"age", 200, "text/plain", "7", []string{"java.lang.RuntimeException", `its content-type is "text/plain"`}},
		"void":                  {"drop", 200, "application/json", `{"ok":true}`, nil},
		"bytes":                 {"photo", 200, "image/png", "\x89P", []byte("\x89P")},
		"overloads that differ": {"twice", 200, "text/plain", "a", "a"},
		"wrapped":               {"wrapped", 200, "application/json", `[1]`, map[any]any{"data": []any{int32(1)}}},
		"operation's exception": {"find", 404, "application/json", `{"detail":"no 7"}`, []string{"com.example.NoUser", "no 7"}},
		"schema's exception":    {"name", 404, "application/json", `{"detail":"no 7"}`, []string{"com.example.Gone", "no 7"}},
		"schema's, for all":     {"find", 409, "text/plain", "taken", []string{"com.example.Taken", "taken"}},
		"two classes":           {"find", 422, "text/plain", "x", []string{"java.lang.RuntimeException", "HTTP 422 Unprocessable Entity: x"}},
	} {
		t.Run(name, func(t *testing.T) {
			var c Call
			var arguments []any
			if x.method != "wrapped" {
				arguments = []any{int64(7)}
			}
			if _, bad := ask(&c, users, encoded(t, arguments...), ":path", "/com.example.Users/"+x.method); bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			m := answer(&c, x.status, x.contentType, x.body)
			if want, ok := x.want.([]string); ok {
				class, fields := exceptionOf(t, m.Body)
				if class != want[0] || !strings.Contains(fields["detailMessage"], want[1]) {
					t.Errorf("got %s %v, want %s", class, fields, want)
				}
				return
			}
			if d := cmp.Diff(x.want, decode(t, m.Body).value); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A JSON answer becomes what the method returns, as a provider would have written it.
func TestTypedResults(t *testing.T) {
	const ann = `{"id":7,"role":"ADMIN","boss":{"id":8},"born":"2024-02-29T13:14:15Z","joined":"2024-02-29","pay":1.50,"other":1}`
	hex := func(parts ...string) string { return strings.Join(parts, "") }
	const (
		userOnly = "C\x10com.example.User\x91\x02id"
		roleOnly = "C\x10com.example.Role\x91\x04name"
		decimal  = "C\x14java.math.BigDecimal\x91\x05value"
		day      = "C07com.alibaba.com.caucho.hessian.io.java8.LocalDateHandle\x93\x04year\x05month\x03day"
	)
	for name, x := range map[string]struct {
		method, body string
		generic      bool
		want         string // without form and attachments
		wrong        string // or this in the exception's message
	}{
		"long":                 {"total", "7", false, "\xe7", ""},
		"decimal":              {"pay", "1.50", false, hex(decimal, "\x60", "\x041.50"), ""},
		"date":                 {"since", `"2024-02-29"`, false, hex(day, "\x60", "\xcf\xe8\x92\xad"), ""},
		"enum":                 {"role", `"ADMIN"`, false, hex(roleOnly, "\x60", "\x05ADMIN"), ""},
		"list":                 {"list", `[{"id":7},{"id":8}]`, false, hex(userOnly, "\x60\xe7\x60\xe8"), ""},
		"for generic":          {"list", `[{"id":7}]`, true, "H\x05class\x10com.example.User\x02id\xe7Z", ""},
		"enum, for generic":    {"role", `"ADMIN"`, true, "\x05ADMIN", ""},
		"decimal, for generic": {"pay", `1.50`, true, hex(decimal, "\x60", "\x041.50"), ""},
		"no such constant":     {"role", `"BOSS"`, false, "", `found the string "BOSS"`},
		"text for a long":      {"total", `"7"`, false, "", "expected long (an integer of 64 bits)"},
		"nested":               {"list", "[" + ann + `,{"id":"x"}]`, false, "", `at "/1/id"`},
		"everything":           {"find", ann, false, "joined", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var c Call
			arguments, headers := encoded(t, int64(7)), []string{":path", "/com.example.Users/" + x.method}
			if x.generic {
				arguments, headers = encoded(t, x.method, nil, []any{int64(7)}), append(headers, config.MethodHeader, "$invoke")
			}
			if _, bad := ask(&c, users, arguments, headers...); bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			m := answer(&c, 200, "application/json", x.body)
			if x.wrong != "" {
				if _, fields := exceptionOf(t, m.Body); !strings.Contains(fields["detailMessage"], x.wrong) {
					t.Errorf("got %v, want %s", fields, x.wrong)
				}
				return
			}
			if name != "everything" && !strings.Contains(string(m.Body), x.want) {
				t.Errorf("got %q, want %q", m.Body, x.want)
			}
		})
	}
}

// Arguments are named as the schema has it, and floats have no more digits than they had.
func TestTypedArguments(t *testing.T) {
	hessian.RegisterPOJO(&member{})
	for name, x := range map[string]struct {
		descriptor string
		argument   any
		want       string
	}{
		"naming":       {"Lcom/example/User;", &member{ID: 7, Since: "2024-02-29"}, `[{"id":7,"joined":"2024-02-29"}]`},
		"float":        {"F", float64(float32(0.1)), `[0.1]`},
		"double":       {"D", float64(float32(0.1)), `[0.10000000149011612]`},
		"not a float":  {"Lcom/example/F;", float64(float32(0.1)), `[0.10000000149011612]`},
		"no type":      {"(F)", float64(float32(0.1)), `[0.10000000149011612]`},
		"more than it": {"", float64(float32(0.1)), `[0.10000000149011612]`},
	} {
		t.Run(name, func(t *testing.T) {
			var c Call
			m, bad := ask(&c, users, encoded(t, x.argument), ":path", "/com.example.Users/other", config.TypesHeader, x.descriptor)
			if bad != nil {
				t.Fatal(reasonOf(t, bad))
			}
			if got := string(m.Body); got != x.want {
				t.Errorf("got %s, want %s", got, x.want)
			}
		})
	}
}

type member struct {
	ID    int64  `hessian:"id"`
	Since string `hessian:"since"`
}

func (member) JavaClassName() string { return "com.example.User" }
