package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// cli runs a command of the program against the mesh, and returns what it prints and whether it exits with 0.
func (m *mesh) cli(command ...string) (string, error) {
	cmd := exec.Command(repository("bin", "race", "dubbomesh"), command...)
	cmd.Env = append(os.Environ(), "DUBBOMESH_API_LISTEN="+m.apiAddress, "DUBBOMESH_ETCD_ENDPOINTS="+m.etcdAddress)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A policy that is good by all that is known here, and that Envoy refuses, is withdrawn: who wrote it is told which field is
// why, in Envoy's words, and everything else goes on, over a restart of the control plane too.
func TestAPolicyThatEnvoyRefuses(t *testing.T) {
	m := startMesh(t)
	address := local(freePort(t))
	start(t, "http service", repository("bin", "demo-http"), "--listen", address).waitOutput(t, "listening")
	m.register(t, webService, address, "--protocol", "http")
	answers := func(path string, status int, text string) {
		t.Helper()
		eventually(t, fmt.Sprintf("GET %s yields %d %s", path, status, text), func() error {
			got, body, err := m.fetch("/" + webService + path)
			if err == nil && (got != status || !strings.Contains(string(body), text)) {
				err = fmt.Errorf("%d %.200s", got, body)
			}
			return err
		})
	}
	file := filepath.Join(t.TempDir(), "big.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	big := "kind: Route\nname: big\nservice: " + webService + "\nrules:\n- match: {path: /big}\n  respond: {status: 200, body: " + strings.Repeat("x", 5000) + "}\n"
	small := strings.Replace(big, strings.Repeat("x", 5000), "small", 1)
	m.put(t, "/dubbomesh/policies/Route/other", "service: "+webService+"\nrules: [{match: {path: /other}, respond: {status: 200, body: first}}]")
	answers("/other", http.StatusOK, "first")

	// New, with nothing good before it.
	write(big)
	const why = "6:32: rules[0].respond.body: Envoy gateway-1 refuses routes gateway-http: "
	out, err := m.cli("apply", "-f", file, "--wait", "1m")
	if err == nil || !strings.Contains(out, why) || !strings.Contains(out, "response body size is 5000 bytes; maximum is 4096") {
		t.Fatalf("apply says (exit code: %v) %s", err, out)
	}
	answers("/big", http.StatusNotFound, "")
	m.put(t, "/dubbomesh/policies/Route/other", "service: "+webService+"\nrules: [{match: {path: /other}, respond: {status: 200, body: second}}]")
	answers("/other", http.StatusOK, "second")

	// With a good version before it.
	write(small)
	if out, err := m.cli("apply", "-f", file, "--wait", "1m"); err != nil {
		t.Fatal(out)
	}
	answers("/big", http.StatusOK, "small")
	write(big)
	if out, err := m.cli("apply", "-f", file, "--wait", "1m"); err == nil || !strings.Contains(out, why) {
		t.Fatalf("apply says (exit code: %v) %s", err, out)
	}
	m.toldOfRefusal(t, why)
	m.put(t, "/dubbomesh/policies/Route/other", "service: "+webService+"\nrules: [{match: {path: /other}, respond: {status: 200, body: third}}]")
	answers("/other", http.StatusOK, "third")
	answers("/big", http.StatusOK, "small")

	m.crash(t, m.control)
	m.startControlPlane(t)
	m.put(t, "/dubbomesh/policies/Route/other", "service: "+webService+"\nrules: [{match: {path: /other}, respond: {status: 200, body: fourth}}]")
	answers("/other", http.StatusOK, "fourth")
	answers("/big", http.StatusOK, "small")
	m.toldOfRefusal(t, why)
	var proxies []xds.Proxy
	if err := get("http://"+m.apiAddress+"/api/proxies", &proxies); err != nil {
		t.Fatal(err)
	}
	for _, p := range proxies {
		for _, kind := range p.Types {
			if kind.Nacked > 0 {
				t.Errorf("the new control plane sent it again: %+v", kind)
			}
		}
	}
	// The same text once more: what was wrong may be mended on the proxy's side.
	if out, err := m.cli("apply", "-f", file, "--wait", "1m"); err == nil || !strings.Contains(out, "configured") || !strings.Contains(out, why) {
		t.Errorf("apply says (exit code: %v) %s", err, out)
	}
	write(small)
	if out, err := m.cli("apply", "-f", file, "--wait", "1m"); err != nil {
		t.Fatal(out)
	}
	if out, err := m.cli("status"); err != nil {
		t.Errorf("status says %s", out)
	}
	if left := m.problems(t); len(left) > 0 {
		t.Errorf("problems are left: %+v", left)
	}
}

// toldOfRefusal looks for a refusal wherever it has to be told.
func (m *mesh) toldOfRefusal(t *testing.T, why string) {
	t.Helper()
	eventually(t, "the refusal is told everywhere", func() error {
		for _, command := range [][]string{{"status", "route/big"}, {"get", "route/big"}, {"problems"}} {
			out, err := m.cli(command...)
			if !strings.Contains(out, why) || command[0] == "status" && err == nil {
				return fmt.Errorf("%v says (exit code: %v) %s", command, err, out)
			}
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := m.client.Get(ctx, "/dubbomesh/status/policies/Route/big")
	if err != nil || len(r.Kvs) != 1 {
		t.Fatal(r, err)
	}
	var status policystore.Status
	if err := json.Unmarshal(r.Kvs[0].Value, &status); err != nil || !status.Refused || status.Verdict != policystore.Rejected || status.LastGood == nil || len(status.LastGood.Text) > 500 {
		t.Errorf("status in etcd: %v %.500s", err, r.Kvs[0].Value)
	}
}
