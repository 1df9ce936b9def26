package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// bindings are parameters written as "path id long", "query page int =1", "header x-user java.lang.String !": where, name,
// type, then a default or that it is required.
func bindings(list ...string) (out []config.Binding) {
	for _, text := range list {
		parts := strings.Fields(text)
		b := config.Binding{From: parts[0], Name: parts[1], Type: parts[2]}
		if b.From == config.FromBody {
			b.Name = ""
		}
		if len(parts) == 4 {
			b.Default, b.Required = strings.TrimPrefix(parts[3], "="), parts[3] == "!"
			if b.Required {
				b.Default = ""
			}
		}
		out = append(out, b)
	}
	return out
}

func TestOperations(t *testing.T) {
	const user = "a.User"
	for _, tt := range []struct {
		verb, template string
		bindings       []config.Binding
		path, body     string
		headers        []string
		want           string
	}{
		{"GET", "/users/{id}", bindings("path id long"), "/users/7?x=y", "", nil, `"m" "J" 7L`},
		{"GET", "/users/{id}", bindings("path id long"), "/users/%37", "", nil, `"m" "J" 7L`},
		{"GET", "/users/{id}", bindings("path id long"), "/users/x", "", nil, `400 path variable id: expected long (an integer of 64 bits), found the text x`},
		{"GET", "/users/{id}", bindings("path id long"), "/users/", "", nil, `404`},
		{"GET", "/users/{id}", bindings("path id long"), "/users/7/8", "", nil, `404`},
		{"GET", "/users/{id}", bindings("path id long"), "/other/7", "", nil, `404`},
		{"GET", "/users/{id}", bindings("path id long"), "/users", "", nil, `404`},
		{"GET", "/files/{path=**}", bindings("path path java.lang.String"), "/files/a/b%20c", "", nil, `"m" "Ljava/lang/String;" "a/b c"`},
		{"GET", "/größe/{x}", bindings("path x java.lang.String"), "/gr%C3%B6%C3%9Fe/a", "", nil, `"m" "Ljava/lang/String;" "a"`},
		{"GET", "/u/{x}", bindings("path x java.lang.String"), "/u/%ff", "", nil, `400 path variable x: it is not UTF-8`},
		{"GET", "/u/{x}", bindings("path x java.lang.String"), "/u/%f", "", nil, `400 path variable x: incomplete %-escape in "%f"`},
		{"GET", "/u", bindings("query a int", "query b java.lang.String"), "/u?b=x+y%26&a=5", "", nil, `"m" "ILjava/lang/String;" 5 "x y&"`},
		{"GET", "/u", bindings("query a int"), "/u", "", nil, `400 query parameter a: int (an integer of 32 bits) is required`},
		{"GET", "/u", bindings("query a java.lang.Integer !"), "/u?b=1", "", nil, `400 query parameter a: java.lang.Integer (an integer of 32 bits) is required`},
		{"GET", "/u", bindings("query a java.lang.Integer"), "/u", "", nil, `"m" "Ljava/lang/Integer;" null`},
		{"GET", "/u", bindings("query a java.lang.Integer"), "/u?a=", "", nil, `"m" "Ljava/lang/Integer;" null`},
		{"GET", "/u", bindings("query a int =20"), "/u", "", nil, `"m" "I" 20`},
		{"GET", "/u", bindings(`query a java.util.List<java.lang.String> =["x"]`), "/u", "", nil, `"m" "Ljava/util/List;" ["x"]`},
		{"GET", "/u", bindings("query a int =true"), "/u", "", nil, `400 default of query parameter a: argument 0, byte 0 (at ""): expected int`},
		{"GET", "/u", bindings("query a int"), "/u?a=1&a=2", "", nil, `400 query parameter a: it is given 2 times; int takes one value`},
		{"GET", "/u", bindings("query a int[]"), "/u?a=1&a=2,3", "", nil, `"m" "[I" int32[1 2 3]`},
		{"GET", "/u", bindings("query a java.util.Set<a.Role>"), "/u?a=ADMIN,MEMBER", "", nil, `"m" "Ljava/util/Set;" [a.Role{"name":"ADMIN"} a.Role{"name":"MEMBER"}]`},
		{"GET", "/u", bindings("query a java.util.List<java.lang.String>"), "/u?a=x%2Cy,z&a=w", "", nil, `"m" "Ljava/util/List;" ["x,y" "z" "w"]`},
		{"GET", "/u", bindings("query a java.util.List<java.lang.Long>"), "/u?a=", "", nil, `"m" "Ljava/util/List;" []`},
		{"GET", "/u", bindings("query a a.Role"), "/u?a=BOSS", "", nil, `400 query parameter a: expected a.Role (MEMBER, ADMIN), found the text BOSS`},
		{"GET", "/u", bindings("query a boolean", "query b double", "query c java.util.Date", "query d java.time.LocalDate", "query e java.time.Year"), "/u?a=true&b=1.5&c=5&d=2024-02-29&e=2024", "", nil,
			`"m" "ZDLjava/util/Date;Ljava/time/LocalDate;Ljava/time/Year;" true 1.5D @5 {2024 2 29} {2024}`},
		{"GET", "/u", bindings("query a boolean"), "/u?a=yes", "", nil, `400 query parameter a: expected boolean (true or false), found the text yes`},
		{"GET", "/u", bindings("query a double"), "/u?a=1e", "", nil, `400 query parameter a: expected double`},
		{"GET", "/u", bindings("query a double"), "/u?a=1e999", "", nil, `400 query parameter a: expected double`},
		{"GET", "/u", bindings("query a java.lang.Object"), "/u?a=1", "", nil, `"m" "Ljava/lang/Object;" "1"`},
		{"GET", "/u", bindings("query a " + user), `/u?a={"age":1}`, "", nil, `"m" "La/User;" a.User{"age":1}`},
		{"GET", "/u", bindings("query a " + user), `/u?a=x`, "", nil, `400 query parameter a: byte 0`},
		{"GET", "/u", bindings("header X-User java.lang.String", "header x-n java.lang.Integer"), "/u", "", []string{"x-user", "ann"}, `"m" "Ljava/lang/String;Ljava/lang/Integer;" "ann" null`},
		{"GET", "/u", bindings("header x-n int"), "/u", "", []string{"x-n", "x"}, `400 header x-n: expected int`},
		{"GET", "/u", bindings("cookie sid java.lang.String !"), "/u", "", []string{"cookie", `a=b; sid="c d"; x`}, `"m" "Ljava/lang/String;" "c d"`},
		{"GET", "/u", bindings("cookie sid java.lang.String !"), "/u", "", []string{"cookie", `a=b`}, `400 cookie sid: java.lang.String (a string) is required`},
		{"POST", "/u", bindings("body - a.User"), "/u", `{"age":1}`, nil, `"m" "La/User;" a.User{"age":1}`},
		{"POST", "/u", bindings("body - a.User"), "/u", ` `, nil, `"m" "La/User;" null`},
		{"POST", "/u", bindings("body - a.User !"), "/u", ``, nil, `400 request body: a.User (an object) is required`},
		{"POST", "/u", bindings("body - a.User"), "/u", `{"age":"x"}`, nil, `400 request body: argument 0, byte 7 (at "/age"): expected int`},
		{"POST", "/u", bindings("body - java.util.List<a.Role>"), "/u", `["ADMIN"]`, nil, `"m" "Ljava/util/List;" [a.Role{"name":"ADMIN"}]`},
		{"PUT", "/u/{id}", bindings("path id long", "field age int", "field user a.User", "field no java.lang.String", "field age long"), "/u/1", `{"user":{"age":2},"other":[1],"age":3}`, nil, `"m" "JILa/User;Ljava/lang/String;J" 1L 3 a.User{"age":2} null 3L`},
		{"POST", "/u", bindings("field user a.User"), "/u", `{"x":1, "user":{"age":"x"}}`, nil, `400 body field user: argument 0, byte 22 (at "/age"): expected int`},
		{"POST", "/u", bindings("field user a.User"), "/u", `{"user":{"age":1}`, nil, `400 byte 17`},
		{"POST", "/u", bindings("field user a.User"), "/u", `[1]`, nil, `400 request body: expected an object with the parameters as members, found an array`},
		{"POST", "/u", bindings("field age int"), "/u", ``, nil, `400 body field age: int`},
		{"POST", "/u", bindings("field age int", "field names java.lang.String[]"), "/u", `age=5&names=a&names=b`, []string{"content-type", "application/x-www-form-urlencoded"}, `"m" "I[Ljava/lang/String;" 5 string["a" "b"]`},
		{"DELETE", "/u/{id}", bindings("path id long"), "/u/1", "", nil, `"m" "J" 1L`},
		{"GET", "/u/{id}", bindings("path id b.Unknown"), "/u/1", "", nil, generic + `string["b.Unknown"] hessian.Object["1"]`},
		{"GET", "/u", nil, "/u", "", nil, `"m" ""`},
	} {
		o := config.Operation{Verb: tt.verb, Path: tt.template, Method: "m", Parameters: tt.bindings}
		c, id := loadedWith(t, shop(o))
		headers := append([]string{":method", tt.verb, ":path", tt.path, config.SchemaHeader, id, config.OperationHeader, "0"}, tt.headers...)
		check(t, c, fmt.Sprintf("%s %s %v %s %s", tt.verb, tt.template, tt.bindings, tt.path, tt.body), tt.want, tt.body, headers...)
	}
}

