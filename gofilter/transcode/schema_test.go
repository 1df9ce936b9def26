package transcode

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// signature makes a method of a Java declaration: "find(long id, java.util.List<a.User> users)".
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

// Every type, alone, as dubbo-go-hessian2 reads it.
func TestSchemaTypes(t *testing.T) {
	for _, tt := range []struct{ typ, json, want string }{
		{"boolean", `true`, `"Z" true`},
		{"byte", `-128`, `"B" -128`},
		{"short", `32767`, `"S" 32767`},
		{"char", `"ß"`, `"C" "ß"`},
		{"int", `-2147483648`, `"I" -2147483648`},
		{"long", `5`, `"J" 5L`},
		{"float", `0.5`, `"F" 0.5D`},
		{"float", `16777216`, `"F" 1.6777216e+07D`},
		{"float", `3.4028235e38`, `"F" 3.4028235e+38D`},
		{"double", `1`, `"D" 1D`},
		{"java.lang.Long", `5`, `"Ljava/lang/Long;" 5L`},
		{"java.lang.Integer", `null`, `"Ljava/lang/Integer;" null`},
		{"java.lang.String", `"a😀"`, `"Ljava/lang/String;" "a😀"`},
		{"java.lang.CharSequence", `"a"`, `"Ljava/lang/CharSequence;" "a"`},
		{"java.math.BigDecimal", `12345678901234567890.10`, `"Ljava/math/BigDecimal;" 12345678901234567890.10`},
		{"java.math.BigDecimal", `"1.50"`, `"Ljava/math/BigDecimal;" 1.50`},
		{"java.math.BigInteger", `123456789012345678901234567890`, `"Ljava/math/BigInteger;" 123456789012345678901234567890`},
		{"java.math.BigInteger", `"-4294967296"`, `"Ljava/math/BigInteger;" -4294967296`},
		{"java.math.BigInteger", `0`, `"Ljava/math/BigInteger;" 0`},
		{"java.util.Date", `"2024-02-29T13:14:15.16Z"`, `"Ljava/util/Date;" @1709212455160`},
		{"java.util.Date", `-5`, `"Ljava/util/Date;" @-5`},
		{"java.sql.Timestamp", `"2024-02-29T14:14:15+01:00"`, `"Ljava/sql/Timestamp;" java.sql.Timestamp{"value":@1709212455000}`},
		{"java.util.Calendar", `5`, `"Ljava/util/Calendar;" com.alibaba.com.caucho.hessian.io.CalendarHandle{"date":@5}`},
		{"java.time.LocalDate", `"2024-02-29"`, `"Ljava/time/LocalDate;" {2024 2 29}`},
		{"java.time.LocalTime", `"13:14:15.5"`, `"Ljava/time/LocalTime;" {13 14 15 500000000}`},
		{"java.time.LocalTime", `"13:14"`, `"Ljava/time/LocalTime;" {13 14 0 0}`},
		{"java.time.LocalDateTime", `"2024-02-29T13:14:15"`, `"Ljava/time/LocalDateTime;" {{2024 2 29} {13 14 15 0}}`},
		{"java.time.Instant", `"2024-02-29T13:14:15.000000160Z"`, `"Ljava/time/Instant;" {1709212455 160}`},
		{"java.time.OffsetDateTime", `"2024-02-29T13:14:15+05:30"`, `"Ljava/time/OffsetDateTime;" {{{2024 2 29} {13 14 15 0}} {19800}}`},
		{"java.time.OffsetTime", `"13:14:15Z"`, `"Ljava/time/OffsetTime;" {{13 14 15 0} {0}}`},
		{"java.time.ZonedDateTime", `"2024-02-29T13:14:15+01:00[Europe/Berlin]"`, `"Ljava/time/ZonedDateTime;" {{{2024 2 29} {13 14 15 0}} {3600} Europe/Berlin}`},
		{"java.time.Duration", `"PT1H30M0.5S"`, `"Ljava/time/Duration;" {5400 500000000}`},
		{"java.time.Duration", `"-PT1.5S"`, `"Ljava/time/Duration;" {-2 500000000}`},
		{"java.time.Duration", `"P1DT-1S"`, `"Ljava/time/Duration;" {86399 0}`},
		{"java.time.Period", `"P1Y2M3W4D"`, `"Ljava/time/Period;" {25 2 1}`},
		{"java.time.Period", `"-P1Y"`, `"Ljava/time/Period;" {0 0 -1}`},
		{"java.time.Year", `2024`, `"Ljava/time/Year;" {2024}`},
		{"java.time.YearMonth", `"2024-02"`, `"Ljava/time/YearMonth;" {2 2024}`},
		{"java.time.MonthDay", `"--02-29"`, `"Ljava/time/MonthDay;" {2 29}`},
		{"java.time.ZoneOffset", `"-01:00"`, `"Ljava/time/ZoneOffset;" {-3600}`},
		{"java.util.UUID", `"123e4567-e89b-12d3-a456-426614174000"`, `"Ljava/util/UUID;" 123e4567-e89b-12d3-a456-426614174000`},
		{"java.net.URI", `"http://a/b"`, `"Ljava/net/URI;" java.net.URI{"string":"http://a/b"}`},
		{"byte[]", `"AQL/"`, `"[B" x0102ff`},
		{"byte[]", `[1,-1,255]`, `"[B" x01ffff`},
		{"char[]", `"ab"`, `"[C" "ab"`},
		{"char[]", `["a","b"]`, `"[C" "ab"`},
		{"int[]", `[1,2]`, `"[I" int32[1 2]`},
		{"long[][]", `[[1],[]]`, `"[[J" []int64[int64[1L] int64[]]`},
		{"java.lang.String[]", `["a",null]`, `"[Ljava/lang/String;" string["a" ""]`},
		{"a.Address[]", `[{"city":"x"}]`, `"[La/Address;" [a.Address{"city":"x"}]`},
		{"java.util.List<a.Address>", `[{"city":"x"},{"street":"y","city":"z"},{}]`, `"Ljava/util/List;" [a.Address{"city":"x"} a.Address{"city":"z" "street":"y"} a.Address{}]`},
		{"java.util.List<? extends a.Address>", `[{"city":"x"}]`, `"Ljava/util/List;" [a.Address{"city":"x"}]`},
		{"java.util.Collection<java.lang.Long>", `[1]`, `"Ljava/util/Collection;" [1L]`},
		{"java.util.Map<java.lang.Integer, java.util.List<a.Role>>", `{"7":["ADMIN"]}`, `"Ljava/util/Map;" {7:[a.Role{"name":"ADMIN"}]}`},
		{"java.util.Map<java.lang.Long, java.lang.Long>", `{"7":8}`, `"Ljava/util/Map;" {7L:8L}`},
		{"java.util.Map<java.lang.Boolean, java.lang.String>", `{"true":"x"}`, `"Ljava/util/Map;" {true:"x"}`},
		{"java.util.Map", `{"a":[1]}`, `"Ljava/util/Map;" {"a":[1]}`},
		{"a.Role", `"ADMIN"`, `"La/Role;" a.Role{"name":"ADMIN"}`},
		{"a.Outer.Kind", `"ONE"`, `"La/Outer$Kind;" a.Outer$Kind{"name":"ONE"}`},
		{"a.User", `{"age":5,"role":"MEMBER","home":{"city":"x"},"all":[{"city":"y"}],"other":{"a":[{}]},"id":1}`,
			`"La/User;" a.User{"age":5 "all":[a.Address{"city":"y"}] "home":a.Address{"city":"x"} "id":1L "role":a.Role{"name":"MEMBER"}}`},
		{"a.User", `null`, `"La/User;" null`},
		{"a.Named", `{"user_name":"x","userName":"y"}`, `"La/Named;" a.Named{"userName":"x"}`},
		{"a.Node", `{"value":1,"next":{"value":2,"next":null},"more":{"k":{"value":3}}}`,
			`"La/Node;" a.Node{"more":{"k":a.Node{"value":3}} "next":a.Node{"next":null "value":2} "value":1}`},
		{"a.Pair<a.Role, a.Address>", `{"first":"ADMIN","second":{"city":"x"}}`, `"La/Pair;" a.Pair{"first":a.Role{"name":"ADMIN"} "second":a.Address{"city":"x"}}`},
		{"java.util.Optional<java.lang.String>", `null`, `"Ljava/util/Optional;" null`},
		{"a.Box<a.Role>", `{"value":"ADMIN","list":["MEMBER"]}`, `"La/Box;" a.Box{"list":[a.Role{"name":"MEMBER"}] "value":a.Role{"name":"ADMIN"}}`},
		{"a.Box", `{"value":"ADMIN"}`, `"La/Box;" a.Box{"value":"ADMIN"}`},
		{"a.Animal", `{"class":"a.Dog","legs":4,"name":"Rex"}`, `"La/Animal;" a.Dog{"legs":4 "name":"Rex"}`},
		{"a.Animal", `{"name":"Rex","class":"a.Animal"}`, `"La/Animal;" a.Animal{"name":"Rex"}`},
		{"java.lang.Object", `{"a":{"class":"a.Dog","legs":4},"b":{"class":"x.Y","legs":4}}`, `"Ljava/lang/Object;" {"a":a.Dog{"legs":4} "b":{"class":"x.Y" "legs":4}}`},
		{"T", `[1,"a"]`, `"Ljava/lang/Object;" [1 "a"]`},
		{"java.lang.Number", `5`, `"Ljava/lang/Number;" 5`},
	} {
		s := shop()
		s.Methods = []config.Method{declared("m(" + tt.typ + ")")}
		c, id := loadedWith(t, s)
		frame, bad := start(c, "["+tt.json+"]", ":path", "/a.B/m", config.SchemaHeader, id)
		if bad != nil {
			t.Errorf("%s %s: %s", tt.typ, tt.json, bad.Body)
			continue
		}
		if got := args(t, frame); got != `"m" `+tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.typ, tt.json, got, `"m" `+tt.want)
		}
	}
}

