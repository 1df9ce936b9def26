package arguments

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// found is what a finder finds in a request: by path, for what is there.
func found(c config.Arguments, headers []string, body []byte) map[string]string {
	p := NewPlan(c, config.DefaultMaxBytes)
	var f Finder
	f.Reset(p)
	for i := 0; i < len(headers); i += 2 {
		f.Header([]byte(headers[i]), []byte(headers[i+1]))
	}
	f.Find(body)
	out := map[string]string{}
	for i, path := range c.Paths {
		if value, there := f.Value(i); there {
			out[path] = string(value)
		}
	}
	return out
}

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		body string
		want map[string]string
	}{
		{`["a", 7, true]`, map[string]string{"0": "a", "1": "7", "2": "true"}},
		{`"a"`, map[string]string{"0": "a"}},
		{`5.0`, map[string]string{"0": "5.0"}},
		{``, map[string]string{}},
		{`[null, -1e3]`, map[string]string{"1": "-1e3"}},
		{`[""]`, map[string]string{"0": "%"}},
		{`{"user": {"id": "é\u0041\n%", "name": null}}`, map[string]string{"0": "{}", "0.user": "{}", "0.user.id": "éA%0A%25"}},
		{`[{"user": {"other": [1, {"id": 3}], "id": 4}}, [1, {"x": "y"}]]`, map[string]string{"0": "{}", "0.user": "{}", "0.user.id": "4", "1": "[]", "1.1.x": "y"}},
		{`[{"user": "text"}]`, map[string]string{"0": "{}", "0.user": "text"}},
		{`[1, 2`, map[string]string{"0": "1", "1": "2"}},
		{`[{"user": {"id": 1}`, map[string]string{"0": "{}", "0.user": "{}", "0.user.id": "1"}},
		{`{`, map[string]string{"0": "{}"}},
		{`nonsense`, map[string]string{}},
		{`["` + strings.Repeat("é", 600) + `"]`, map[string]string{"0": strings.Repeat("é", 512)}},
		{`["x` + strings.Repeat("é", 600) + `"]`, map[string]string{"0": "x" + strings.Repeat("é", 511)}},
	} {
		got := found(config.Arguments{Paths: []string{"0", "0.user", "0.user.id", "1", "1.1.x", "2"}}, []string{"content-type", "application/json"}, []byte(c.body))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%.60s: %s", c.body, d)
		}
	}
}

func TestContentTypes(t *testing.T) {
	for _, c := range []struct {
		verb, kind string
		waits      bool
		want       map[string]string
	}{
		{"POST", "application/json; charset=utf-8", true, map[string]string{"0": "a"}},
		{"POST", "application/problem+JSON", true, map[string]string{"0": "a"}},
		{"POST", "", true, map[string]string{"0": "a"}},
		{"GET", "", false, map[string]string{"0": "a"}},
		{"POST", "text/plain", false, map[string]string{}},
		{"POST", "application/grpc", false, map[string]string{}},
		{"POST", "application/x-www-form-urlencoded", true, map[string]string{}},
		{"POST", "application/x-dubbo", true, map[string]string{}},
	} {
		if got := Waits([]byte(c.verb), []byte(c.kind), nil); got != c.waits {
			t.Errorf("%s %q: waits %t, want %t", c.verb, c.kind, got, c.waits)
		}
		got := found(config.Arguments{Paths: []string{"0"}}, []string{"content-type", c.kind}, []byte(`["a"]`))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q: %s", c.kind, d)
		}
	}
	if Waits([]byte("GET"), []byte("application/json"), []byte("websocket")) {
		t.Error("a stream is waited for")
	}
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		types, body string
		want        map[string]string
	}{
		{"", "interface=a.B&method=m&parameterTypesString=Ljava/lang/String;J&parameter=%22x%22+y&parameter=7", map[string]string{"0": `"x" y`, "1": "7"}},
		{"java.lang.String, a.User", "parameter=7&parameter=%7B%22id%22%3A3%7D", map[string]string{"0": "7", "1": "{}", "1.id": "3"}},
		{"[Ljava/lang/String;I", "parameter=%5B%22a%22%5D&parameter=1", map[string]string{"0": "[]", "1": "1"}},
		{"", "parameter=text&parameter=%22ADMIN%22", map[string]string{"0": "text", "1": "ADMIN"}},
		{"char,int", "parameter=%22c%22&parameter=null", map[string]string{"0": "c"}},
		{"", "parameter=%zz", map[string]string{}},
	} {
		got := found(config.Arguments{Paths: []string{"0", "1", "1.id"}},
			[]string{"content-type", "application/x-www-form-urlencoded", config.TypesHeader, c.types}, []byte(c.body))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s %s: %s", c.types, c.body, d)
		}
	}
}

