package transcode

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// described makes a call of which a schema says something and gives the response to the answer that write makes.
func described(t *testing.T, s *config.Schema, o *config.Operation, returns string, write func(w *dubbo.Writer), headers ...string) *Response {
	t.Helper()
	c := new(Call)
	if _, bad := start(c, "", append([]string{":path", "/a.B/m"}, headers...)...); bad != nil {
		t.Fatalf("%s", bad.Body)
	}
	if s != nil {
		c.answers = newAnswers(s)
	}
	c.operation, c.returns = o, returns
	_, done := c.Upstream(reply(c, 20, write), false)
	if done == nil {
		t.Fatal("no response")
	}
	if len(done.Body) > 0 && !json.Valid(done.Body) {
		t.Errorf("%s is no JSON", done.Body)
	}
	return done
}

func of(write func(w *dubbo.Writer)) func(w *dubbo.Writer) {
	return func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); write(w) }
}

var users = &config.Schema{
	Service: "a.B",
	Classes: map[string]config.Class{
		"a.Role": {Enum: []string{"ADMIN", "MEMBER"}},
		"a.User": {
			Fields: []config.Parameter{{Name: "score", Type: "float"}, {Name: "scores", Type: "java.util.List<java.lang.Float>"}, {Name: "ratio", Type: "double"}},
			Naming: map[string]string{"userName": "user_name", "alias": "user_name", "role": "class"},
		},
	},
}

func role(w *dubbo.Writer, name string) func() {
	return func() { object(w, "a.Role", "name", name) }
}

func user(w *dubbo.Writer) {
	float := func(v float64) func() { return func() { w.Double(v) } }
	object(w, "a.User", "userName", "Ann", "score", float(float64(float32(0.1))), "ratio", float(float64(float32(0.1))),
		"scores", func() { w.ListN(1); w.Double(float64(float32(2.7))) }, "role", role(w, "ADMIN"), "boss", func() { w.Null() })
}

func TestSchemaOfResults(t *testing.T) {
	const whole = `{"user_name":"Ann","score":0.1,"ratio":0.10000000149011612,"scores":[2.7],"class":"ADMIN","boss":null}`
	for _, tt := range []struct {
		want, returns string
		write         func(w *dubbo.Writer)
		results       config.Results
		headers       []string
	}{
		{want: whole, write: user},
		{want: `[` + whole + `,` + whole + `]`, write: func(w *dubbo.Writer) { w.ListN(2); user(w); user(w) }},
		{want: `"ADMIN"`, write: func(w *dubbo.Writer) { role(w, "ADMIN")() }},
		{want: strings.Replace(whole, `,"boss":null`, "", 1), write: user, results: config.Results{Nulls: "drop"}},
		{want: strings.Replace(whole, `,"boss":null`, "", 1), write: user, headers: []string{"x-dubbo-nulls", "drop"}},
		{want: whole, write: user, results: config.Results{Nulls: "drop"}, headers: []string{"x-dubbo-nulls", "keep"}},
		{want: `{"class":"a.User",` + strings.Replace(whole, `"class":"ADMIN",`, "", 1)[1:], write: user, results: config.Results{Class: true}},
		{want: whole, write: user, results: config.Results{Class: true}, headers: []string{"x-dubbo-class", "omit"}},
		{want: `0.1`, returns: "float", write: func(w *dubbo.Writer) { w.Double(float64(float32(0.1))) }},
		{want: `0.1`, returns: "java.lang.Float", write: func(w *dubbo.Writer) { w.Double(0.1) }},
		{want: `[0.1]`, returns: "float[]", write: func(w *dubbo.Writer) { w.ListN(1); w.Double(float64(float32(0.1))) }},
		// Only a known enum is its name; anything else that has one has an object.
		{want: `{"name":"x"}`, write: func(w *dubbo.Writer) { object(w, "a.Tag", "name", "x") }},
		{want: `{"x":1,"MEMBER":2}`, write: func(w *dubbo.Writer) {
			w.UntypedMap()
			object(w, "a.Other", "name", "x")
			w.Int(1)
			role(w, "MEMBER")()
			w.Int(2)
			w.End()
		}},
	} {
		s := *users
		s.Results = tt.results
		if r := described(t, &s, nil, tt.returns, of(tt.write), tt.headers...); string(r.Body) != tt.want {
			t.Errorf("got %s, want %s", r.Body, tt.want)
		}
	}
}