// What Hessian list and map types say to a Java provider, which the oracle does not show.
func TestSchemaHessianTypes(t *testing.T) {
	for typ, want := range map[string]string{
		"java.util.Set<java.lang.String>": "java.util.HashSet", "java.util.SortedSet<java.lang.String>": "java.util.TreeSet", "java.util.LinkedHashSet<java.lang.String>": "java.util.LinkedHashSet",
		"java.util.Deque<java.lang.String>": "java.util.LinkedList", "java.lang.Integer[]": "[java.lang.Integer", "a.Address[]": "[a.Address", "a.Address[][]": "[[a.Address",
		"java.util.Date[]": "[date", "java.lang.Object[]": "[object", "java.lang.String[]": "[string", "short[]": "[short", "byte[][]": "[[byte",
		"java.util.List<java.lang.String>": "", "java.util.Map<java.lang.String,java.lang.String>": "", "java.util.SortedMap<java.lang.String,java.lang.String>": "java.util.TreeMap",
		"java.util.concurrent.ConcurrentMap<java.lang.String,java.lang.String>": "java.util.concurrent.ConcurrentHashMap",
	} {
		s := shop()
		s.Methods = []config.Method{declared("m(" + typ + ")")}
		c, id := loadedWith(t, s)
		body := "[[]]"
		if strings.Contains(typ, "Map") {
			body = "[{}]"
		}
		frame, bad := start(c, body, ":path", "/a.B/m", config.SchemaHeader, id)
		if bad != nil {
			t.Errorf("%s: %s", typ, bad.Body)
			continue
		}
		var r dubbo.Reader
		r.Reset(frame[dubbo.HeaderSize:], 0)
		for range 5 {
			if err := r.Skip(); err != nil {
				t.Fatal(err)
			}
		}
		var n dubbo.Nested
		var err error
		if r.Kind() == dubbo.Map {
			n, err = r.Map()
		} else {
			n, err = r.List()
		}
		if err != nil || string(n.Type) != want {
			t.Errorf("%s: type %q, %v, want %q", typ, n.Type, err, want)
		}
	}
}

