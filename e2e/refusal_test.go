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
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
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
	address := testenvoy.FreeAddress(t)
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
	other := func(version string) { // a route, which has nothing to do with the port that is refused
		t.Helper()
		m.put(t, "/dubbomesh/policies/Route/other", fmt.Sprintf("service: %s\nrules: [{match: {path: /other}, respond: {status: 200, body: %s}}]", webService, version))
		answers("/other", http.StatusOK, version)
	}
	port := testenvoy.FreePort(t)
	open := func() error { return get("http://"+local(port)+"/"+webService+"/users/1", nil) }
	plain := fmt.Sprintf("kind: Gateway\nname: edge\nlisteners:\n- {name: outer, address: 127.0.0.1, port: %d}\n", port)
	secured := strings.Replace(plain, "}", ", tls: {certificate: /no/such/file.crt, key: /no/such/file.key}}", 1)
	file := filepath.Join(t.TempDir(), "edge.yaml")
	apply := func(text string) (string, error) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return m.cli("apply", "-f", file, "--wait", "1m")
	}
	why := fmt.Sprintf(": listeners[0].tls.key: Envoy gateway-1 refuses listeners gateway-%d: ", port)
	refused := func() {
		t.Helper()
		if out, err := apply(secured); err == nil || !strings.Contains(out, why) || !strings.Contains(out, "/no/such/file.key") {
			t.Fatalf("apply says (exit code: %v) %s", err, out)
		}
	}

	// New, with nothing good before it.
	other("first")
	refused()
	other("second")
	if open() == nil {
		t.Error("the port is open")
	}
	// With a good version before it.
	if out, err := apply(plain); err != nil {
		t.Fatal(out)
	}
	eventually(t, "the port is open", open)
	refused()
	m.toldOfRefusal(t, why)
	other("third")
	if err := open(); err != nil {
		t.Error("the good version is not in force:", err)
	}

	m.crash(t, m.control)
	m.startControlPlane(t)
	other("fourth")
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
	if err := open(); err != nil {
		t.Error("the good version is not in force:", err)
	}
	refused() // the same text once more: what was wrong may be mended on the proxy's side
	if out, err := apply(plain); err != nil {
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
		for _, command := range [][]string{{"status", "gateway/edge"}, {"get", "gateway/edge"}, {"problems"}} {
			out, err := m.cli(command...)
			if !strings.Contains(out, why) || command[0] == "status" && err == nil {
				return fmt.Errorf("%v says (exit code: %w) %s", command, err, out)
			}
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := m.client.Get(ctx, "/dubbomesh/status/policies/Gateway/edge")
	if err != nil || len(r.Kvs) != 1 {
		t.Fatal(r, err)
	}
	var status policystore.Status
	if err := json.Unmarshal(r.Kvs[0].Value, &status); err != nil || !status.Refused || status.Verdict != policystore.Rejected || status.LastGood == nil || strings.Contains(status.LastGood.Text, "tls") {
		t.Errorf("status in etcd: %v %.500s", err, r.Kvs[0].Value)
	}
}
