package translate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// longest are policies that say as much as may be said, where Envoy has bounds of its own.
func longest(t *testing.T) (list []model.Policy) {
	t.Helper()
	name, text, percents := strings.Repeat("n", 256), strings.Repeat("t", 8<<10), strings.Repeat("%", 8<<10)
	var hosts, paths []string
	for i := range 30 {
		hosts, paths = append(hosts, fmt.Sprintf("host%02d.example.com", i)[:14]), append(paths, fmt.Sprintf("/path/%08d", i))
	}
	for _, p := range policy.Parse("longest", []byte(fmt.Sprintf(`
{kind: Mesh, name: mesh, lane: {header: %[1]s, attachment: %[1]s, baggage: %[1]s}}
---
{kind: Lane, name: lane, lane: %[1]s, fallback: none, match: {headers: {%[1]s: {in: ["%[5]s"]}}}}
---
{kind: Route, name: hosts, service: web, hosts: ["%[4]s"], rules: [{match: {path: {in: ["%[5]s"]}}, respond: {headers: {%[1]s: "%[3]s"}}}]}
---
kind: Route
name: texts
service: web
rules:
- match: {headers: {x-a: %[2]s}, query: {%[1]s: {prefix: %[2]s}}, cookies: {%[1]s: %[2]s}}
  headers: {request: {set: {%[1]s: "%[3]s"}}, response: {add: {x-b: %[2]s}}}
  to: {labels: {a: b}}
- {match: {path: {regex: '/(?:[a-z]{1,130}|x{80})'}}, rewrite: {regex: {pattern: '[a-z]{1,150}', substitution: %[2]s}}}
- {match: {path: {prefix: /%[6]s}}, rewrite: {path: %[8]s}}
- {match: {path: {exact: /%[6]s, ignoreCase: true}, method: {prefix: %[6]s}}, redirect: {path: %[8]s}}
---
{kind: Traffic, name: traffic, fallback: {on: 5xx, headers: {%[1]s: "%[3]s"}, body: "%[3]s"}, rateLimit: {requests: 5, by: "header:%[7]s", body: %[2]s}}
---
{kind: Access, name: access, rules: [{from: {ip: 10.0.0.0/8}, to: {headers: {%[1]s: %[2]s}, path: {regex: '/[a-z]{1,150}'}}}]}
---
{kind: Mapping, name: mapping, service: web, operations: [{verb: GET, path: '/%[6]s/{id}', method: m, parameters: [{from: path, name: id, type: long}]}]}
---
{kind: Telemetry, name: telemetry, accessLog: {format: %[2]s}, metrics: {tags: {a: "header:x-a"}}}
`, name, text, percents, strings.Join(hosts, `","`), strings.Join(paths, `","`), strings.Repeat("p", 440), name[:249], "/"+text[1:]))) {
		if p.Err() != nil {
			t.Fatal(p.Err())
		}
		list = append(list, p.Policy)
	}
	return list
}

// A real Envoy takes the longest texts and the largest expressions that policies may have.
func TestEnvoyTakesTheLongest(t *testing.T) {
	server, port := serve(t)
	opt := translate.DefaultOptions()
	opt.GatewayAddress, opt.GatewayPort, opt.GatewayDubboPort = "127.0.0.1", 0, 0
	r := translate.Translate(translate.Governed(longest(t)), opt)
	for _, p := range r.Problems {
		if p.LeftOut || strings.Contains(p.Reason, "steps") {
			t.Errorf("%s: %.300s", p.Key, p.Reason)
		}
	}
	server.Publish(here(r))
	testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port)})
	accepted(t, server)
}
