package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

const twoVersions = "services:\n  a:\n    - {address: 127.0.0.1, port: 1, protocol: http, labels: {version: v1}}\n    - {address: 127.0.0.1, port: 2, protocol: http, labels: {version: v2}}\n"

func TestDiffAgainstTheMesh(t *testing.T) {
	r := newRig(t)
	defer r.register(t, "a", "--address", "127.0.0.1:9", "--protocol", "http")()
	r.until(t, "a", "registered and published", func(list []api.Instance) bool {
		return len(list) == 1 && api.NewClient(r.api).Ready(t.Context()) == nil
	})
	file := write(t, hello)
	want(t, 1, `\s+TYPE +NAME +DIFFERENCE\n\+ +policy +Traffic/hello +-\n~ +routes +gateway-http +\d+ fields\n`, "dubbomesh: there are differences\n", "diff", "-f", file, "--api", r.api)
	want(t, 1, `.*\n  - virtualHosts\["\*"\].*\.timeout: "10s"\n  \+ virtualHosts\["\*"\].*\.timeout: "1s"\n.*`, "dubbomesh: there are differences\n", "diff", "-f", file, "--api", r.api, "--verbose")
	want(t, 1, `\{\n  "policies": \[.*"action": "added".*`, "dubbomesh: there are differences\n", "diff", "-f", file, "--api", r.api, "-o", "json")
	want(t, 3, ".*", ".*", "apply", "-f", file, "--wait", "1m", "--etcd", r.etcd, "--api", r.api)
	want(t, 0, "", "nothing would change\n", "diff", "-f", file, "--api", r.api)
	other := write(t, strings.ReplaceAll(hello, "hello", "other"))
	want(t, 1, `.*- +policy +Traffic/hello.*\+ +policy +Traffic/other.*`, "dubbomesh: there are differences\n", "diff", "-f", other, "--api", r.api, "--prune")
	want(t, 2, "", "dubbomesh: .*cannot reach the control plane.*", "diff", "-f", file, "--api", "127.0.0.1:1")
	want(t, 2, "", ".*1 error in 1 policy\n", "diff", "-f", write(t, "kind: Traffic\nname: x\ntimeout: 5\n"), "--api", r.api)
}

func TestDiffOffline(t *testing.T) {
	services := filepath.Join(t.TempDir(), "services.yaml")
	if err := os.WriteFile(services, []byte(twoVersions), 0o600); err != nil {
		t.Fatal(err)
	}
	base := write(t, hello)
	file := write(t, "kind: Route\nname: gray\nservice: a\nrules:\n  - {match: {headers: {x-user: ann}}, to: {labels: {version: v2}}}\n  - {to: {labels: {version: v3}}}\n")
	want(t, 1, `.*\+ +policy +Route/gray.*\+ +clusters +http\|a\|\|\|version=v2 .*~ +routes +gateway-http.*`,
		`warning: cluster http\|a\|\|\|version=v3 has no instance that takes requests\nwarning: Route/gray: rules\[1\].to\[0\].labels: no instance of a has the labels version=v3\nEnvoy takes the outcome; TLS and log files of the proxies' machines were not looked at\ndubbomesh: there are differences\n`,
		"diff", "--offline", "--services", services, "--base", base, "-f", file, "--validate-envoy", "--envoy", testenvoy.Binary(t), "--module", testenvoy.Module(t))
	want(t, 2, ".*", `.*there is no Envoy at "/nowhere": write --envoy \S+, or ENVOY=\S+ before the command.*`,
		"diff", "--offline", "--services", services, "-f", base, "--validate-envoy", "--envoy", "/nowhere")
	want(t, 0, "", "nothing would change\n", "diff", "--offline", "--services", services, "--base", base, "-f", base)
	want(t, 2, "", "dubbomesh: --services is missing.*", "diff", "--offline", "-f", base)
	want(t, 2, "", "dubbomesh: --base goes with --offline.*", "diff", "--base", base, "-f", base)
}
