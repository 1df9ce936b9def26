package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseJavaType(t *testing.T) {
	for text, want := range map[string]JavaType{
		"int":                    {Name: "int"},
		"long[]":                 {Name: "long", Dims: 1},
		" java.lang.String [ ] ": {Name: "java.lang.String", Dims: 1},
		"java.util.Map<java.lang.String, java.util.List<a.B[]>>[][]": {Name: "java.util.Map", Dims: 2, Args: []JavaType{
			{Name: "java.lang.String"}, {Name: "java.util.List", Args: []JavaType{{Name: "a.B", Dims: 1}}},
		}},
		"java.util.List<? extends a.B>": {Name: "java.util.List", Args: []JavaType{{Name: "a.B"}}},
		"java.util.List<? super a.B>":   {Name: "java.util.List", Args: []JavaType{{Name: "a.B"}}},
		"java.lang.Class<?>":            {Name: "java.lang.Class", Args: []JavaType{{Name: "java.lang.Object"}}},
		"T":                             {Name: "T"},
		"com.example.Outer.Inner.More":  {Name: "com.example.Outer$Inner$More"},
		"com.example.Outer$Inner.More":  {Name: "com.example.Outer$Inner$More"},
		"com.Example.users.User":        {Name: "com.Example.users.User"},
		"a.größe.Maß":                   {Name: "a.größe.Maß"},
	} {
		got, err := ParseJavaType(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if again, err := ParseJavaType(got.String()); err != nil || !cmp.Equal(got, again) {
			t.Errorf("%q: read again as %v, %v", got, again, err)
		}
	}
	for _, text := range []string{"", " ", "int[", "int]", "a.", ".a", "a..b", "1a", "a<", "a<b", "a<>", "a<b,>", "a<b>>", "a b", "a;", "\xff", "<a>",
		strings.Repeat("a<", 40) + "a" + strings.Repeat(">", 40), "int" + strings.Repeat("[]", 256), strings.Repeat("a", 5000)} {
		if got, err := ParseJavaType(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func TestParseTemplate(t *testing.T) {
	got, err := ParseTemplate("/users/{id}/files/{path=**}")
	if err != nil {
		t.Fatal(err)
	}
	want := []Segment{{Literal: "users"}, {Variable: "id"}, {Literal: "files"}, {Variable: "path", Rest: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]string{
		"users": "begin with a slash", "/a?b=c": "from: query", "/{id}/{id}": "twice", "/{a=**}/b": "stands last", "/u{id}": "whole segment",
		"/{}": "has a name", "/{a=x}": "pattern", "/*": "whole segment", "/{a": "whole segment", "/{a{b}}": "whole segment",
	} {
		if _, err := ParseTemplate(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
}

// good is a schema that uses every field.
func good() Schema {
	return Schema{
		Service: "com.example.Users",
		Methods: []Method{
			{Name: "find", Parameters: []Parameter{{Name: "id", Type: "long"}}, Returns: "com.example.User"},
			{Name: "find", Parameters: []Parameter{{Type: "java.lang.String"}}, OneWay: true, Invoke: "generic"},
		},
		Classes: map[string]Class{
			"com.example.User": {Fields: []Parameter{{Name: "id", Type: "long"}, {Name: "role", Type: "com.example.Role"}}, Naming: map[string]string{"id": "user_id"}},
			"com.example.Role": {Enum: []string{"ADMIN", "MEMBER"}},
		},
		Operations: []Operation{{Verb: "GET", Path: "/users/{id}", Method: "find", Status: 203, Unwrap: "id",
			Parameters: []Binding{{From: FromPath, Name: "id", Type: "long", Required: true}, {From: FromQuery, Name: "q", Type: "int", Default: "1"}},
			Exceptions: []Exception{{Class: "com.example.Gone", Status: 410, Body: `{"gone":true}`}}}},
		Exceptions: []Exception{{Class: "com.example.No", Status: 409}},
		Results:    Results{Longs: "string", Nulls: "drop", Class: true},
	}
}

func TestSchemaText(t *testing.T) {
	s := good()
	got, err := ParseSchema(s.Text())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, got); diff != "" {
		t.Error(diff)
	}
	if s.ID() != got.ID() || len(s.ID()) != IDBytes || SchemaID(s.Text()) != s.ID() {
		t.Errorf("IDs %s and %s", s.ID(), got.ID())
	}
	s.Results.Class = false
	if s.ID() == got.ID() {
		t.Error("different schemas have the same ID")
	}
}

// All that is wrong is told at once, and where.
func TestSchemaErrors(t *testing.T) {
	s := good()
	s.Service = "no name"
	s.Methods = append(s.Methods, Method{Name: "find", Parameters: []Parameter{{Type: "long"}}}, Method{Name: "a.b", Parameters: []Parameter{{Name: "x", Type: "int["}, {Name: "x", Type: "int"}}, Returns: "?>", Invoke: "json"})
	s.Classes["com.example.Both"] = Class{Enum: []string{"A", "A", "-"}, Fields: []Parameter{{Type: "int"}}}
	s.Classes["com.example.Named"] = Class{Fields: []Parameter{{Name: "a", Type: "int"}, {Name: "b", Type: "int"}}, Naming: map[string]string{"a": "b", "c": "d"}}
	s.Operations = append(s.Operations,
		Operation{Verb: "GET", Path: "/users/{name}", Method: "find", Status: 404},
		Operation{Verb: "get", Path: "x", Method: "", Parameters: []Binding{{From: "sky", Type: "int"}, {From: FromHeader, Type: "int"}, {From: FromBody, Name: "x", Type: "int"}, {From: FromBody, Type: "int", Default: "x", Required: true}}},
		Operation{Verb: "GET", Path: "/x/{a}", Method: "find", Parameters: []Binding{{From: FromPath, Name: "b", Type: "int"}, {From: FromBody, Type: "int"}}})
	s.Exceptions = append(s.Exceptions, Exception{Class: "", Status: 99, Body: "{"})
	s.Results = Results{Longs: "text", Nulls: "none"}
	_, err := ParseSchema(s.Text())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`schema: service: "no name"`, "methods[2]: find(long) is the same method as methods[0]", "methods[3].name:", "methods[3].parameters[0].type:",
		"methods[3].parameters[1].name: x occurs twice", "methods[3].returns:", "methods[3].invoke:", "classes[com.example.Both]: a class has either", "classes[com.example.Both].enum[1]: A occurs twice",
		"classes[com.example.Both].enum[2]:", "classes[com.example.Both].fields[0].name:", `classes[com.example.Named].naming: fields a and b are both named "b"`,
		`classes[com.example.Named].naming[c]: there is no field`, "operations[1]: GET /users/{name} matches the same requests as operations[0]", "operations[1].status: 404",
		"operations[2].verb:", "operations[2].path:", "operations[2].method:", "operations[2].parameters[0].from:", "operations[2].parameters[1].name: it is missing", "operations[2].parameters[2].name: the whole body has no name",
		"operations[2].parameters[3].default: a required", "operations[2].parameters[3].default: \"x\" is no JSON", "operations[2].parameters: 2 of them are the whole body", "operations[3].parameters[0].name: there is no {b}",
		"operations[3].parameters[1].from: a GET request has no body", "exceptions[1].class:", "exceptions[1].status: 99", "exceptions[1].body:", "results.longs:", "results.nulls:",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error", want)
		}
	}
	for text, want := range map[string]string{
		`{"service":"a.B","method":[]}`: "method", `{"service":1}`: "service", `{`: "EOF", `{"service":"a.B","service":"a.C"}`: "duplicate",
		`{"service":"` + strings.Repeat("a", maxSchemaBytes) + `"}`: "at most",
	} {
		if _, err := ParseSchema([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %.200v, want %q", text, err, want)
		}
	}
}

func FuzzParseSchema(f *testing.F) {
	f.Add(good().Text())
	f.Add([]byte(`{"service":"a.B","operations":[{"verb":"GET","path":"/{a=**}","method":"m","parameters":[{"from":"path","name":"a","type":"java.util.List<?>"}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseSchema(text)
		if err != nil {
			return
		}
		again, err := ParseSchema(s.Text())
		if err != nil || again.ID() != s.ID() {
			t.Fatalf("%s: %v", s.Text(), err)
		}
	})
}

func TestClassField(t *testing.T) {
	c := Class{Fields: []Parameter{{Name: "id", Type: "long"}, {Name: "uRL", Type: "java.lang.String"}}, Naming: map[string]string{"uRL": "url"}}
	for name, want := range map[string]string{"id": "long", "uRL": "java.lang.String", "url": "java.lang.String", "URL": "", "": ""} {
		if f, found := c.Field(name); f.Type != want || found != (want != "") {
			t.Errorf("%q: %v %v", name, f, found)
		}
	}
	if got := c.JSONName("id") + " " + c.JSONName("uRL"); got != "id url" {
		t.Error(got)
	}
}