func TestLongs(t *testing.T) {
	write := of(func(w *dubbo.Writer) {
		w.ListN(6)
		for _, v := range []int64{1<<53 - 1, 1 << 53, -1 << 53, 1<<63 - 1} {
			w.Long(v)
		}
		w.UntypedMap()
		w.Long(1 << 60)
		w.Int(1)
		w.End()
		object(w, "java.math.BigInteger", "signum", 1, "mag", func() { w.ListN(2); w.Int(1 << 30); w.Int(0) })
	})
	const numbers = `[9007199254740991,9007199254740992,-9007199254740992,9223372036854775807,{"1152921504606846976":1},4611686018427387904]`
	const texts = `[9007199254740991,"9007199254740992","-9007199254740992","9223372036854775807",{"1152921504606846976":1},"4611686018427387904"]`
	for header, want := range map[string]string{"": texts, "string": texts, "number": numbers} {
		if r := described(t, &config.Schema{Results: config.Results{Longs: "string"}}, nil, "", write, "x-dubbo-longs", header); string(r.Body) != want {
			t.Errorf("%q: got %s", header, r.Body)
		}
	}
	if r := described(t, nil, nil, "", write); string(r.Body) != numbers {
		t.Errorf("got %s", r.Body)
	}
	for _, name := range []string{"x-dubbo-longs", "x-dubbo-nulls", "x-dubbo-class"} {
		var c Call
		if _, bad := start(&c, "", ":path", "/a.B/m", name, "maybe"); bad == nil || bad.Status != 400 || !bytes.Contains(bad.Body, []byte(name)) {
			t.Errorf("%s: %+v", name, bad)
		}
	}
}

func TestNullsDropped(t *testing.T) {
	write := of(func(w *dubbo.Writer) {
		w.ListN(3)
		w.Null()
		w.UntypedMap()
		for _, k := range []string{"a", "b", "c"} {
			w.String(k)
			if k == "b" {
				w.Int(1)
			} else {
				w.Null()
			}
		}
		w.String("optional")
		object(w, "java.util.Optional", "value", func() { w.Null() })
		w.End()
		object(w, "a.X", "first", func() { w.Null() }, "last", func() { object(w, "a.Y", "only", func() { w.Null() }) })
	})
	if r := described(t, nil, nil, "", write, "x-dubbo-nulls", "drop"); string(r.Body) != `[null,{"b":1},{"last":{}}]` {
		t.Errorf("got %s", r.Body)
	}
}

// No object has a name twice.
func TestRepeatedNames(t *testing.T) {
	wide := []any{}
	for i := range 40 {
		wide = append(wide, "f"+string(rune('A'+i%20)), i)
	}
	for _, tt := range []struct {
		want  string
		write func(w *dubbo.Writer)
	}{
		{`{"x":2,"name":"sub"}`, func(w *dubbo.Writer) { object(w, "a.S", "name", "base", "x", 2, "name", "sub") }},
		{`{"1":"a","b":{"1":5},"true":2}`, func(w *dubbo.Writer) {
			w.UntypedMap()
			w.Int(1)
			w.String("a")
			w.String("b")
			w.UntypedMap()
			w.Int(1)
			w.Int(5)
			w.End()
			w.String("1")
			w.String("dropped")
			w.Bool(true)
			w.Int(2)
			w.String("true")
			w.ListN(0)
			w.End()
		}},
	} {
		if r := described(t, nil, nil, "", of(tt.write)); string(r.Body) != tt.want {
			t.Errorf("got %s, want %s", r.Body, tt.want)
		}
	}
	r := described(t, nil, nil, "", of(func(w *dubbo.Writer) { object(w, "a.Wide", wide...) }))
	if !strings.HasPrefix(string(r.Body), `{"fA":20,"fB":21,`) || strings.Count(string(r.Body), ":") != 20 {
		t.Errorf("got %s", r.Body)
	}
}

func TestUnwrap(t *testing.T) {
	envelope := func(w *dubbo.Writer) {
		object(w, "a.Envelope", "code", 0, "first", func() { w.ListN(1); w.Int(7) }, "userData", func() {
			w.UntypedMap()
			w.Int(1)
			w.Int(2)
			w.String("list")
			w.Ref(1)
			w.String("data")
			w.Bool(true)
			w.End()
		}, "none", func() { w.Null() })
	}
	for path, want := range map[string]string{
		"": `{"code":0,"first":[7],"userData":{"1":2,"list":[7],"data":true},"none":null}`, "code": "0", "userData.list": "[7]",
		"user_data.data": "true", "userData.nothing": "null", "nothing": "null", "nothing.more": "null", "code.more": "0", "none": "null", "none.more": "null",
	} {
		s := &config.Schema{Classes: map[string]config.Class{"a.Envelope": {Naming: map[string]string{"userData": "user_data"}}}}
		if path == "" {
			s = nil
		}
		if r := described(t, s, &config.Operation{Unwrap: path}, "", of(envelope)); string(r.Body) != want {
			t.Errorf("%s: got %s, want %s", path, r.Body, want)
		}
	}
	if r := described(t, nil, &config.Operation{Unwrap: "a"}, "", of(func(w *dubbo.Writer) { w.ListN(1); w.Int(1) })); string(r.Body) != "[1]" {
		t.Errorf("a list: %s", r.Body)
	}
	if r := described(t, nil, &config.Operation{Unwrap: "a"}, "", func(w *dubbo.Writer) { w.Int(2) }); string(r.Body) != "null" {
		t.Errorf("null: %s", r.Body)
	}
}

