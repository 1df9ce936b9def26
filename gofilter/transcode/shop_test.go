package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// declared makes a method of a Java declaration: "find(long id, java.util.List<a.User> users)".
func declared(signature string) config.Method {
	name, list, _ := strings.Cut(strings.TrimSuffix(signature, ")"), "(")
	m := config.Method{Name: name}
	for len(list) > 0 {
		end := topLevelComma([]byte(list))
		m.Parameters = append(m.Parameters, member(list[:end]))
		list = list[min(end+1, len(list)):]
	}
	return m
}

// member is a parameter or field: "long id". A type alone has no name.
func member(text string) config.Parameter {
	text = strings.TrimSpace(text)
	if at := strings.LastIndexByte(text, ' '); at > 0 && identifier(text[at+1:]) {
		return config.Parameter{Type: text[:at], Name: text[at+1:]}
	}
	return config.Parameter{Type: text}
}

func identifier(s string) bool { return !strings.ContainsAny(s, "<>[].") }

func fields(list ...string) config.Class {
	var c config.Class
	for _, f := range list {
		c.Fields = append(c.Fields, member(f))
	}
	return c
}

// shop is the schema of the tests.
func shop(operations ...config.Operation) config.Schema {
	renamed := fields("long id", "java.lang.String userName", "a.Role role")
	renamed.Naming = map[string]string{"userName": "user_name"}
	s := config.Schema{
		Service: "a.B",
		Classes: map[string]config.Class{
			"a.Role":       {Enum: []string{"MEMBER", "ADMIN"}},
			"a.User":       fields("long id", "java.lang.String name", "a.Role role", "a.Address home", "java.util.List<a.Address> all", "int age"),
			"a.Address":    fields("java.lang.String city", "java.lang.String street"),
			"a.Animal":     fields("java.lang.String name"),
			"a.Dog":        fields("java.lang.String name", "int legs"),
			"a.Circle":     fields("java.lang.String color", "int radius"),
			"a.Square":     fields("java.lang.String color", "int side"),
			"a.Node":       fields("int value", "a.Node next", "java.util.Map<java.lang.String, a.Node> more"),
			"a.Box":        fields("T value", "java.util.List<T> list"),
			"a.Pair":       fields("A first", "B second"),
			"a.Named":      renamed,
			"a.Partly":     fields("b.Unknown what", "a.Role role"),
			"a.Floating":   fields("java.lang.String name", "float f"),
			"a.Outer.Kind": {Enum: []string{"ONE"}},
		},
		Operations: operations,
	}
	for _, d := range []string{
		"over(int)", "over(java.lang.String)", "over(a.User)", "over(a.Animal)", "over(java.util.List<a.User>)", "over(int, java.lang.String)", "over(java.util.Date)",
		"same(a.Address)", "same(java.util.Map<java.lang.String, java.lang.Object>)", "sum(java.math.BigDecimal)", "sum(java.lang.Double)", "count(java.math.BigInteger)", "count(long)",
		"nums(int[])", "nums(long[])", "nums(double[])", "nums(java.lang.String[])", "coll(java.util.List<java.lang.Integer>)",
		"coll(java.util.Set<java.lang.String>)", "grid(int[][])", "grid(double[][])", "ch(char)", "ch(int)", "role(a.Role)", "role(java.lang.String)",
		"shape(a.Circle)", "shape(a.Square)", "tie(java.util.UUID)", "tie(java.net.URI)",
		"find(long id, java.lang.String name, a.Role role, java.util.List<java.lang.Integer> ages)", "find(long id)", "mixed(int a, java.lang.String)",
		"partly(a.Partly)", "unknown(b.Unknown, a.Role)", "shorts(java.util.List<java.lang.Short>)", "floating(a.Floating)", "animal(a.Animal)", "any(java.lang.Object)", "none()", "nothing(java.lang.String)",
	} {
		s.Methods = append(s.Methods, declared(d))
	}
	return s
}

// loadedWith returns a call that knows the schema, and the schema's ID.
func loadedWith(t testing.TB, s config.Schema) (*Call, string) {
	t.Helper()
	all := new(Schemas)
	made, err := all.Load(s.Text())
	if err != nil {
		t.Fatal(err)
	}
	return &Call{Schemas: all}, made.ID()
}

// check makes a call and compares its arguments, or the detail of a problem that begins with its status.
func check(t *testing.T, c *Call, name, want, body string, headers ...string) {
	t.Helper()
	frame, bad := start(c, body, headers...)
	got := ""
	if bad != nil {
		p := problemOf(t, bad)
		if got = fmt.Sprintf("%d %s", p.Status, p.Detail); strings.HasPrefix(got, want) {
			return
		}
	} else {
		got = args(t, frame)
	}
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", name, got, want)
	}
}
