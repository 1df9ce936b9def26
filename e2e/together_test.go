package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Either of these admits a POST, and so do both together; the first alone admits nobody.
const together = `{kind: Access, name: a-team, service: %[1]s, rules: [{to: {headers: {x-v: v9}}}]}
---
{kind: Access, name: b-rest, service: %[1]s, rules: [{to: {verb: [GET, POST]}}]}
`

// TestPoliciesOfOneCallComeAndGoTogether writes and deletes policies under load that would refuse it one without the other.
func TestPoliciesOfOneCallComeAndGoTogether(t *testing.T) {
	m := startMesh(t)
	provider := startProvider(t, "one", 20*time.Millisecond) // so that four callers make at most 200 calls a second
	defer m.register(t, echoService, provider.address).stop(t)
	m.awaitCallable(t, echoService)
	file := filepath.Join(t.TempDir(), "allow.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, together, echoService), 0o600); err != nil {
		t.Fatal(err)
	}
	l := startLoad(t, 4, m.whoami)
	l.waitCalls(t, 20)
	for range 3 {
		runCLI(t, "apply", "-f", file, "--wait", "1m", "--etcd", m.etcdAddress, "--api", m.apiAddress)
		l.waitCalls(t, 20)
		runCLI(t, "delete", "access/b-rest", "access/a-team", "--wait", "1m", "--etcd", m.etcdAddress, "--api", m.apiAddress)
		l.waitCalls(t, 20)
	}
	requireNoFailure(t, l.stop(), 100)
}
