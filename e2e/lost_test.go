package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEtcdLosesItsData kills etcd and takes its data away while a policy keeps callers out: nobody gets in, it is told, the
// policy can be written again, and what is not ends when the protection does.
func TestEtcdLosesItsData(t *testing.T) {
	m := startMesh(t, "--protection-hold", "20s")
	provider := startProvider(t, "one", 20*time.Millisecond)
	defer m.register(t, echoService, provider.address).stop(t)
	m.awaitCallable(t, echoService)
	file := filepath.Join(t.TempDir(), "deny.yaml")
	text := fmt.Sprintf("{kind: Access, name: deny, service: %[1]s, action: deny, rules: [{from: {ip: 127.0.0.0/8}}]}\n---\n{kind: Traffic, name: slow, service: %[1]s, timeout: 20s}\n", echoService)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cli := []string{"--wait", "1m", "--etcd", m.etcdAddress, "--api", m.apiAddress}
	runCLI(t, append([]string{"apply", "-f", file}, cli...)...)
	l := startLoad(t, 4, m.refused)
	l.waitCalls(t, 20)

	m.crash(t, m.etcd)
	if err := os.RemoveAll(m.etcdDir); err != nil {
		t.Fatal(err)
	}
	m.startEtcd(t)
	eventually(t, "the policies are told to be kept", func() error {
		out := runCLI(t, "problems", "--api", m.apiAddress)
		if strings.Count(out, "etcd lost it with its data; it is kept in force until ") != 2 || !strings.Contains(out, "/dubbomesh/policies/Access/deny") {
			return fmt.Errorf("problems says %s", out)
		}
		return nil
	})
	if text, err := m.status(); err == nil || !strings.Contains(text, "until ") || !strings.Contains(text, "apply it again") {
		t.Errorf("status says (exit code: %v) %s", err, text)
	}
	l.waitCalls(t, 100)
	if err := os.WriteFile(file, []byte(strings.Split(text, "---")[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	runCLI(t, append([]string{"apply", "-f", file}, cli...)...)
	eventually(t, "what was not written again ends", func() error {
		out, err := m.status()
		if err == nil && (strings.Contains(out, "Traffic/slow") || !strings.Contains(out, "Access/deny")) {
			err = errors.New("it lists other policies")
		}
		if err != nil {
			err = fmt.Errorf("status says (exit code: %w) %s", err, out)
		}
		return err
	})
	l.waitCalls(t, 20)
	requireNoFailure(t, l.stop(), 200)
	runCLI(t, append([]string{"delete", "access/deny"}, cli...)...)
	m.awaitCallable(t, echoService)
}

// status is what the command says of all policies; it fails when one is not in force as it stands in etcd.
func (m *mesh) status() (string, error) {
	out, err := exec.Command(repository("bin", "race", "dubbomesh"), "status", "--api", m.apiAddress).CombinedOutput()
	return string(out), err
}

// refused calls a service that a policy closes.
func (m *mesh) refused(ctx context.Context) (string, error) {
	status, _, body, err := m.call(ctx, echoService, "whoami", "[]")
	if err == nil && status != http.StatusForbidden {
		err = fmt.Errorf("%d %s", status, body)
	}
	return "", err
}