// The call is the schema's, whatever the path says, and the operation's own data reach the result.
func TestOperationCall(t *testing.T) {
	s := shop(config.Operation{Verb: "GET", Path: "/x/{id}", Method: "find", Status: 201, Parameters: bindings("path id long")})
	s.Methods[len(s.Methods)-1].OneWay = true
	for i := range s.Methods {
		if s.Methods[i].Name == "find" && len(s.Methods[i].Parameters) == 1 {
			s.Methods[i].Returns = "a.User"
		}
	}
	c, id := loadedWith(t, s)
	frame, bad := start(c, "", ":method", "GET", ":path", "/x/5", config.SchemaHeader, id, config.OperationHeader, "0")
	if bad != nil {
		t.Fatalf("%s", bad.Body)
	}
	if all := oracle(t, frame); all[1] != `"a.B"` || all[3] != `"find"` || all[5] != "5L" || c.returns != "a.User" || c.operation.Status != 201 || c.answers == nil {
		t.Errorf("%v %q %+v", all, c.returns, c.operation)
	}
	if _, bad := start(c, "", ":method", "PUT", ":path", "/x/5", config.SchemaHeader, id, config.OperationHeader, "0"); bad == nil || bad.Status != 405 {
		t.Errorf("PUT: %+v", bad)
	}
	if _, bad := start(c, `["x"]`, ":path", "/a.B/nothing", config.SchemaHeader, id); bad != nil || !c.oneWay {
		t.Errorf("one-way: %+v", bad)
	}
}

