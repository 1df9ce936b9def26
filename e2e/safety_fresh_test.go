package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// sameAsFresh starts another control plane and another Envoy on the same etcd and compares what the two Envoys go by.
func (s *safety) sameAsFresh(t *testing.T) {
	t.Helper()
	fresh := &mesh{
		etcd: s.etcd, client: s.client, etcdAddress: s.etcdAddress, xdsPort: testenvoy.FreePort(t), apiPort: testenvoy.FreePort(t), gatewayPort: s.gatewayPort,
	}
	fresh.apiAddress = local(fresh.apiPort)
	fresh.startControlPlane(t)
	// It binds the ports of the other one, which the system lets share them; it takes no request before it is asked for.
	fresh.envoy = testenvoy.Start(t, testenvoy.Options{Bootstrap: gatewayBootstrap(t, fresh.xdsPort)})
	eventually(t, "a fresh start comes to the same", func() error {
		if diff := cmp.Diff(s.configuration(t, fresh), s.configuration(t, s.mesh)); diff != "" {
			return fmt.Errorf("- fresh, + edited: %.4000s", diff)
		}
		return nil
	})
	t.Logf("%d resources are the same as after a fresh start, with %d policies", len(s.configuration(t, s.mesh)), len(s.alive))
	fresh.envoy.Kill()
	fresh.control.stop(t)
}

// configuration is what an Envoy goes by, by type and name.
func (s *safety) configuration(t *testing.T, m *mesh) map[string]any {
	t.Helper()
	var dump struct {
		Configs []struct {
			Clusters []struct{ Cluster map[string]any } `json:"dynamic_active_clusters"`
			Warming  []any                              `json:"dynamic_warming_clusters"`
			Routes   []struct {
				Config map[string]any `json:"route_config"`
			} `json:"dynamic_route_configs"`
			Endpoints []struct {
				Config map[string]any `json:"endpoint_config"`
			} `json:"dynamic_endpoint_configs"`
			Listeners []struct {
				Active *struct{ Listener map[string]any } `json:"active_state"`
				Error  any                                `json:"error_state"`
			} `json:"dynamic_listeners"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(m.envoy.ConfigDump(), &dump); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for _, c := range dump.Configs {
		for _, one := range c.Clusters {
			out["cluster "+fmt.Sprint(one.Cluster["name"])] = one.Cluster
		}
		for i, one := range c.Warming {
			out[fmt.Sprintf("warming %d", i)] = one
		}
		for _, one := range c.Routes {
			out["routes "+fmt.Sprint(one.Config["name"])] = one.Config
		}
		for _, one := range c.Endpoints {
			out["endpoints "+fmt.Sprint(one.Config["cluster_name"])] = one.Config
		}
		for _, one := range c.Listeners {
			if one.Active != nil {
				out["listener "+fmt.Sprint(one.Active.Listener["name"])] = one.Active.Listener
			}
		}
	}
	return out
}
