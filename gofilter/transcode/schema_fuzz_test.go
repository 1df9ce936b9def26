package transcode

import (
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

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
		readable(t, frame)
	})
}
