package e2e

import (
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
