package main

import (
	"regexp"
	"testing"
)

func TestImport(t *testing.T) {
	rules := "kind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a], http: [{timeout: 2s, route: [{destination: {host: b}}]}], tls: []}\n"
	file := write(t, rules)
	lost := "not expressed: " + regexp.QuoteMeta(file) + ":3:78: VirtualService/a: spec.tls: only HTTP and Dubbo are routed\n"
	out := want(t, 0, "kind: Route\nname: a\nservice: a\n.*", lost, "import", "-f", file)
	want(t, 3, regexp.QuoteMeta(out), lost+"dubbomesh: 1 field not expressed\n", "import", "-f", file, "--strict")
	want(t, 0, "Route/a is valid\n", "", "validate", "-f", write(t, out))
	want(t, 1, "", "dubbomesh: .*:1:1: Route is a policy already; only rules of Istio and OpenSergo are read\n", "import", "-f", write(t, out))
	want(t, 1, "", ".*VirtualService.* is a rule of another mesh; make policies of it with `dubbomesh import -f "+regexp.QuoteMeta(file)+"`.*", "validate", "-f", file)
	want(t, 2, "", "dubbomesh: -f is missing.*", "import")
	paths := write(t, "kind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a], http: [{match: [{uri: {prefix: /a/x}}], route: [{destination: {host: a}}]}]}\n")
	want(t, 0, "kind: Route\n.*prefix: /a/x\n.*", "(?:not expressed: .*\n)?warning: Route/a: paths are those that a gets: /a, by which it is found, .*", "import", "-f", paths)
}
