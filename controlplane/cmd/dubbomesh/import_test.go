package main

import "testing"

func TestImport(t *testing.T) {
	file := write(t, "kind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a], http: [{timeout: 2s, route: [{destination: {host: b}}]}], tls: []}\n")
	out := want(t, 0, "kind: Route\nname: a\nservice: a\n.*", "not expressed: VirtualService/a: spec.tls: only HTTP and Dubbo are routed\n", "import", "-f", file)
	want(t, 0, "Route/a is valid\n", "", "validate", "-f", write(t, out))
	want(t, 1, "", "dubbomesh: .*only rules of Istio and OpenSergo are read\n", "import", "-f", write(t, out))
	want(t, 2, "", "dubbomesh: -f is missing.*", "import")
}
