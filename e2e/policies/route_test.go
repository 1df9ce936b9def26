package policies

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func routeHeader(t *testing.T, s target) {
	s.always(t, 100, s.v2, "x-user", "ann")
	s.always(t, 100, s.v2, "x-user", "bob")
	s.always(t, 100, s.v1, "x-user", "eve")
	s.always(t, 100, s.v1)
}

func routeHost(t *testing.T, s target) {
	s.always(t, 100, s.v2, "host", "beta.example.com")
	s.always(t, 100, s.v2, "host", "beta.example.com:8080")
	s.always(t, 100, s.v2, "host", "Some.TEST")
	s.always(t, 100, s.v1, "host", "example.com")
	s.always(t, 100, s.v1)
}

// arrived is what the HTTP service says of a request that it got.
type arrived struct {
	By, Method, Host, Path, Query string
	Headers                       map[string]string
}

// show sends a request to /request/… of the HTTP service.
func (m *mesh) show(t *testing.T, verb, path string, headers ...string) (arrived, answer) {
	t.Helper()
	a := m.send(t, verb, "/"+httpService+path, "", headers...)
	var r arrived
	if err := json.Unmarshal([]byte(a.body), &r); a.status != http.StatusOK || err != nil {
		t.Fatalf("%s %s: %d %s, %v", verb, path, a.status, a.body, err)
	}
	return r, a
}

func routePath(t *testing.T, m *mesh) {
	for path, want := range map[string]string{
		"/request/new/1": "two", "/request/v1/a": "two", "/request/v22/": "two", "/request/new/?q": "two",
		"/request/new": "one", "/request/va/a": "one", "/request/old?p=/request/new/": "one", "/request/request/new/": "one",
	} {
		for range 10 {
			if r, _ := m.show(t, http.MethodGet, path); r.By != want {
				t.Errorf("%s went to %s, want %s", path, r.By, want)
			}
		}
	}
	s := m.dubbo()
	s.always(t, 100, s.v2)
	m.calls(t, 60, "echo", `["x"]`, s.v1)
}

// calls makes n calls of a method of the Dubbo service and requires, by Envoy's counters, that only these instances get them,
// and each of them some.
func (m *mesh) calls(t *testing.T, n int, method, body string, names []string) {
	t.Helper()
	s := m.dubbo()
	count := func() map[string]int {
		now := map[string]int{}
		for _, name := range s.names() {
			now[name] = m.hostStat(t, dubboService, m.process(t, name).Address, "rq_total")
		}
		return now
	}
	before := count()
	for range n {
		if a := m.send(t, http.MethodPost, "/"+dubboService+"/"+method, body); a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", method, a.status, a.body)
		}
	}
	for name, after := range count() {
		if got := after - before[name]; (got > 0) != slices.Contains(names, name) {
			t.Errorf("of %d calls of %s %s got %d, want them at %q", n, method, name, got, names)
		}
	}
}

func routeVerb(t *testing.T, m *mesh) {
	for verb, want := range map[string]string{"GET": "one", "PATCH": "one", "POST": "two", "PUT": "two", "DELETE": "two"} {
		for range 20 {
			if r, _ := m.show(t, verb, "/request/1"); r.By != want || r.Method != verb {
				t.Errorf("%s went to %s as %s, want %s", verb, r.By, r.Method, want)
			}
		}
	}
	s := m.dubbo()
	s.always(t, 100, s.v2)
	s.dial = m.over(http.MethodGet, "/"+dubboService+"/whoami")
	s.always(t, 100, s.v1)
}

func routeQuery(t *testing.T, s target) {
	verb := map[string]string{"web": http.MethodGet, "dubbo": http.MethodPost}[s.name]
	for query, want := range map[string][]string{
		"?preview": s.v2, "?a=b&preview=": s.v2, "?preview=no": s.v2, "?page=123": s.v2,
		"": s.v1, "?previews=1": s.v1, "?page=12": s.v1, "?a=preview": s.v1,
	} {
		s.dial = s.over(verb, "/"+s.service+"/whoami"+query)
		s.always(t, 40, want)
	}
}

func routeCookie(t *testing.T, s target) {
	s.always(t, 100, s.v2, "cookie", "trial=new")
	s.always(t, 100, s.v2, "cookie", "theme=dark; trial=next")
	s.always(t, 100, s.v1, "cookie", "trial=newer")
	s.always(t, 100, s.v1)
}

func routeMethod(t *testing.T, m *mesh) {
	for _, s := range []target{m.dubbo(), m.consumer()} {
		s.always(t, 100, s.v2)
	}
	m.calls(t, 20, "getUser", "[1]", m.dubbo().v2)
	m.calls(t, 60, "echo", `["get"]`, m.dubbo().v1)
	m.calls(t, 60, "listUsers", "", m.dubbo().v1)
}

func routeAttachment(t *testing.T, s target) {
	s.always(t, 100, s.v2, attachmentPrefix+"tenant", "gold")
	s.always(t, 100, s.v1, attachmentPrefix+"tenant", "silver")
	s.always(t, 100, s.v1)
}

