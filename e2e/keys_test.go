package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"testing"
)

// instanceKey is the key under which `dubbomesh register` and these tests keep a native instance.
func instanceKey(service, address string) string {
	return "/dubbomesh/services/" + service + "/" + address
}

func host(address string) string { h, _, _ := net.SplitHostPort(address); return h }
func port(address string) string { _, p, _ := net.SplitHostPort(address); return p }

// runCLI runs a client command to its end and returns what it printed.
func runCLI(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(repository("bin", "race", "dubbomesh"), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("dubbomesh %q: %v\n%s%s", args, err, out.String(), errs.String())
	}
	return out.String()
}

// malformed returns thirty keys and values, none of which can be used, in every source that is read.
func malformed(service string) map[string]string {
	native := []string{
		"", "{", "[]", "42", "just text", "address: 10.0.0.1", "port: 80", "{address: 10.0.0.1, port: 0}",
		"{address: 10.0.0.1, port: 65536}", "{address: 10.0.0.1, port: -1}", "{address: 10.0.0.1, port: eighty}",
		"{address: no-ip, port: 80}", "{address: 10.0.0.300, port: 80}", "{address: 0.0.0.0, port: 80}", "{address: '', port: 80}",
		"{address: 10.0.0.1, port: 80, weight: -1}", "{address: 10.0.0.1, port: 80, weight: heavy}",
		"{address: 10.0.0.1, port: 80, weight: 4294967296}", "{address: 10.0.0.1, port: 80, protocol: smtp}",
		"{address: 10.0.0.1, port: 80, status: tired}", "{address: 10.0.0.1, port: 80, labels: [a, b]}",
		"{address: 10.0.0.1, port: 80, wieght: 5}", "address: 10.0.0.1\n\tport: 80", "\xff\xfe\x00\x01",
	}
	bad := map[string]string{}
	for i, value := range native {
		bad[fmt.Sprintf("/dubbomesh/services/%s/bad-%02d", service, i)] = value
	}
	bad["/dubbomesh/services/"+service] = "{address: 10.0.0.1, port: 80}"
	bad["/dubbomesh/weights/"+service+"/10.0.0.9:80"] = "a lot"
	bad["/dubbomesh/weights/"+service+"/nowhere"] = "5"
	for _, url := range []string{"not-a-url", "dubbo%3A%2F%2F10.0.0.1", "smtp%3A%2F%2F10.0.0.1%3A25%2F" + service} {
		bad["/dubbo/"+service+"/providers/"+url] = ""
	}
	return bad
}