func TestNamedQuery(t *testing.T) {
	s := shop()
	s.Methods = append(s.Methods, declared("twice(int a)"), declared("twice(long a)"), declared("list(java.util.List<a.Role> roles)"))
	c, id := loadedWith(t, s)
	for _, tt := range []struct{ path, want string }{
		{"/a.B/find?id=5", `"find" "J" 5L`},
		{"/a.B/find?id=5&name=x%20y&ages=1,2&ages=3", `"find" "JLjava/lang/String;La/Role;Ljava/util/List;" 5L "x y" null [1 2 3]`},
		{"/a.B/find?name=x", `400 no overload of find has these parameters; there is find(long id, java.lang.String name, a.Role role, java.util.List ages), find(long id)`},
		{"/a.B/find?id=5&nam=x", `400 no overload of find has these parameters`},
		{"/a.B/list?roles=ADMIN", `"list" "Ljava/util/List;" [a.Role{"name":"ADMIN"}]`},
		{"/a.B/list?role=ADMIN", `400 query parameter "role" is none of list(java.util.List roles)`},
		{"/a.B/list?roles=BOSS", `400 query parameter roles: expected a.Role`},
		{"/a.B/list", `"list" "Ljava/util/List;" null`},
		{"/a.B/twice?a=5", `400 several overloads of twice have these parameters: twice(int a), twice(long a)`},
		{"/a.B/mixed?a=5", `400 query parameters cannot be matched to arguments`},
		{"/a.B/none", `"none" ""`},
		{"/a.B/none?x=1", `400 query parameter "x" is none of none()`},
		{"/a.B/nothing", `400 GET without a query is a call without arguments, but there is nothing(java.lang.String)`},
		{"/a.B/missing", `"$invoke" "` + genericDescriptor + `" "missing" [] hessian.Object[]`},
		{"/a.B/missing?x=1", `400 query parameters cannot be matched to arguments: the parameter names of missing are not known here`},
	} {
		check(t, c, tt.path, tt.want, "", ":method", "GET", ":path", tt.path, config.SchemaHeader, id)
	}
}

func TestFormBySchema(t *testing.T) {
	c, id := loadedWith(t, shop())
	form := []string{":path", "/a.B/over", "content-type", "application/x-www-form-urlencoded", config.SchemaHeader, id}
	check(t, c, "two parameters", `"over" "ILjava/lang/String;" 1 "x"`, "parameter=1&parameter=x", form...)
	check(t, c, "many overloads", "400 form field parameterTypesString is missing", "parameter=1", form...)
	check(t, c, "types", `"over" "La/User;" a.User{"age":1}`, `parameter={"age":1}&parameterTypesString=a.User`, form...)
	check(t, c, "bad", `400 form field parameter 0: argument 0, byte 0 (at ""): expected a.User (an object), found 1`, `parameter=1&parameterTypesString=a.User`, form...)
}