func TestOperationStatus(t *testing.T) {
	for status, body := range map[int]string{0: "5", 201: "5", 204: ""} {
		want := max(status, 200)
		r := described(t, nil, &config.Operation{Status: status}, "", of(func(w *dubbo.Writer) { w.Int(5) }))
		if r.Status != want || string(r.Body) != body || (get(r, "content-type") == "") != (body == "") {
			t.Errorf("%d: %+v", status, r)
		}
	}
}

func TestMappedExceptions(t *testing.T) {
	s := &config.Schema{Exceptions: []config.Exception{{Class: "a.Sold", Status: 409}, {Class: "a.Gone", Status: 410, Body: `{"gone":true}`}, {Class: "java.lang.Throwable", Status: 599}}}
	o := &config.Operation{Exceptions: []config.Exception{{Class: "a.Sold", Status: 422}}}
	for _, tt := range []struct {
		class, message string
		o              *config.Operation
		want           int
		body           string
	}{
		{"a.Sold", "x", nil, 409, `"status":409`}, {"a.Sold", "x", o, 422, `"status":422`}, {"a.Gone", "x", o, 410, `{"gone":true}`},
		{"a.Other", "x", o, 500, `"status":500`}, {"java.lang.RuntimeException", "a.Sold: x\n\tat a.B", nil, 409, `"class":"a.Sold"`},
		{"java.lang.Throwable", "don't have this exporter, key: x", nil, 404, "not-found"}, {"java.lang.Throwable", "x", nil, 599, `"status":599`},
	} {
		r := described(t, s, tt.o, "", func(w *dubbo.Writer) { w.Int(dubbo.ResponseException); throwable(w, tt.class, tt.message) })
		if r.Status != tt.want || !strings.Contains(string(r.Body), tt.body) || tt.want != 404 && get(r, "x-dubbo-exception") == "" {
			t.Errorf("%s: %d %s %v", tt.class, r.Status, r.Body, r.Headers)
		}
		if want := "application/problem+json"; tt.want != 410 && get(r, "content-type") != want {
			t.Errorf("%s: %v", tt.class, r.Headers)
		}
	}
}

// Maps that stand for objects in generic answers have the objects' names, wherever the entry with their class stands.
func TestNamingOfGenericResults(t *testing.T) {
	s := &config.Schema{Classes: map[string]config.Class{"a.User": {Naming: map[string]string{"userName": "user_name", "alias": "other", "x": "y"}}}}
	write := of(func(w *dubbo.Writer) {
		w.UntypedMap()
		w.String("userName")
		pairs(w, "userName", "inner", "class", "a.User", "x", "1", "y", "2")
		w.String("class")
		w.String("a.User")
		w.String("list")
		w.ListN(1)
		pairs(w, "userName", "plain")
		w.String("alias")
		w.Null()
		w.End()
	})
	for class, want := range map[string]string{
		"":        `{"user_name":{"user_name":"inner","x":"1","y":"2"},"list":[{"userName":"plain"}],"other":null}`,
		"include": `{"user_name":{"user_name":"inner","class":"a.User","x":"1","y":"2"},"class":"a.User","list":[{"userName":"plain"}],"other":null}`,
	} {
		c := new(Call)
		if _, bad := start(c, "", ":path", "/a.B/m", "x-dubbo-class", class); bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		c.answers = newAnswers(s)
		if _, r := c.Upstream(reply(c, 20, write), false); string(r.Body) != want {
			t.Errorf("%q: got %s", class, r.Body)
		}
	}
}

