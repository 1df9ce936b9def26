package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sums maps requests to a method of Echo, under a path of its own.
func sums(name string) string {
	return fmt.Sprintf(`kind: Mapping
name: %s
service: %s
methods:
  - {name: add, parameters: [{name: a, type: long}, {name: b, type: long}], returns: long}
operations:
  - {verb: GET, path: "/%s/{a}/{b}", method: add}
`, name, echoService, name)
}

// fetch gets a path from the gateway.
func (m *mesh) fetch(path string) (int, []byte, error) {
	answer, err := gatewayClient.Get(m.gatewayURL + path)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// TestPolicies takes a policy from the command line to the Envoy, spoils it past the command line, starts the control plane
// anew before the spoilt key, and ends the policy.
func TestPolicies(t *testing.T) {
	m := startMesh(t)
	provider := startProvider(t, "one", time.Millisecond)
	registration := m.register(t, echoService, provider.address)
	defer registration.stop(t)
	etcd, control := []string{"--etcd", m.etcdAddress}, []string{"--api", m.apiAddress}
	apply := func(text string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "policy.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return runCLI(t, append(append([]string{"apply", "-f", file, "--wait", "1m"}, etcd...), control...)...)
	}
	answers := func(path string, status int, body string) {
		t.Helper()
		eventually(t, fmt.Sprintf("GET %s yields %d %s", path, status, body), func() error {
			got, text, err := m.fetch(path)
			if err == nil && (got != status || body != "" && string(text) != body) {
				err = fmt.Errorf("%d %.300s", got, text)
			}
			return err
		})
	}
	m.awaitCallable(t, echoService)
	if out := apply(sums("plus")); !strings.Contains(out, "Mapping/plus in force on 1 Envoy") {
		t.Fatalf("apply says %s", out)
	}
	if status, body, err := m.fetch("/plus/3/4"); err != nil || status != http.StatusOK || string(body) != "7" {
		t.Fatalf("what is in force yields %d %s %v", status, body, err) // at once: apply has waited for it
	}

	m.put(t, "/dubbomesh/policies/Mapping/plus", strings.Replace(sums("plus"), "verb:", "vreb:", 1))
	eventually(t, "the spoilt version is rejected", func() error {
		out, err := exec.Command(repository("bin", "race", "dubbomesh"), append([]string{"status", "mapping/plus"}, control...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), `rejected`) || !strings.Contains(string(out), `7:6: operations[0].vreb: there is no such field; did you mean "verb"?`) {
			return fmt.Errorf("status says (exit code: %w) %s", err, out)
		}
		return nil
	})
	answers("/plus/3/5", http.StatusOK, "8")

	m.crash(t, m.control)
	m.startControlPlane(t)
	apply(sums("also")) // the new control plane has published something
	answers("/also/1/1", http.StatusOK, "2")
	answers("/plus/3/6", http.StatusOK, "9")

	runCLI(t, append(append([]string{"rollback", "mapping/plus", "--wait", "1m"}, etcd...), control...)...)
	if out := runCLI(t, append([]string{"history", "mapping/plus"}, etcd...)...); !strings.Contains(out, "rollback to revision") {
		t.Errorf("history says %s", out)
	}
	answers("/plus/3/7", http.StatusOK, "10")
	if out := runCLI(t, append(append([]string{"delete", "mapping/plus", "--wait", "1m"}, etcd...), control...)...); !strings.Contains(out, "Mapping/plus gone from 1 Envoy in ") {
		t.Errorf("delete says %q", out)
	}
	answers("/plus/3/8", http.StatusNotFound, "")
	answers("/also/1/2", http.StatusOK, "3")
}