func TestSchemaRefusals(t *testing.T) {
	for _, tt := range []struct{ typ, json, want string }{
		{"int", `null`, `argument 0, byte 1 (at "/0"): expected int (an integer of 32 bits), found null`},
		{"int", `2147483648`, `found 2147483648`},
		{"int", `"7"`, `found the string "7"`},
		{"a.Role", `"BOSS"`, `expected a.Role (MEMBER, ADMIN), found the string "BOSS"`},
		{"a.User", `{"home":{"city":5}}`, `argument 0, byte 17 (at "/0/home/city"): expected java.lang.String (a string), found 5`},
		{"a.User", `[]`, `expected a.User (an object), found an array`},
		{"a.User", `{"age":null}`, `expected int (an integer of 32 bits), found null`},
		{"java.util.List<a.User>", `{}`, `expected java.util.List (an array), found an object`},
		{"java.util.List<java.lang.Long>", `[1,"x"]`, `(at "/0/1"): expected java.lang.Long (an integer of 64 bits), found the string "x"`},
		{"java.util.Map<java.lang.Integer,java.lang.String>", `{"x":"y"}`, `expected a key that is java.lang.Integer (an integer of 32 bits), found "x"`},
		{"java.util.Map<a.Role,java.lang.String>", `{"x":"y"}`, `a key that is a.Role (MEMBER, ADMIN)`},
		{"java.time.LocalDate", `"2024-02-30"`, `expected java.time.LocalDate (text such as 2024-02-29), found the string "2024-02-30"`},
		{"java.time.Duration", `"P"`, `java.time.Duration`}, {"java.time.Duration", `"PT"`, `java.time.Duration`}, {"java.time.Duration", `"PT1.5H"`, `java.time.Duration`},
		{"java.time.Duration", `"PT9223372036854775807S"`, `java.time.Duration`}, {"java.time.Period", `"P1"`, `java.time.Period`}, {"java.time.ZonedDateTime", `"2024-02-29T13:14:15+01:00[a b]"`, `ZonedDateTime`},
		{"java.util.Date", `"2024-02-29 13:14:15"`, `RFC 3339`}, {"java.util.Date", `"2024-02-29"`, `RFC 3339`},
		{"java.util.Optional<java.lang.String>", `"x"`, `expected java.util.Optional (null alone: it is not Serializable, so that Dubbo cannot send one; declare the method with the value itself, which may be null), found the string "x"`}, {"java.util.OptionalInt", `7`, `null alone`}, {"java.util.Optional", `{"value":1}`, `null alone`}, {"java.util.List<java.util.Optional<a.User>>", `[{}]`, `null alone`},
		{"java.math.BigInteger", `1.5`, `expected java.math.BigInteger (an integer, or one in a string, of at most 10000 digits), found 1.5`}, {"java.math.BigInteger", `"` + strings.Repeat("9", 20000) + `"`, `BigInteger`},
		{"byte[]", `"?"`, `base64`}, {"char[]", `["ab"]`, `expected char (a string of one character), found the string "ab"`}, {"char", `""`, `char`},
		{"a.Animal", `{"class":"a.Address"}`, `expected the class a.Animal or one of the service's classes that has all of its fields, found "a.Address"`},
		{"a.Animal", `{"class":"java.io.File"}`, `found "java.io.File"`},
		{"a.Animal", `{"class":5}`, `found 5`},
		{"a.Animal", `{"name":"x","class":"a.Dog"}`, `expected the member class in front of the others`},
		{"a.User", `{"id":1,"id":2}`, `occurs twice`},
		{"a.User", `{"id":1`, `malformed JSON`},
		{"java.lang.Number", `"5"`, `expected java.lang.Number (a number)`},
		{"a.Node", strings.Repeat(`{"next":`, 200) + "null" + strings.Repeat("}", 200), `nested less deeply`},
		{"long", `1,2`, `more than 1 arguments were given for 1 types of m(long)`},
	} {
		s := shop()
		s.Methods = []config.Method{declared("m(" + tt.typ + ")")}
		c, id := loadedWith(t, s)
		_, bad := start(c, "["+tt.json+"]", ":path", "/a.B/m", config.SchemaHeader, id)
		if bad == nil {
			t.Errorf("%s %.80s is accepted", tt.typ, tt.json)
			continue
		}
		if p := problemOf(t, bad); p.Status != 400 || !strings.Contains(p.Detail, tt.want) {
			t.Errorf("%s %.80s:\n got %d %.300s\nwant %s", tt.typ, tt.json, p.Status, p.Detail, tt.want)
		}
	}
}

