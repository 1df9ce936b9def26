package registry

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestDefinitionByHand(t *testing.T) {
	want := model.Definition{
		Service: "a.B", Group: "blue", Version: "1.0",
		Methods: []config.Method{
			{Name: "save", Parameters: []config.Parameter{{Name: "user", Type: "a.User"}, {Type: "long[]"}}, Returns: "java.util.Map<java.lang.String,a.User>"},
			{Name: "fire", OneWay: true, Invoke: "generic"},
		},
		Classes: map[string]config.Class{
			"a.User":      {Fields: []config.Parameter{{Name: "id", Type: "long"}, {Name: "role", Type: "a.User$Role"}}, Naming: map[string]string{"id": "ID"}},
			"a.User$Role": {Enum: []string{"ADMIN", "MEMBER"}},
		},
	}
	for name, text := range map[string]string{
		"YAML": `
group: blue
version: "1.0"
methods:
  - name: save
    parameters: [{name: user, type: a.User}, "long[]"]
    returns: java.util.Map<java.lang.String, a.User>
  - {name: fire, oneWay: true, invoke: generic}
classes:
  a.User:
    fields: {id: long, role: a.User.Role}
    naming: {id: ID}
  a.User$Role: {enum: [ADMIN, MEMBER]}
`,
		"JSON": `{"group":"blue","version":"1.0","methods":[
			{"name":"save","parameters":[{"name":"user","type":"a.User"},{"type":"long[]"}],"returns":"java.util.Map<java.lang.String,a.User>"},
			{"name":"fire","oneWay":true,"invoke":"generic"}],
			"classes":{"a.User":{"fields":[{"name":"id","type":"long"},{"name":"role","type":"a.User$Role"}],"naming":{"id":"ID"}},"a.User$Role":{"enum":["ADMIN","MEMBER"]}}}`,
	} {
		for _, key := range []string{"a.B", "a.B/blue"} {
			r, err := parseDefinition(key, []byte(text))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if d := cmp.Diff(want, r.shape.definition); d != "" {
				t.Errorf("%s %s: %s", name, key, d)
			}
		}
	}
}

func TestExampleDefinition(t *testing.T) {
	text, err := os.ReadFile("../../examples/registration/definition.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseDefinition("org.dubbomesh.demo.Echo", text)
	if err != nil || len(r.shape.definition.Methods) != 9 || len(r.shape.definition.Classes) != 3 {
		t.Errorf("%+v %v", r.shape, err)
	}
}

func TestMalformedDefinition(t *testing.T) {
	for _, tc := range []struct{ key, value, want string }{
		{"a.B", ``, "methods is missing"},
		{"a.B", `methods: []`, "methods is missing"},
		{"a.B", `[1]`, "1:1: expected fields"},
		{"a.B", "methods:\n- {names: of}", `2:4: unknown field "names"; did you mean "name"?`},
		{"a.B", "methods:\n- {parameters: []}", "name is missing"},
		{"a.B", "method: []", `did you mean "methods"?`},
		{"a.B", "methods: {name: of}", "methods must be a list"},
		{"a.B", "methods:\n- {name: of, parameters: [in t]}", `2:27: type "in t" is no Java type`},
		{"a.B", "methods:\n- {name: of, parameters: [{name: a}]}", "type is missing"},
		{"a.B", "methods:\n- {name: of, parameters: [{typ: a}]}", `did you mean "type"?`},
		{"a.B", "methods:\n- {name: of, oneWay: maybe}", "oneWay \"maybe\" is unknown; write one of true, false"},
		{"a.B", "methods:\n- {name: of}\n- {name: of}", "the same method"},
		{"a.B", "methods: [{name: of}]\nclasses: {a.C: {field: {x: int}}}", `did you mean "fields"?`},
		{"a.B", "methods: [{name: of}]\nclasses: {a.C: {fields: {x: 1}}}", `x "1" is no Java type`},
		{"a.B", "methods: [{name: of}]\nclasses: {\"a.C[]\": {fields: {x: int}}}", "is no class"},
		{"a.B", "methods: [{name: of}]\nclasses: {a.C: {fields: {x: int}, naming: {y: z}}}", `no field "y"`},
		{"a.B/c/d", `methods: [{name: of}]`, "a definition's key is"},
		{"a.B/", `methods: [{name: of}]`, "name is empty"},
		{"a B", `methods: [{name: of}]`, "blank"},
		{"a-b", `methods: [{name: of}]`, "no Java interface"},
	} {
		_, err := parseDefinition(tc.key, []byte(tc.value))
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %q: %v, want one line with %q", tc.key, tc.value, err, tc.want)
		}
	}
}

// TestDefinitionsFollowEtcd: definitions come, change, disagree, become malformed and go.
func TestDefinitionsFollowEtcd(t *testing.T) {
	const (
		root   = "/dubbo/metadata/a.B/provider/"
		byHand = DefaultPrefix + "/definitions/a.B"
		one    = `{"methods":[{"name":"of","parameterTypes":["int"],"returnType":"int"}]}`
		two    = `{"methods":[{"name":"of","parameterTypes":["long"],"returnType":"int"}]}`
	)
	c := startEtcd(t).dial()
	put(t, c, root+"app1", one)
	r := run(t, Config{Metadata: []string{"/dubbo/metadata"}}, c)
	in := func(want ...string) func(State) bool {
		return func(s State) bool {
			var got []string
			for _, d := range s.Snapshot.Definitions {
				got = append(got, d.Source+" "+methodText(d.Methods[0]))
			}
			return cmp.Equal(want, got)
		}
	}
	s := eventually(t, r, "a report", in(root+"app1 int of(int)"))
	if len(s.Problems) > 0 || len(s.Snapshot.Services) > 0 {
		t.Errorf("problems %v, services %v", s.Problems, s.Snapshot.Services)
	}
	put(t, c, root+"app2", one)
	eventually(t, r, "the newer one of two that agree", in(root+"app2 int of(int)"))
	put(t, c, root+"app1", two)
	s = eventually(t, r, "the newest", in(root+"app1 int of(long)"))
	if len(s.Problems) != 1 || s.Problems[0].Key != root+"app2" || s.Problems[0].Since.IsZero() ||
		!strings.Contains(s.Problems[0].Reason, "only here int of(int); only there int of(long)") {
		t.Errorf("problems of two that differ: %+v", s.Problems)
	}
	put(t, c, byHand, `methods: [{name: mine}]`)
	eventually(t, r, "both kinds", in(byHand+" mine()", root+"app1 int of(long)"))
	put(t, c, byHand, `methods: [{name: mine, x: y}]`)
	s = eventually(t, r, "a problem", func(s State) bool { return len(s.Problems) == 2 })
	if !in(byHand+" mine()", root+"app1 int of(long)")(s) || !s.Problems[1].LastGood {
		t.Errorf("the last good one is gone: %+v", s)
	}
	remove(t, c, byHand)
	eventually(t, r, "only what is reported", in(root+"app1 int of(long)"))
	remove(t, c, root+"app1")
	s = eventually(t, r, "the other", in(root+"app2 int of(int)"))
	if len(s.Problems) > 0 {
		t.Errorf("problems are left: %+v", s.Problems)
	}
	remove(t, c, root+"app2")
	eventually(t, r, "nothing", in())
}
