package policy

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

func TestPathsThatAreCutOff(t *testing.T) {
	warns := func(from, rest string) string {
		return "paths are those that " + strings.ReplaceAll(from, "%3B", ";") + " gets: /" + from + ", by which it is found, is cut off before; write " + rest + ", unless it has such paths itself"
	}
	snap := model.Snapshot{Services: []model.Service{
		{Name: "com.example.Hello", Instances: []model.Instance{{Protocol: model.ProtocolDubbo}}},
		{Name: "com.example.Mixed", Instances: []model.Instance{{Protocol: model.ProtocolDubbo}, {Protocol: model.ProtocolH2}}},
		{Name: "web", Instances: []model.Instance{{Protocol: model.ProtocolHTTP, Labels: map[string]string{"team": "a"}}}},
	}}
	const expression = "the expression without that"
	for text, want := range map[string]string{ // of the parser, and of References where it begins with "later "
		`{kind: Access, name: a, service: demo-http, action: deny, rules: [{to: {path: {prefix: /demo-http/whoami}}}]}`:            "rules[0].to[0].path: " + warns("demo-http", "/whoami"),
		`{kind: Access, name: a, service: demo-http, rules: [{to: [{verb: GET}, {path: /demo-http}]}]}`:                            "rules[0].to[1].path: " + warns("demo-http", "/"),
		`{kind: Access, name: a, service: demo-http, rules: [{to: {path: /whoami}}]}`:                                              "",
		`{kind: Access, name: a, service: demo-http, rules: [{to: {path: {prefix: /demo-https}}}]}`:                                "",
		`{kind: Access, name: a, service: demo-http, rules: [{to: {path: {suffix: /demo-http}}}]}`:                                 "",
		`{kind: Access, name: a, service: demo-http, rules: [{to: {path: {in: [/a, /demo-http/b, /demo-http/c], not: true}}}]}`:    "rules[0].to[0].path: " + warns("demo-http", "/b"),
		`{kind: Route, name: r, service: demo-http, rules: [{match: {path: {prefix: /demo-http/admin}}, respond: {status: 403}}]}`: "rules[0].match[0].path: " + warns("demo-http", "/admin"),
		`{kind: Route, name: r, service: a.b, rules: [{match: {path: {regex: '^/a\.b/.*'}}, respond: {status: 403}}]}`:             "rules[0].match[0].path: " + warns("a.b", expression),
		`{kind: Route, name: r, service: web, rules: [{match: {path: {regex: '/web(?:/.*)?'}}, respond: {status: 403}}]}`:          "rules[0].match[0].path: " + warns("web", expression),
		`{kind: Route, name: r, service: web, rules: [{match: {path: {regex: '/web'}}, respond: {status: 403}}]}`:                  "rules[0].match[0].path: " + warns("web", expression),
		`{kind: Route, name: r, service: web, rules: [{match: {path: {regex: '/web.*'}}, respond: {status: 403}}]}`:                "",
		`{kind: Route, name: r, service: web, rules: [{match: {path: {regex: '/web(s|/.*)'}}, respond: {status: 403}}]}`:           "",
		`{kind: Route, name: r, service: a;b, rules: [{match: {path: {prefix: /a%3Bb/x}}, respond: {status: 403}}]}`:               "rules[0].match[0].path: " + warns("a%3Bb", "/x"),
		`{kind: Traffic, name: t, service: web, fault: {match: {path: /web/x}, abort: {status: 503}}}`:                             "fault[0].match[0].path: " + warns("web", "/x"),
		`{kind: Traffic, name: t, service: web, rateLimit: {match: {path: /web/x}, requests: 1}}`:                                  "rateLimit[0].match[0].path: " + warns("web", "/x"),
		`{kind: Lane, name: l, service: web, match: {path: /web/x}}`:                                                               "match[0].path: " + warns("web", "/x"),
		`{kind: Lane, name: l, match: {path: /web/x}}`:                                                                             "later match[0].path: " + warns("web", "/x"),
		`{kind: Access, name: a, action: deny, rules: [{to: {path: {prefix: /web/x}}}]}`:                                           "later rules[0].to[0].path: " + warns("web", "/x"),
		`{kind: Access, name: a, action: deny, selector: {labels: {team: a}}, rules: [{to: {path: {prefix: /web/x}}}]}`:            "later rules[0].to[0].path: " + warns("web", "/x"),
		`{kind: Access, name: a, action: deny, rules: [{to: {path: {prefix: /com.example.Hello/x}}}]}`:                             "",
		`{kind: Access, name: a, service: com.example.Hello, rules: [{to: {path: {prefix: /com.example.Hello/x}}}]}`:               "",
		`{kind: Access, name: a, service: com.example.Mixed, rules: [{to: {path: {prefix: /com.example.Mixed/x}}}]}`:               "later rules[0].to[0].path: " + warns("com.example.Mixed", "/x"),
		`{kind: Route, name: r, hosts: x.example.com, rules: [{match: {path: {prefix: /web/x}}, to: {service: web}}]}`:             "",
		`{kind: Gateway, name: g, listeners: [{port: 1}], rules: [{match: {path: {prefix: /web/x}}, respond: {status: 403}}]}`:     "",
		`{kind: Access, name: a, service: web, rules: [{to: {path: {prefix: /WEB/x, ignoreCase: true}}}]}`:                         "rules[0].to[0].path: " + warns("WEB", "/x"),
		`{kind: Access, name: a, service: com.example.Hello, rules: [{to: {path: {prefix: /web/x}}}]}`:                             "",
	} {
		p := Parse("test", []byte(text))[0]
		if p.Policy == nil {
			t.Errorf("%s: %v", text, p.Err())
			continue
		}
		var got []string
		for _, problem := range p.Problems {
			problem.Line = 0
			got = append(got, strings.TrimPrefix(problem.String(), "warning: "))
		}
		for _, problem := range References(p.Policy, snap) {
			if strings.Contains(problem.Field, "path") {
				got = append(got, "later "+strings.TrimPrefix(problem.String(), "warning: "))
			}
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s\n%s\nwant\n%s", text, strings.Join(got, "\n"), want)
		}
	}
}
