package translate_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// post sends a body and returns the answer.
func (e *edge) post(path, kind, body string, headers ...string) (int, string) {
	e.t.Helper()
	if kind != "" {
		headers = append([]string{"content-type", kind}, headers...)
	}
	status, _, text := e.ask(http.MethodPost, path, strings.NewReader(body), headers...)
	return status, text
}

const byArgument = `
kind: Mapping
name: users
service: com.example.Hello
methods:
- {name: ask, parameters: [{name: key, type: java.lang.String}]}
- {name: ask, parameters: [{name: key, type: java.lang.String}, {name: more, type: com.example.More}]}
- {name: get, parameters: [{name: id, type: long}]}
classes: {com.example.More: {fields: [{name: id, type: long}]}}
operations: [{verb: GET, path: "/users/{id}", method: get, parameters: [{from: path, name: id}]}]
---
kind: Route
name: by-argument
service: com.example.Hello
rules:
- {match: {arguments: {"0": {prefix: "a%"}}}, to: {labels: {color: red}}}
- {match: {arguments: {"1.id": {range: {min: 5, max: 9}}}}, to: {labels: {color: blue}}}
- {match: {arguments: {"0": {in: ["7", seven]}}}, to: {labels: {color: blue}}}
- {match: {arguments: {"0": Broken}}, fault: {abort: 418}}
- {match: {arguments: {"0": ""}}, respond: {status: 297}}
- {match: {arguments: {"0": no, "1": {present: false}}}, respond: {status: 299, body: said}}
- {match: {}, to: {labels: {color: white}}}
---
{kind: Traffic, name: hello, service: com.example.Hello, maxRequestSize: 1KiB, rateLimit: {match: {arguments: {"0": limited}}, requests: 1, per: 1h}}
---
{kind: Lane, name: gray, service: web, match: {arguments: {"0.tester": true}}, labels: {color: blue}}
---
{kind: Route, name: web, service: web, rules: [{match: {path: /y}, retry: {attempts: 1}}, {match: [{arguments: {"0.user": ann}}, {arguments: {"1": ann}}], to: {labels: {color: red}}}, {to: {labels: {color: white}}}]}
`

