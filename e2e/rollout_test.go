package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// beside starts a second control plane on the same etcd, with an Envoy of its own.
func (m *mesh) beside(t *testing.T) *mesh {
	t.Helper()
	other := &mesh{
		etcd: m.etcd, client: m.client, etcdAddress: m.etcdAddress, xdsPort: testenvoy.FreePort(t), apiPort: testenvoy.FreePort(t), gatewayPort: testenvoy.FreePort(t),
	}
	other.apiAddress, other.gatewayURL = local(other.apiPort), "http://"+local(other.gatewayPort)
	other.startControlPlane(t)
	bootstrap := strings.Replace(gatewayBootstrap(t, other.xdsPort), "gateway-1", "gateway-2", 1)
	other.envoy = testenvoy.Start(t, testenvoy.Options{Bootstrap: bootstrap})
	other.waitGateway(t)
	return other
}

// Whichever control plane is asked, a rollout is that of all Envoys of the mesh, and costs etcd little.
func TestRolloutOfSeveralControlPlanes(t *testing.T) {
	m := startMesh(t)
	address := testenvoy.FreeAddress(t)
	start(t, "http service", repository("bin", "demo-http"), "--listen", address).waitOutput(t, "listening")
	m.register(t, webService, address, "--protocol", "http")
	other := m.beside(t)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	apply := func(m *mesh, version int, wait string) (string, error) {
		t.Helper()
		text := fmt.Sprintf("kind: Traffic\nname: web\nservice: %s\ntimeout: %ds\n", webService, version)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return m.cli("apply", "-f", file, "--wait", wait)
	}
	both := func(m *mesh) error {
		out, err := m.cli("status", "traffic/web")
		if err == nil && !strings.Contains(out, " 2/2 ") {
			err = fmt.Errorf("not of both")
		}
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	eventually(t, "each knows of the other", func() error {
		_, err := apply(m, 1, "10s")
		if err == nil {
			err = both(m)
		}
		if err == nil {
			err = both(other)
		}
		return err
	})
	for i, asked := range []*mesh{m, other, m} {
		began := time.Now()
		if out, err := apply(asked, 2+i, "1m"); err != nil || !strings.Contains(out, "in force on 2 Envoys in ") {
			t.Errorf("apply says %v %s", err, out)
		}
		t.Logf("known everywhere after %v", time.Since(began).Round(time.Millisecond))
	}

	other.envoy.Signal(syscall.SIGSTOP)
	if out, err := apply(m, 9, "3s"); err == nil || !strings.Contains(out, "waiting for gateway-2") {
		t.Errorf("with an Envoy that does not answer apply says %v %s", err, out)
	}
	if out, err := m.cli("status", "traffic/web"); err == nil || !strings.Contains(out, " 1/2 ") {
		t.Errorf("with an Envoy that does not answer status says %v %s", err, out)
	}
	other.envoy.Signal(syscall.SIGCONT)
	eventually(t, "both have it", func() error { return both(m) })

	m.boundedReports(t)

	other.control.stop(t)
	eventually(t, "who left is not waited for", func() error {
		out, err := m.cli("status", "traffic/web")
		if err == nil && !strings.Contains(out, " 1/1 ") {
			err = fmt.Errorf("%s", out)
		}
		return err
	})
}

// boundedReports writes many policies at once and counts what that makes control planes write about their Envoys.
func (m *mesh) boundedReports(t *testing.T) {
	t.Helper()
	writes := func() (n int64) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r, err := m.client.Get(ctx, "/dubbomesh/status/controlplanes/", clientv3.WithPrefix())
		if err != nil || len(r.Kvs) != 2 {
			t.Fatalf("reports: %v %v", r, err)
		}
		for _, kv := range r.Kvs {
			n += kv.Version
		}
		return n
	}
	began, before := time.Now(), writes()
	for i := range 300 {
		m.put(t, fmt.Sprintf("/dubbomesh/policies/Traffic/many-%d", i), fmt.Sprintf("service: %s\ntimeout: %ds", webService, 10+i))
	}
	eventually(t, "all are in force everywhere", func() error {
		out, err := m.cli("status")
		if err != nil {
			return fmt.Errorf("%w: %.500s", err, out)
		}
		return nil
	})
	took := time.Since(began)
	if n := writes() - before; n > 2*int64(took/time.Second+2) {
		t.Errorf("%d reports were written in %v, want at most one a second of each control plane", n, took)
	} else {
		t.Logf("300 policies: %d reports in %v", n, took.Round(time.Millisecond))
	}
}