func TestOverloads(t *testing.T) {
	c, id := loadedWith(t, shop())
	invoke := `"$invoke" "` + genericDescriptor + `" `
	for _, tt := range []struct{ method, body, want string }{
		{"over", `[1]`, `"over" "I" 1`},
		{"over", `1`, `"over" "I" 1`},
		{"over", `["x"]`, `"over" "Ljava/lang/String;" "x"`},
		{"over", `["2024-02-29T13:14:15Z"]`, `"over" "Ljava/util/Date;" @1709212455000`},
		{"over", `[{"age":1}]`, `"over" "La/User;" a.User{"age":1}`},
		{"over", `{"name":"x"}`, "400 several overloads of over take these 1 arguments; name the types in x-dubbo-parameter-types for one of: over(int), over(java.lang.String), over(a.User)"},
		{"over", `[[{"id":1}]]`, `"over" "Ljava/util/List;" [a.User{"id":1L}]`},
		{"over", `[1,"x"]`, `"over" "ILjava/lang/String;" 1 "x"`},
		{"over", `[true]`, "400 no overload of over takes these 1 arguments"},
		{"over", `[1,2,3]`, "400 no overload of over takes these 3 arguments"},
		{"over", ``, "400 no overload of over takes these 0 arguments"},
		{"over", `[1`, "400 byte 2"},
		{"same", `[{"city":"x"}]`, `"same" "La/Address;" a.Address{"city":"x"}`},
		{"same", `[{"x":"y"}]`, `"same" "Ljava/util/Map;" {"x":"y"}`},
		{"tie", `["x"]`, "400 several overloads of tie take these 1 arguments; name the types in x-dubbo-parameter-types for one of: tie(java.util.UUID), tie(java.net.URI)"},
		{"sum", `[1.5]`, `"sum" "Ljava/lang/Double;" 1.5D`},
		{"sum", `[1]`, `"sum" "Ljava/lang/Double;" 1D`},
		{"sum", `[12345678901234567890.123456789]`, `"sum" "Ljava/math/BigDecimal;" 12345678901234567890.123456789`},
		{"sum", `[12345678901234567890]`, `"sum" "Ljava/math/BigDecimal;" 12345678901234567890`},
		{"sum", `[0.30000000000000004]`, `"sum" "Ljava/lang/Double;" 0.30000000000000004D`},
		{"sum", `[0.10000000000000001]`, `"sum" "Ljava/math/BigDecimal;" 0.10000000000000001`},
		{"count", `[9223372036854775807]`, `"count" "J" 9223372036854775807L`},
		{"count", `[9223372036854775808]`, `"count" "Ljava/math/BigInteger;" 9223372036854775808`},
		{"any", `[12345678901234567890.123456789]`, `400 argument 0, byte 1 (at "/0"): expected a number for a double that holds all digits (it would become 1.2345678901234567e+19: send that; or name the type java.math.BigDecimal in x-dubbo-parameter-types, or send a string), found 12345678901234567890.123456789`},
		// All elements of an array count.
		{"nums", `[[1,2]]`, `"nums" "[I" int32[1 2]`},
		{"nums", `[[1,9999999999]]`, `"nums" "[J" int64[1L 9999999999L]`},
		{"nums", `[[1,2.5]]`, `"nums" "[D" float64[1D 2.5D]`},
		{"nums", `[[1,12345678901234567890.5]]`, "400 no overload of nums takes these 1 arguments"},
		{"nums", `[[null,"a"]]`, `"nums" "[Ljava/lang/String;" string["" "a"]`},
		{"nums", `[["a",1]]`, "400 no overload of nums takes these 1 arguments"},
		{"nums", `[[]]`, "400 several overloads of nums take these 1 arguments"},
		{"coll", `[[null,1]]`, `"coll" "Ljava/util/List;" [null 1]`},
		{"coll", `[["a",null]]`, `"coll" "Ljava/util/Set;" ["a" null]`},
		{"coll", `[[null]]`, "400 several overloads of coll take these 1 arguments"},
		{"grid", `[[[1],[2.5]]]`, `"grid" "[[D" []float64[float64[1D] float64[2.5D]]`},
		// The member class stands in front, or it is refused: a map in the place of the object would be made otherwise.
		{"any", `[{"class":"a.Address","city":"x"}]`, `"any" "Ljava/lang/Object;" a.Address{"city":"x"}`},
		{"any", `[{"city":"x","class":"a.Address"}]`, `400 argument 0, byte 21 (at "/0/class"): expected the member class in front of the others, since it says what they are, found "a.Address"`},
		{"any", `[[{"a":{"city":"x","class":"a.Address"}}]]`, `400 argument 0, byte 27 (at "/0/0/a/class"): expected the member class in front`},
		{"any", `[{"city":"x","class":"other.Address"}]`, `"any" "Ljava/lang/Object;" {"city":"x" "class":"other.Address"}`},
		{"any", `[{"city":"x","class":7}]`, `"any" "Ljava/lang/Object;" {"city":"x" "class":7}`},
		// A char is one UTF-16 unit, however it is written.
		{"ch", `["é"]`, `"ch" "C" "é"`},
		{"ch", `["\u0041"]`, `"ch" "C" "A"`},
		{"ch", `["\\"]`, `"ch" "C" "\\"`},
		{"ch", `["😀"]`, "400 no overload of ch takes these 1 arguments"},
		{"ch", `["\ud83d\ude00"]`, "400 no overload of ch takes these 1 arguments"},
		{"ch", `[5]`, `"ch" "I" 5`},
		{"role", `["\u0041DMIN"]`, `"role" "La/Role;" a.Role{"name":"ADMIN"}`},
		// The member class decides.
		{"shape", `[{"class":"a.Circle","color":"red"}]`, `"shape" "La/Circle;" a.Circle{"color":"red"}`},
		{"shape", `[{"class":"a.Square","color":"red"}]`, `"shape" "La/Square;" a.Square{"color":"red"}`},
		{"shape", `[{"color":"red","side":1}]`, `"shape" "La/Square;" a.Square{"color":"red" "side":1}`},
		{"shape", `[{"class":"a.Nothing","color":"red"}]`, "400 several overloads of shape take these 1 arguments"},
		{"shape", `[{"class":"a.Address","color":"red"}]`, "400 no overload of shape takes these 1 arguments"},
		{"none", ``, `"none" ""`},
		{"nothing", ``, "400 0 arguments were given for 1 types of nothing(java.lang.String)"},
		// What is not known goes the generic way; what is known is converted all the same.
		{"partly", `[{"what":{"a":1},"role":"ADMIN"}]`, invoke + `"partly" string["a.Partly"] hessian.Object[{"role":"ADMIN" "what":{"a":1}}]`},
		{"unknown", `[{"a":1},"ADMIN"]`, invoke + `"unknown" string["b.Unknown" "a.Role"] hessian.Object[{"a":1} "ADMIN"]`},
		{"shorts", `[[1]]`, invoke + `"shorts" string["java.util.List"] hessian.Object[[1]]`},
		// Dubbo 3.3.6 reads a float in an object wrongly.
		{"floating", `[{"f":0.5}]`, invoke + `"floating" string["a.Floating"] hessian.Object[{"f":0.5D}]`},
		{"animal", `[{"class":"a.Floating","f":0.5}]`, invoke + `"animal" string["a.Animal"] hessian.Object[{"class":"a.Floating" "f":0.5D}]`},
		{"any", `[{"class":"a.Floating","f":0.5}]`, invoke + `"any" string["java.lang.Object"] hessian.Object[{"class":"a.Floating" "f":0.5D}]`},
		{"other", `[1]`, invoke + `"other" null hessian.Object[1]`},
	} {
		check(t, c, tt.method+" "+tt.body, tt.want, tt.body, ":path", "/a.B/"+tt.method, config.SchemaHeader, id)
	}
	// What stands behind the first megabyte of an argument does not decide: here int[] does not take it.
	long := "[[" + strings.Repeat("1,", maxLooks) + "2.5]]"
	check(t, c, "long", fmt.Sprintf(`400 argument 0, byte %d (at "/0/%d"): expected int`, 2*maxLooks+2, maxLooks), long, ":path", "/a.B/nums", config.SchemaHeader, id)
	// The request's own types come first.
	check(t, c, "typed", `"over" "Ljava/util/List;" [a.User{"id":1L}]`, `[[{"id":1}]]`, ":path", "/a.B/over", config.SchemaHeader, id, types, "java.util.List")
	check(t, c, "other type", `"over" "J" 1L`, `[1]`, ":path", "/a.B/over", config.SchemaHeader, id, types, "long")
	check(t, c, "generic", invoke+`"over" string["a.User"] hessian.Object[{"role":"ADMIN"}]`, `[{"role":"ADMIN"}]`, ":path", "/a.B/over", config.SchemaHeader, id, types, "a.User", "x-dubbo-invoke", "generic")
	// A client's own headers do no harm.
	check(t, c, "unknown schema", invoke+`"over" null hessian.Object[1]`, `[1]`, ":path", "/a.B/over", config.SchemaHeader, "0123456789abcdef", config.OperationHeader, "0")
	check(t, c, "strange schema", invoke+`"over" null hessian.Object[1]`, `[1]`, ":path", "/a.B/over", config.SchemaHeader, "x", config.OperationHeader, "-1")
	check(t, c, "unknown operation", `"over" "I" 1`, `[1]`, ":path", "/a.B/over", config.SchemaHeader, id, config.OperationHeader, "7")
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

func TestMethodInvoke(t *testing.T) {
	s := shop()
	s.Methods = []config.Method{declared("m(java.util.List<a.Role>)"), declared("n(b.Unknown)")}
	s.Methods[0].Invoke, s.Methods[1].Invoke = "generic", "typed"
	c, id := loadedWith(t, s)
	check(t, c, "generic", generic+`string["java.util.List"] hessian.Object[["ADMIN"]]`, `[["ADMIN"]]`, ":path", "/a.B/m", config.SchemaHeader, id)
	check(t, c, "typed", `"n" "Lb/Unknown;" {"a":1}`, `[{"a":1}]`, ":path", "/a.B/n", config.SchemaHeader, id)
}

// Objects with many different sets of members are written; with too many the call is made generic.
func TestManyShapes(t *testing.T) {
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("int f%d", i))
	}
	s := config.Schema{Service: "a.B", Classes: map[string]config.Class{"a.Wide": fields(names...)}, Methods: []config.Method{declared("m(java.util.List<a.Wide>)")}}
	c, id := loadedWith(t, s)
	sparse := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,{"f0":1`)
			for bit := range 11 {
				if i>>bit&1 == 1 {
					fmt.Fprintf(&b, `,"f%d":%d`, bit+1, i)
				}
			}
			b.WriteString("}")
		}
		return "[[" + b.String()[1:] + "]]"
	}
	for n, method := range map[int]string{300: `"m"`, 2000: `"$invoke"`} {
		frame, bad := start(c, sparse(n), ":path", "/a.B/m", config.SchemaHeader, id)
		if bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		got := args(t, frame)
		if !strings.HasPrefix(got, method) || strings.Count(got, `"f0":1`) != n || !strings.Contains(got, fmt.Sprintf(`"f1":%d `, 255)) {
			t.Errorf("%d shapes: %.100s", n, got)
		}
	}
}

func TestSchemas(t *testing.T) {
	var all Schemas
	text := shop().Text()
	one, err := all.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := all.Load(text)
	if err != nil || again != one {
		t.Errorf("loaded again: %p, %v, want %p", again, err, one)
	}
	spaced, err := all.Load(append([]byte(" "), text...))
	if err != nil || spaced != one {
		t.Errorf("loaded in other words: %p, %v, want %p", spaced, err, one)
	}
	other, err := all.Load([]byte(`{"service":"a.C"}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		all.Release(one)
		if all.Find([]byte(one.ID())) != one {
			t.Fatal("gone too early")
		}
	}
	all.Release(one)
	if all.Find([]byte(one.ID())) != nil || all.Find([]byte(other.ID())) != other {
		t.Error("the wrong one is gone")
	}
	all.Release(one) // once too often does no harm
	if _, err := all.Load([]byte(`{"service":""}`)); err == nil {
		t.Error("a bad schema is loaded")
	}
	var none *Schemas
	if none.Find([]byte(one.ID())) != nil {
		t.Error("found in none")
	}
}

