package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

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

func TestMethodInvoke(t *testing.T) {
	s := shop()
	s.Methods = []config.Method{declared("m(java.util.List<a.Role>)"), declared("n(b.Unknown)")}
	s.Methods[0].Invoke, s.Methods[1].Invoke = "generic", "typed"
	c, id := loadedWith(t, s)
	check(t, c, "generic", generic+`string["java.util.List"] hessian.Object[["ADMIN"]]`, `[["ADMIN"]]`, ":path", "/a.B/m", config.SchemaHeader, id)
	check(t, c, "typed", `"n" "Lb/Unknown;" {"a":1}`, `[{"a":1}]`, ":path", "/a.B/n", config.SchemaHeader, id)
}