// Routes are chosen by what stands in the arguments of calls, in whichever form they come.
func TestArguments(t *testing.T) {
	red, blue, white := map[string]string{"color": "red"}, map[string]string{"color": "blue"}, map[string]string{"color": "white"}
	e := newEdge(t, []model.Service{
		{Name: hello, Instances: []model.Instance{
			instance(model.ProtocolDubbo, overDubbo(t, "white", &never), white),
			instance(model.ProtocolDubbo, overDubbo(t, "red", &never), red), instance(model.ProtocolDubbo, overDubbo(t, "blue", &never), blue),
		}},
		{Name: "web", Instances: []model.Instance{
			instance(model.ProtocolHTTP, overHTTP(t, "white"), white), instance(model.ProtocolHTTP, overHTTP(t, "red"), red),
			instance(model.ProtocolHTTP, overHTTP(t, "lane", "x-lane"), blue),
		}},
	}, byArgument)
	const jsonKind, formKind = "application/json", "application/x-www-form-urlencoded"
	ask := "/" + hello + "/ask"
	form := func(types, first, more string) string {
		return "interface=" + hello + "&method=ask&parameterTypesString=" + types + "&parameter=" + first + more
	}
	for _, x := range []struct {
		path, kind, body string
		headers          []string
		status           int
		want             string
	}{
		{ask, jsonKind, `["a%b"]`, nil, 200, `"red `},
		{ask, "", `["a%b"]`, nil, 200, `"red `},
		{ask, jsonKind, `"a%"`, nil, 200, `"red `},
		{ask, jsonKind, `["b", {"x": [1], "id": 5}]`, nil, 200, `"blue `},
		{ask, jsonKind, `["seven"]`, nil, 200, `"blue `},
		{ask, jsonKind, `["b"]`, nil, 200, `"white `},
		{ask, jsonKind, `["b"]`, []string{"x-dubbo-argument-0", "a%25"}, 200, `"white `},
		{ask, jsonKind, ``, []string{"x-dubbo-argument-0", "no"}, 400, "overload"},
		{ask, "text/plain", `["no"]`, []string{"x-dubbo-argument-0", "no"}, 415, ""},
		{ask, jsonKind, `["Broken"]`, nil, 418, ""},
		{ask, jsonKind, `["no"]`, nil, 299, "said"},
		{ask, jsonKind, `[""]`, nil, 297, ""},
		{ask, jsonKind, `["no", {}]`, nil, 200, `"white `},
		{ask, jsonKind, `["no"`, nil, 299, "said"}, // it says so much
		{ask, jsonKind, `["a%", }`, nil, 400, "malformed"},
		{ask, jsonKind, `["a%` + strings.Repeat("x", 900) + `"]`, nil, 200, `"red `},
		{ask, jsonKind, `["a%` + strings.Repeat("x", 1100) + `"]`, nil, 413, "1024"},
		{ask, formKind, form("Ljava/lang/String;", "a%25b", ""), nil, 200, `"red `},
		{"/", formKind, form("Ljava/lang/String;", "a%25b", ""), nil, 200, `"red `},
		{"/", formKind, form("Ljava/lang/String;Ljava/lang/Object;", "b", "&parameter=%7B%22id%22%3A9%7D"), nil, 200, `"blue `},
		{"/", formKind, form("Ljava/lang/String;", "Broken", ""), nil, 418, ""},
		{"/", formKind, form("Ljava/lang/String;", "b", ""), nil, 200, `"white `},
		{"/web/x", jsonKind, `{"user": "ann"}`, nil, 200, "red"},
		{"/web/x", jsonKind, `{"user": "eve"}`, nil, 200, "white"},
		{"/web/y", jsonKind, `{"tester": true}`, nil, 200, "lane x-lane=gray"},
	} {
		if status, body := e.post(x.path, x.kind, x.body, x.headers...); status != x.status || !strings.Contains(body, x.want) {
			t.Errorf("%s %.60s: %d %.300s, want %d %s", x.path, x.body, status, body, x.status, x.want)
		}
	}
	for path, want := range map[string]string{"/users/7": `200 "blue `, "/users/8": `200 "white `, ask + "?key=a%25x": `200 "red `, ask + "?key=b": `200 "white `} {
		if status, _, body := e.get("GET", path); !strings.HasPrefix(fmt.Sprintf("%d %s", status, body), want) {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
	}
	for _, x := range []struct{ argument, want string }{{"a%b", "red "}, {"7", "blue "}, {"b", "white "}} {
		if answer := e.consumeWith(hello, "ask", x.argument); !strings.Contains(answer, x.want) {
			t.Errorf("a consumer with %s: %q, want %q", x.argument, answer, x.want)
		}
	}
	for text, want := range map[string]string{"ann": "red", "eve": "white"} { // a service that speaks HTTP
		if answer := e.consumeWith("web", "ask", "x", text); !strings.Contains(answer, want) {
			t.Errorf("a consumer of web with %s: %q, want %q", text, answer, want)
		}
	}
	for text, want := range map[string]string{"a%b": "red ", "b": "white "} {
		answer := e.consumeFrame(hello, "$invoke", "Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;", func(w *dubbo.Writer) {
			w.String("ask")
			w.Buf = append(w.Buf, "\x71\x07[string\x10java.lang.String\x71\x07[object"...)
			w.String(text)
		})
		if !strings.Contains(answer, want) {
			t.Errorf("a generic call with %s: %q, want %q", text, answer, want)
		}
	}
	if answer := e.consumeWith(hello, "tell", strings.Repeat("x", 1100)); !strings.Contains(answer, "413") {
		t.Errorf("a consumer with too much: %.200q", answer)
	}
	for i, want := range []int{200, 429, 429} {
		if status, _ := e.post(ask, jsonKind, `["limited"]`); status != want {
			t.Errorf("call %d of those that are limited: %d, want %d", i, status, want)
		}
	}
}

// Calls with one argument go to one instance, in whichever form they come.
func TestHashOnArgument(t *testing.T) {
	var all []model.Instance
	for i := range 5 {
		all = append(all, instance(model.ProtocolDubbo, overDubbo(t, fmt.Sprintf("p%d", i), &never), nil))
	}
	e := newEdge(t, []model.Service{{Name: hello, Instances: all}}, `
{kind: Traffic, name: hash, service: com.example.Hello, loadBalancing: {policy: ringHash, hashOn: [{argument: "0"}]}}
`)
	met := map[string]bool{}
	for i := range 30 {
		user := fmt.Sprintf("user-%d", i)
		_, first := e.post("/"+hello+"/ask", "application/json", `["`+user+`"]`)
		first, _, _ = strings.Cut(strings.TrimPrefix(first, `"`), " ")
		met[first] = true
		for range 3 {
			if again := e.consumeWith(hello, "tell", user); !strings.Contains(again, first+" ") {
				t.Errorf("%s is served by %s and %q", user, first, again)
			}
		}
	}
	if len(met) < 3 {
		t.Errorf("all are served by %v", met)
	}
}

// Rules about where a request comes from fit by its address and by where the Envoy is that it comes to.
func TestSource(t *testing.T) {
	rule := func(source, status string) string {
		return "{match: {path: /" + status + ", source: {" + source + "}}, respond: {status: " + status + "}}"
	}
	e := newEdge(t, []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "web"), nil)}}},
		"kind: Route\nname: web\nservice: web\nrules:\n- "+strings.Join([]string{
			rule("ip: 127.0.0.0/8", "290"), rule(`ip: [10.0.0.0/8, "2001:db8::/32"]`, "291"), rule("ip: 127.0.0.1", "292"),
			rule("zone: east-1", "293"), rule("zone: [west-1, east-1]", "294"), rule("zone: west-1", "295"),
			rule("labels: {team: pay}", "296"), rule("labels: {team: play}", "297"), rule("labels: {other: pay}", "298"),
			rule("ip: 127.0.0.1, zone: east-1, labels: {team: pay}, service: shop", "299"),
		}, "\n- ")+"\n")
	fits := map[string]bool{"290": true, "292": true, "293": true, "294": true, "296": true}
	for _, path := range []string{"290", "291", "292", "293", "294", "295", "296", "297", "298", "299"} {
		want := "200"
		if fits[path] {
			want = path
		}
		if status, _, _ := e.get("GET", "/web/"+path); fmt.Sprint(status) != want {
			t.Errorf("/%s: %d, want %s", path, status, want)
		}
	}
	if status, _, _ := e.get("GET", "/web/299", "x-dubbo-attachment-remote.application", "shop"); status != 299 {
		t.Errorf("with all: %d", status)
	}
}