// joinBlue adds a provider that exports the service in another group and version.
func joinBlue(t *testing.T, m *mesh) {
	exported := []string{"--group", "blue", "--version", "2.0.0"}
	m.join(t, dubboService, "blue", exported, exported)
}

func routeGroupVersion(t *testing.T, m *mesh) {
	for _, s := range []target{m.dubbo(), m.consumer()} {
		s.always(t, 100, []string{"blue"}, attachmentPrefix+"trial", "yes")
		s.always(t, 100, s.names(), attachmentPrefix+"trial", "no")
	}
	s := m.dubbo()
	s.always(t, 40, []string{"blue"}, "tri-service-group", "blue", "tri-service-version", "2.0.0")
}

func routeLabel(t *testing.T, s target) { s.always(t, 200, s.v2) }

func routeRewrite(t *testing.T, m *mesh) {
	for path, want := range map[string]arrived{
		"/old/7?a=b":           {Host: "inside.example.com", Path: "/request/7", Query: "a=b"},
		"/v3/users/ann/x?full": {Host: m.Gateway, Path: "/request/3/ann/x", Query: "full"},
		"/request/untouched":   {Host: m.Gateway, Path: "/request/untouched"},
	} {
		if r, _ := m.show(t, http.MethodGet, path); r.Path != want.Path || r.Host != want.Host || r.Query != want.Query {
			t.Errorf("%s arrives as %+v, want %+v", path, r, want)
		}
	}
	s := m.dubbo()
	s.dial = m.over(http.MethodPost, "/"+dubboService+"/whoAreYou")
	s.always(t, 60, s.names())
	if a := m.send(t, http.MethodPost, "/"+dubboService+"/whoAreThey", ""); a.status != http.StatusNotFound {
		t.Errorf("a method that there is not: %d %s", a.status, a.body)
	}
	c := m.consumer()
	c.dial = func(t *testing.T) func([]string) (answer, error) { return m.consume(t, "whoAreYou") }
	c.always(t, 60, c.names())
}

func routeRedirect(t *testing.T, m *mesh) {
	for _, c := range []struct {
		verb, path string
		status     int
		location   string
	}{
		{"GET", "/demo-http/legacy/7?a=1", 301, "https://new.example.com/demo-http/request/7?a=1"},
		{"GET", "/demo-http/away?b=2", 302, "http://" + m.Gateway + "/demo-http/request/here?b=2"},
		{"POST", "/" + dubboService + "/oldName", 307, "http://" + m.Gateway + "/" + dubboService + "/whoami"},
		{"GET", "/demo-http/request/stays", 200, ""},
	} {
		a := m.send(t, c.verb, c.path, "")
		if got := a.header.Get("location"); a.status != c.status || got != c.location {
			t.Errorf("%s %s: %d %s, want %d %s", c.verb, c.path, a.status, got, c.status, c.location)
		}
	}
	if a := m.consumer().ask(t); a.by == "" {
		t.Errorf("a consumer's call: %d %q", a.status, a.body)
	}
}

func routeDirectResponse(t *testing.T, m *mesh) {
	a := m.send(t, http.MethodGet, "/demo-http/gone?x=1", "")
	if a.status != http.StatusGone || a.body != "moved away for good" || a.header.Get("retry-after") != "never" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := m.web().ask(t); a.by == "" {
		t.Errorf("another path: %d %s", a.status, a.body)
	}
	if a := m.dubbo().ask(t); a.status != http.StatusOK || a.body != `{"name":"nobody"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	m.calls(t, 60, "echo", `["x"]`, m.dubbo().names())
}

func routeHeaders(t *testing.T, m *mesh) {
	r, a := m.show(t, http.MethodGet, "/request/1", "x-team", "red", "x-secret", "1", "x-stage", "live")
	if got := fmt.Sprint(r.Headers["x-stage"], r.Headers["x-team"], r.Headers["x-secret"]); got != "test red,blue " && got != "testred,blue" {
		t.Errorf("what arrives: %s, %v", got, r.Headers)
	}
	if a.header.Get("x-answered-by") != "demo" || a.header.Get("endpoint-load-metrics") != "" {
		t.Errorf("what comes back: %v", a.header)
	}
	a = m.send(t, http.MethodPost, "/"+dubboService+"/attachments", "", attachmentPrefix+"secret", "1", attachmentPrefix+"stage", "live", attachmentPrefix+"kept", "yes")
	var sent map[string]string
	if err := json.Unmarshal([]byte(a.body), &sent); err != nil || sent["stage"] != "test" || sent["secret"] != "" || sent["kept"] != "yes" {
		t.Errorf("attachments: %s, %v", a.body, err)
	}
	if a.header.Get("x-answered-by") != "demo" || a.header.Get("x-dubbo-status") != "" {
		t.Errorf("what comes back: %v", a.header)
	}
	c := m.consumer()
	c.dial = func(t *testing.T) func([]string) (answer, error) { return m.consume(t, "attachments") }
	if got := c.ask(t, attachmentPrefix+"kept", "yes"); !strings.Contains(got.body, "\x05stage\x04test") || !strings.Contains(got.body, "kept") {
		t.Errorf("a consumer's attachments: %q", got.body)
	}
}