func TestOperation(t *testing.T) {
	a := config.Arguments{
		Paths: []string{"0", "1", "2", "3", "4.name", "5.id", "6"},
		Path:  "/users/{id}/files/{path=**}",
		Parameters: []config.Binding{
			{From: config.FromPath, Name: "id"}, {From: config.FromPath, Name: "path"}, {From: config.FromQuery, Name: "page", Default: "1"},
			{From: config.FromHeader, Name: "X-User"}, {From: config.FromField, Name: "user"}, {From: config.FromBody}, {From: config.FromCookie, Name: "c"},
		},
	}
	head := []string{":path", "/users/a%20b/files/x/y?q=1&page=a+b", "content-type", "application/json", "x-user", "ann", "cookie", "b=2; c=3"}
	want := map[string]string{"0": "a b", "1": "x/y", "2": "a b", "3": "ann", "4.name": "Eve", "5.id": "9", "6": "3"}
	if d := cmp.Diff(want, found(a, head, []byte(`{"id": 9, "user": {"name": "Eve"}}`))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"0": "7", "1": "f", "2": "1"}, found(a, []string{":path", "/users/7/files/f"}, nil)); d != "" {
		t.Errorf("defaults: %s", d)
	}
}

func TestQuery(t *testing.T) {
	a := config.Arguments{Paths: []string{"0", "1.x"}, Queries: map[string][][]string{"find": {{"id"}, {"name", "filter"}}}}
	for path, want := range map[string]map[string]string{
		"/a.B/find?id=7": {"0": "7"},
		"/a.B/find?name=n&filter=%7B%22x%22:1%7D": {"0": "n", "1.x": "1"},
		"/a.B/find?unknown=1":                     {},
		"/a.B/other?id=7":                         {},
		"/a.B/find":                               {},
	} {
		if d := cmp.Diff(want, found(a, []string{":path", path}, nil)); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

// consumed is a body of a Dubbo consumer and its headers.
func consumed(method string, write func(w *dubbo.Writer)) ([]string, []byte) {
	var w dubbo.Writer
	write(&w)
	head := []string{"content-type", config.DubboContentType, config.ArgumentsHeader, strconv.Itoa(len(w.Buf))}
	if method != "" {
		head = append(head, config.MethodHeader, method)
	}
	return head, append(w.Buf, "H\x04pathZ"...)
}

func TestHessian(t *testing.T) {
	a := config.Arguments{Paths: []string{"0", "1", "1.user.id", "1.7", "2", "2.1", "3", "4"}}
	head, body := consumed("", func(w *dubbo.Writer) {
		w.String("té%")
		w.Buf = append(w.Buf, "H\x04userH\x02idL\x00\x00\x00\x01\x00\x00\x00\x00Z\x97\x03sevZ"...)
		w.Buf = append(w.Buf, "\x7a\x91_\x00\x00\x04\xd2"...) // 1, 1.234
		w.Buf = append(w.Buf, "C\x06a.Role\x91\x04name`\x05ADMIN"...)
		w.Buf = append(w.Buf, 'N')
	})
	want := map[string]string{"0": "té%25", "1": "{}", "1.user.id": "4294967296", "1.7": "sev", "2": "[]", "2.1": "1.234", "3": "ADMIN"}
	if d := cmp.Diff(want, found(a, head, body)); d != "" {
		t.Error(d)
	}
	for end := range body { // cut anywhere it neither fails nor invents
		head[3] = strconv.Itoa(end)
		for path, got := range found(a, head, body[:end]) {
			if got != want[path] {
				t.Errorf("cut at %d: %s is %q", end, path, got)
			}
		}
	}
}

func TestHessianReferences(t *testing.T) {
	head, body := consumed("", func(w *dubbo.Writer) {
		w.Buf = append(w.Buf, "C\x06a.User\x92\x02id\x04self`\x97N"...)
		w.Buf = append(w.Buf, "H\x01uQ\x90Z"...) // the first again
		w.Buf = append(w.Buf, "H\x01uQ\x92Z"...) // itself: reference 2 is this map
	})
	want := map[string]string{"0.id": "7", "1.u.id": "7"}
	if d := cmp.Diff(want, found(config.Arguments{Paths: []string{"0.id", "1.u.id", "2.u.id"}}, head, body)); d != "" {
		t.Error(d)
	}
}

func TestGeneric(t *testing.T) {
	head, body := consumed("$invoke", func(w *dubbo.Writer) {
		w.String("find")
		w.Buf = append(w.Buf, "\x71\x07[string\x06a.User"...)
		w.Buf = append(w.Buf, "\x72\x07[object"...)
		w.Buf = append(w.Buf, "H\x05class\x06a.User\x02id\x95Z"...)
		w.String("x")
	})
	want := map[string]string{"0.id": "5", "1": "x"}
	if d := cmp.Diff(want, found(config.Arguments{Paths: []string{"0.id", "1", "2"}}, head, body)); d != "" {
		t.Error(d)
	}
}

func TestLimit(t *testing.T) {
	if got := NewPlan(config.Arguments{Paths: []string{"0"}, MaxRequestBytes: 10}, 100).Limit(); got != 10 {
		t.Errorf("got %d, want 10", got)
	}
	if got := NewPlan(config.Arguments{Paths: []string{"0"}}, 100).Limit(); got != 100 {
		t.Errorf("got %d, want 100", got)
	}
}