// Calls find schemas while others come and go.
func TestSchemasAtOnce(t *testing.T) {
	var all Schemas
	kept, err := all.Load(shop().Text())
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for g := range 4 {
		running.Go(func() {
			for i := range 300 {
				s, err := all.Load(fmt.Appendf(nil, `{"service":"a.C%d"}`, (g+i)%50))
				if err != nil || all.Find([]byte(s.ID())) != s || all.Find([]byte(kept.ID())) != kept {
					t.Errorf("%v", err)
				}
				all.Release(s)
			}
		})
	}
	running.Wait()
	if len(all.uses) != 1 {
		t.Errorf("%d are left", len(all.uses))
	}
}

// Metadata may have any class lead anywhere: making types ends.
func TestEndlessTypes(t *testing.T) {
	s := config.Schema{Service: "a.B", Methods: []config.Method{declared("m(a.Grow<java.lang.String> g)")},
		Classes: map[string]config.Class{"a.Grow": fields("a.Grow<a.Grow<T>> a", "a.Grow<java.util.List<T>> b", "T[] c")}}
	if _, err := NewSchema(s); err != nil {
		t.Fatal(err)
	}
}

// FuzzSchemaArguments checks that any body is refused with a problem or becomes a frame that can be read to its end.
func FuzzSchemaArguments(f *testing.F) {
	s := shop(config.Operation{Verb: "POST", Path: "/x/{id}", Method: "over", Parameters: []config.Binding{{From: "path", Name: "id", Type: "int"}, {From: "field", Name: "s", Type: "java.lang.String"}}})
	all := fields("boolean z", "byte b", "char c", "float f", "java.lang.Double d", "java.math.BigDecimal bd", "java.math.BigInteger bi", "java.util.Date date", "java.sql.Timestamp ts", "java.time.LocalDate ld",
		"java.time.ZonedDateTime zdt", "java.time.Duration du", "java.time.Period pe", "java.time.Year y", "java.util.UUID uuid", "byte[] bytes", "char[] chars", "int[][] ints", "java.lang.String[] strings", "a.All[] alls",
		"java.util.List<a.All> list", "java.util.Set<a.Role> set", "java.util.Map<java.lang.Long,a.All> map", "java.util.TreeMap<java.time.LocalDate,java.lang.Object> tree", "a.Role role", "java.lang.Object any", "java.lang.Number number", "a.Animal animal", "a.Box<a.User> box")
	s.Classes["a.All"] = all
	s.Methods = append(s.Methods, declared("all(a.All)"))
	c, id := loadedWith(f, s)
	for _, body := range []string{
		`[{"z":true,"b":1,"c":"x","f":0.5,"d":1,"bd":"1.5","bi":99999999999999999999,"date":5,"ts":"2024-02-29T13:14:15Z","ld":"2024-02-29","zdt":"2024-02-29T13:14:15Z","du":"PT1S","pe":"P1D","y":2024,"uuid":"x"}]`,
		`[{"bytes":"AQ==","chars":"ab","ints":[[1]],"strings":["a"],"alls":[{"z":true},{"b":1}],"list":[{"list":[{}]}],"set":["ADMIN"],"map":{"1":{}},"tree":{"2024-02-29":{"class":"a.All","z":false}}}]`,
		`[{"any":{"class":"a.Dog","legs":4},"number":5,"animal":{"class":"a.Dog"},"box":{"value":{"id":1},"list":[{"id":2}]}}]`,
		`[1]`, `["x"]`, `[{"id":1}]`, `[[{"id":1}]]`, `[1,"x"]`, `{"class":"a.Dog"}`, `{"s":"x"}`, `[{"what":1}]`,
	} {
		for _, method := range []string{"all", "over", "same", "partly", "!"} {
			f.Add([]byte(body), method, false)
		}
		f.Add([]byte(body), "all", true)
	}
	f.Fuzz(func(t *testing.T, body []byte, method string, generic bool) {
		headers := []string{":path", "/a.B/" + method, config.SchemaHeader, id}
		if method == "!" {
			headers = []string{":path", "/x/5?a=b", config.SchemaHeader, id, config.OperationHeader, "0"}
		}
		if generic {
			headers = append(headers, "x-dubbo-invoke", "generic")
		}
		frame, bad := start(c, string(body), headers...)
		if bad != nil {
			problemOf(t, bad)
			return
		}
		frame = bytes.Clone(frame)
		var r dubbo.Reader
		r.Reset(frame[dubbo.HeaderSize:], 0)
		for r.Kind() != dubbo.Invalid {
			if err := r.Skip(); err != nil {
				t.Fatalf("%q: %v", frame, err)
			}
		}
		if r.Offset() != len(frame)-dubbo.HeaderSize {
			t.Fatalf("%q: read to %d", frame, r.Offset())
		}
	})
}
