package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// mesh is an etcd, a control plane and a gateway Envoy, each a process of its own, on ports of their own.
type mesh struct {
	etcd, control *process
	envoy         *testenvoy.Envoy
	client        *clientv3.Client

	etcdDir                             string
	etcdPort, peerPort, xdsPort         int
	apiPort, gatewayPort                int
	controlFlags                        []string
	etcdAddress, apiAddress, gatewayURL string
}

// startMesh starts all three and waits until the gateway has its configuration. The flags go to the control plane.
func startMesh(t *testing.T, controlFlags ...string) *mesh {
	t.Helper()
	return startMeshWith(t, nil, controlFlags...)
}

// startMeshWith is startMesh with arguments for the Envoy.
func startMeshWith(t *testing.T, envoyArgs []string, controlFlags ...string) *mesh {
	t.Helper()
	m := &mesh{
		etcdDir: t.TempDir(), etcdPort: testenvoy.FreePort(t), peerPort: testenvoy.FreePort(t), xdsPort: testenvoy.FreePort(t),
		apiPort: testenvoy.FreePort(t), gatewayPort: testenvoy.FreePort(t), controlFlags: controlFlags,
	}
	m.etcdAddress, m.apiAddress = local(m.etcdPort), local(m.apiPort)
	m.gatewayURL = "http://" + local(m.gatewayPort)
	m.startEtcd(t)
	m.client = m.dial(t)
	m.startControlPlane(t)
	m.envoy = testenvoy.Start(t, testenvoy.Options{
		Bootstrap: gatewayBootstrap(t, m.xdsPort), Args: envoyArgs,
	})
	m.waitGateway(t)
	return m
}

func (m *mesh) startEtcd(t *testing.T) {
	t.Helper()
	client, peer := "http://"+local(m.etcdPort), "http://"+local(m.peerPort)
	m.etcd = start(t, "etcd", repository("bin", "etcd"),
		"--name", "e2e", "--data-dir", m.etcdDir, "--log-level", "error",
		// What is under test is not the disk: on a busy machine a sync can take longer than the leases here last.
		"--unsafe-no-fsync",
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "e2e="+peer)
	eventually(t, "etcd answers", func() error { return get(client+"/health", nil) })
}

func (m *mesh) dial(t *testing.T) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{m.etcdAddress}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (m *mesh) startControlPlane(t *testing.T) {
	t.Helper()
	args := append([]string{
		"controlplane", "--etcd", m.etcdAddress, "--xds", local(m.xdsPort), "--api", m.apiAddress,
		"--gateway-address", "127.0.0.1", "--gateway-port", fmt.Sprint(m.gatewayPort), "--gateway-dubbo-port", "0",
	}, m.controlFlags...)
	program := cmp.Or(os.Getenv("E2E_PROGRAM"), repository("bin", "race", "dubbomesh")) // measurements are made without the race detector
	m.control = start(t, "control plane", program, args...)
	eventually(t, "control plane is ready", func() error { return get("http://"+m.apiAddress+"/readyz", nil) })
}

// waitGateway waits until the gateway listens, whatever it answers.
func (m *mesh) waitGateway(t *testing.T) {
	t.Helper()
	eventually(t, "the gateway answers", func() error {
		resp, err := http.Get(m.gatewayURL + "/")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
}

// put writes a key, as `etcdctl put` does.
func (m *mesh) put(t *testing.T, key, value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := m.client.Put(ctx, key, value); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

// remove deletes a key, as `etcdctl del` does.
func (m *mesh) remove(t *testing.T, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := m.client.Delete(ctx, key); err != nil {
		t.Fatalf("delete %s: %v", key, err)
	}
}

// register keeps an instance registered by the command line, as an operator or an init script does.
func (m *mesh) register(t *testing.T, service, address string, flags ...string) *process {
	t.Helper()
	args := append([]string{"register", service, "--address", address, "--etcd", m.etcdAddress, "--ttl", "5s"}, flags...)
	p := start(t, "register "+address, repository("bin", "race", "dubbomesh"), args...)
	eventually(t, service+" at "+address+" is registered", func() error {
		for _, i := range m.instances(t, service) {
			if i.Address == address {
				return nil
			}
		}
		return fmt.Errorf("not in the list of instances; register said:\n%s", p.out.tail(1000))
	})
	return p
}

// instances lists a service in the API; one that is not known has none.
func (m *mesh) instances(t *testing.T, service string) []api.Instance {
	t.Helper()
	var all, out []api.Instance
	if err := get("http://"+m.apiAddress+"/api/instances", &all); err != nil {
		t.Logf("instances of %s: %v", service, err)
	}
	for _, i := range all {
		if i.Service == service {
			out = append(out, i)
		}
	}
	return out
}

func (m *mesh) problems(t *testing.T) []model.Problem {
	t.Helper()
	var out []model.Problem
	if err := get("http://"+m.apiAddress+"/api/problems", &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// crash kills a process of the mesh as kill -9 does.
func (m *mesh) crash(t *testing.T, p *process) {
	t.Helper()
	p.kill(t)
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() {
		t.Fatalf("%s had ended before it was killed: %v", p.name, p.cmd.ProcessState)
	}
}

// get reads JSON from a URL; anything but 200 is an error.
func get(url string, into any) error {
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// gatewayBootstrap is envoy/bootstrap.yaml with the control plane at another port.
func gatewayBootstrap(t *testing.T, xdsPort int) string {
	t.Helper()
	text, err := os.ReadFile(repository("envoy", "bootstrap.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const port = "port_value: 18000"
	if n := strings.Count(string(text), port); n != 1 {
		t.Fatalf("envoy/bootstrap.yaml has %q %d times, want once", port, n)
	}
	return strings.Replace(string(text), port, fmt.Sprintf("port_value: %d", xdsPort), 1)
}
