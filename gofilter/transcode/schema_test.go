package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

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

// Metadata may have any class lead anywhere: making types ends.
func TestEndlessTypes(t *testing.T) {
	s := config.Schema{Service: "a.B", Methods: []config.Method{declared("m(a.Grow<java.lang.String> g)")},
		Classes: map[string]config.Class{"a.Grow": fields("a.Grow<a.Grow<T>> a", "a.Grow<java.util.List<T>> b", "T[] c")}}
	if _, err := NewSchema(s); err != nil {
		t.Fatal(err)
	}
}