// consumeWith calls a method with strings as a Dubbo consumer does.
func (e *edge) consumeWith(service, method string, arguments ...string) string {
	e.t.Helper()
	return e.consumeFrame(service, method, strings.Repeat("Ljava/lang/String;", len(arguments)), func(w *dubbo.Writer) {
		for _, a := range arguments {
			w.String(a)
		}
	})
}

// consumeFrame calls a method with arguments of types, and returns the answer's body.
func (e *edge) consumeFrame(service, method, types string, arguments func(w *dubbo.Writer)) string {
	e.t.Helper()
	_, body := e.callOn(e.dial(), service, method, types, arguments)
	return body
}

// A form on POST / may be as large as the policies of the service that it names say.
func TestFormSize(t *testing.T) {
	provider := overDubbo(t, "any", &never)
	e := newEdge(t, []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, provider, nil)}},
		{Name: "com.example.Large", Instances: []model.Instance{instance(model.ProtocolDubbo, provider, nil)}},
	}, `{kind: Traffic, name: hello, service: com.example.Hello, maxRequestSize: 1KiB}`)
	for _, x := range []struct {
		service string
		size    int
		want    int
	}{{hello, 100, 200}, {hello, 2000, 413}, {hello, 200_000, 413}, {"com.example.Large", 2000, 200}, {"com.example.Large", 2_000_000, 200}} {
		form := "interface=" + x.service + "&method=ask&parameterTypesString=Ljava/lang/String;&parameter=" + strings.Repeat("x", x.size)
		if status, body := e.post("/", "application/x-www-form-urlencoded", form); status != x.want {
			t.Errorf("%d bytes for %s: %d %.200s, want %d", x.size, x.service, status, body, x.want)
		}
	}
}
