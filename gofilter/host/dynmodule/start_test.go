package main_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// An Envoy that cannot use the module must not start, and must say why.
func TestRefusesToStart(t *testing.T) {
	usable := strings.Replace(bootstrap(nil), "    - filters:", "    - filters:"+consumerFilter, 1)
	broken := filepath.Join(t.TempDir(), "libdubbo.so")
	if err := os.WriteFile(broken, []byte("no shared object"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		bootstrap, module, message string
	}{
		"missing module":         {usable, filepath.Join(t.TempDir(), "libdubbo.so"), "libdubbo.so"},
		"broken module":          {usable, broken, "libdubbo.so"},
		"unknown extension":      {strings.Replace(usable, "extension_name: bootstrap", "extension_name: other", 1), "", "write extension_name: bootstrap"},
		"unknown network filter": {strings.Replace(usable, "filter_name: consumer", "filter_name: other", 1), "", "write filter_name: consumer"},
		"broken configuration":   {strings.Replace(usable, "maxRequestBytes", "maxBytes", 1), "", "consumer configuration"},
		"unknown filter":         {strings.Replace(usable, "filter_name: form", "filter_name: other", 1), "", "write filter_name: form"},
	} {
		t.Run(name, func(t *testing.T) {
			code, log := testenvoy.Run(t, testenvoy.Options{Bootstrap: c.bootstrap, Module: c.module})
			if code == 0 || !strings.Contains(log, c.message) {
				t.Errorf("exit code %d, want another one and %q in the log:\n%s", code, c.message, log)
			}
		})
	}
}

// An ABI that the module does not know is refused before anything of it is used.
func TestRefusesOtherABI(t *testing.T) {
	stranger := filepath.Join(t.TempDir(), "stranger")
	if out, err := exec.Command("cc", "-o", stranger, "testdata/stranger.c", "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	out, err := exec.Command(stranger, testenvoy.Module(t)).CombinedOutput()
	if err != nil {
		t.Errorf("not refused: %v", err)
	}
	for _, want := range []string{"needs Envoy 1.39 or 1.40", "lacks: envoy_dynamic_module_callback_log "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in the message: %s", want, out)
		}
	}
}

// The published bootstrap works as it is, but for the ports and folders of this test.
func TestBootstrapFile(t *testing.T) {
	text, err := os.ReadFile("../../../envoy/bootstrap.yaml")
	if err != nil {
		t.Fatal(err)
	}
	module, control := testenvoy.Module(t), startControlPlane(t)
	e := testenvoy.Start(t, testenvoy.Options{Bootstrap: strings.NewReplacer(
		"bin/libdubbo.so", module,
		"port_value: 18000", "port_value: "+strconv.Itoa(control),
	).Replace(string(text))})
	if n := e.Stat("cluster_manager.cds.update_success"); n != 1 {
		t.Errorf("%d updates came from the control plane, want 1", n)
	}
	if !strings.Contains(e.Get("/stats"), "dubbo.panics: 0") {
		t.Error("there is no counter dubbo.panics")
	}
}

// startControlPlane serves a gateway without any clusters and listeners and returns its port.
func startControlPlane(t *testing.T) int {
	t.Helper()
	nothing, err := cache.NewSnapshot("1", map[resource.Type][]types.Resource{})
	if err != nil {
		t.Fatal(err)
	}
	snapshots := cache.NewSnapshotCache(true, cache.IDHash{}, nil)
	if err := snapshots.SetSnapshot(t.Context(), "gateway-1", nothing); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(g, server.NewServer(t.Context(), snapshots, nil))
	go func() { _ = g.Serve(l) }() // ends with Stop
	t.Cleanup(g.Stop)
	return l.Addr().(*net.TCPAddr).Port
}
