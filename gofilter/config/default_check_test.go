package config

import "testing"

func TestCheckDefault(t *testing.T) {
	classes := map[string]Class{"a.Role": {Enum: []string{"ADMIN", "MEMBER"}}, "a.User": {Fields: []Parameter{{Name: "id", Type: "long"}}}}
	for _, x := range []struct {
		java, text string
		want       string
	}{
		{"int", "7", ""},
		{"int", `"7"`, ""},
		{"int", "x", ""}, // no JSON: told elsewhere
		{"int", `"x"`, `"x" is no value of int`},
		{"int", "99999999999", "99999999999 is no value of int"},
		{"long", "99999999999", ""},
		{"int", "1.5", "1.5 is no value of int"},
		{"int", "null", "null is no value of int"},
		{"java.lang.Integer", "null", ""},
		{"java.lang.Byte", "128", "128 is no value of java.lang.Byte"},
		{"double", "1e400", "1e400 is no value of double"},
		{"java.math.BigDecimal", "1e400", ""},
		{"java.math.BigInteger", "1.5", "1.5 is no value of java.math.BigInteger"},
		{"boolean", "true", ""},
		{"boolean", `"yes"`, `"yes" is no value of boolean`},
		{"char", `"é"`, ""},
		{"char", `"ab"`, `"ab" is no value of char`},
		{"java.lang.String", "5", ""},
		{"java.lang.String", "[]", "[] is no value of java.lang.String"},
		{"a.Role", `"ADMIN"`, ""},
		{"a.Role", `"BOSS"`, `"BOSS" is no value of a.Role; write one of ADMIN, MEMBER`},
		{"a.User", `{"id":1}`, ""},
		{"a.User", "5", "5 is no value of a.User"},
		{"a.Unknown", "5", ""},
		{"java.util.List<java.lang.Integer>", "[1,2]", ""},
		{"java.util.List<java.lang.Integer>", `[1,"x"]`, `"x" is no value of java.lang.Integer`},
		{"int[]", "[[1]]", "[1] is no value of int"},
		{"byte[]", `"aGk="`, ""},
		{"java.util.Map<java.lang.String,java.lang.Integer>", "{}", ""},
	} {
		got := ""
		if err := CheckDefault(x.java, x.text, classes); err != nil {
			got = err.Error()
		}
		if got != x.want {
			t.Errorf("%s %s: %q, want %q", x.java, x.text, got, x.want)
		}
	}
}