// Generic answers of Dubbo Java have values of java.time and the like as maps of what their getters give, and fields
// called as their getters have it. The maps are as Dubbo Java 2.7.23 and 3.3.6 send them, without what is passed over.
func TestValuesOfGenericResults(t *testing.T) {
	s := &config.Schema{Classes: map[string]config.Class{"a.Bean": fields("java.lang.String URL", "boolean isActive", "java.lang.String uri", "java.lang.String Uri", "long id")}}
	nested := func(class string, members ...any) func(w *dubbo.Writer) {
		return func(w *dubbo.Writer) {
			w.UntypedMap()
			for i := 0; i < len(members); i += 2 {
				w.String(members[i].(string))
				switch v := members[i+1].(type) {
				case int:
					w.Int(int32(v))
				case int64:
					w.Long(v)
				case string:
					w.String(v)
				case func(w *dubbo.Writer):
					v(w)
				}
			}
			w.String("class")
			w.String(class)
			w.End()
		}
	}
	offset := nested("java.time.ZoneOffset", "totalSeconds", 3600, "rules", nested("java.time.zone.ZoneRules", "transitions", (*dubbo.Writer).Null), "id", "+01:00")
	zone := nested("java.time.ZoneRegion", "id", "Europe/Berlin")
	day := []any{"year", 2024, "monthValue", 2, "dayOfMonth", 29, "month", "FEBRUARY", "hour", 13, "minute", 14, "second", 15, "nano", 5000000, "offset", offset}
	uuid := []any{"mostSignificantBits", int64(1314564453825188563), "leastSignificantBits", int64(-6605018797301088256)}
	for _, tt := range []struct {
		write   func(w *dubbo.Writer)
		want    string
		headers []string
	}{
		{write: nested("java.time.Instant", "epochSecond", int64(1709212455), "nano", 5), want: `"2024-02-29T13:14:15.000000005Z"`},
		{write: nested("java.time.OffsetDateTime", day...), want: `"2024-02-29T13:14:15.005+01:00"`},
		{write: nested("java.time.ZonedDateTime", append([]any{"zone", zone}, day...)...), want: `"2024-02-29T13:14:15.005+01:00[Europe/Berlin]"`},
		{write: nested("java.time.ZonedDateTime", append([]any{"zone", offset}, day...)...), want: `"2024-02-29T13:14:15.005+01:00"`},
		{write: nested("java.time.OffsetTime", day...), want: `"13:14:15.005+01:00"`},
		{write: nested("java.time.Duration", "negative", "x", "seconds", int64(5400), "nano", 0), want: `"PT1H30M"`},
		{write: nested("java.time.Period", "years", 1, "months", 2, "days", 0), want: `"P1Y2M"`},
		{write: nested("java.time.YearMonth", "year", 2024, "monthValue", 2), want: `"2024-02"`},
		{write: nested("java.time.MonthDay", "monthValue", 2, "dayOfMonth", 29), want: `"--02-29"`},
		{write: nested("java.time.Year", "value", 2024), want: `"2024"`},
		{write: zone, want: `"Europe/Berlin"`},
		{write: nested("java.util.UUID", uuid...), want: `"123e4567-e89b-12d3-a456-426614174000"`},
		{write: nested("java.util.UUID", uuid...), want: `"123e4567-e89b-12d3-a456-426614174000"`, headers: []string{"x-dubbo-longs", "string", "x-dubbo-class", "include"}},
		{write: nested("java.util.Locale", "language", "zh", "country", "TW", "script", "Hant", "variant", ""), want: `"zh_TW_#Hant"`},
		{write: nested("java.util.Locale", "language", "de", "country", "", "script", ""), want: `"de"`},
		{write: nested("java.util.Currency", "currencyCode", "EUR"), want: `"EUR"`},
		// What does not have the members is a map.
		{write: nested("java.time.Instant", "nano", 5), want: `{"nano":5}`},
		{write: nested("java.time.Instants", "epochSecond", 4, "nano", 5), want: `{"epochSecond":4,"nano":5}`},
		{write: nested("a.Bean", "uRL", "u", "active", 1, "uri", "x", "at", nested("java.time.Instant", "epochSecond", 0, "nano", 0)),
			want: `{"URL":"u","isActive":1,"uri":"x","at":"1970-01-01T00:00:00Z"}`},
	} {
		c := new(Call)
		if _, bad := start(c, "", append([]string{":path", "/a.B/m"}, tt.headers...)...); bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		c.answers = newAnswers(s)
		if _, r := c.Upstream(reply(c, 20, of(tt.write)), false); string(r.Body) != tt.want {
			t.Errorf("got %s\nwant %s", r.Body, tt.want)
		}
	}
}

// Maps in each other that stand for values, or have keys of several kinds, are not read again and again.
func TestNestedMapsAreReadOnce(t *testing.T) {
	var deep func(w *dubbo.Writer, depth int)
	deep = func(w *dubbo.Writer, depth int) {
		w.UntypedMap()
		w.String("class")
		w.String("java.time.Year")
		w.String("x")
		if depth > 0 {
			deep(w, depth-1)
		} else {
			w.String(strings.Repeat("y", 1<<20))
		}
		w.Int(1)
		w.Int(2)
		w.End()
	}
	var d result
	d.begin(written(of(func(w *dubbo.Writer) { deep(w, 120) })), 1<<21, &head{}, true)
	if _, f := d.read(); f == nil || d.reread > 2*d.limit {
		t.Errorf("%v, %d bytes read again of %d", f, d.reread, d.limit)
	}
}
