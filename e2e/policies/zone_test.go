package policies

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// balanceSameZone runs a gateway in each zone and one in a zone without instances.
func balanceSameZone(t *testing.T, m *mesh) {
	for zone, want := range map[string]map[string]float64{
		"east":  {"one": 1, "small": 1},
		"west":  {"two": 1, "medium": 2, "large": 3},
		"north": {"one": 1, "two": 1, "small": 1, "medium": 2, "large": 3},
	} {
		t.Run(zone, func(t *testing.T) {
			near := *m
			near.Gateway = m.gatewayIn(t, zone)
			eachOf(t, func(t *testing.T, s target) {
				shares := map[string]float64{}
				for name := range s.weights {
					if want[name] > 0 {
						shares[name] = want[name]
					}
				}
				if zone == "north" { // Envoy draws lots among the zones: five standard deviations
					s.shares(t, 6000, shares, 3.3)
					return
				}
				s.shares(t, 600, shares, 2)
			}, near.web(), near.dubbo(), near.consumer())
		})
	}
}

// gatewayIn runs one more gateway, in a zone, with a control plane of its own on the mesh's etcd: gateways of one control
// plane listen at the same port. It returns its address.
func (m *mesh) gatewayIn(t *testing.T, zone string) string {
	t.Helper()
	xds, gateway := testenvoy.FreeAddress(t), testenvoy.FreeAddress(t)
	_, port, _ := net.SplitHostPort(gateway)
	m.child(t, repository("bin", "dubbomesh"), "controlplane", "--etcd", m.Etcd, "--xds", xds, "--api", testenvoy.FreeAddress(t),
		"--gateway-address", "127.0.0.1", "--gateway-port", port, "--gateway-dubbo-port", "0")
	_, port, _ = net.SplitHostPort(xds)
	bootstrap := strings.NewReplacer("port_value: 18000", "port_value: "+port, "port_value: 9901", "port_value: 0",
		"filename: bin/libdubbo.so", "filename: "+testenvoy.Module(t)).Replace(read(t, "envoy/bootstrap.yaml"))
	file := filepath.Join(t.TempDir(), "bootstrap.yaml")
	if err := os.WriteFile(file, []byte(bootstrap), 0o600); err != nil {
		t.Fatal(err)
	}
	m.child(t, testenvoy.Binary(t), "-c", file, "--service-zone", zone, "--config-yaml", strings.ReplaceAll(read(t, "envoy/zone.yaml"), "ZONE", zone),
		"--disable-hot-restart", "--log-level", "warn", "--concurrency", "1")
	near := *m
	near.Gateway = gateway
	eventually(t, "the gateway in "+zone+" answers", func() error {
		for _, s := range []target{near.web(), near.dubbo()} {
			a, err := s.dial(t)(nil)
			if err == nil && a.by == "" {
				err = fmt.Errorf("%d %s", a.status, a.body)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return gateway
}
