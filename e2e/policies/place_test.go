package policies

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// place is a folder of examples/policies as it is tried: ports that its policies open are free ones instead.
type place struct {
	folder       string // with its policies
	written      string // the same, as a README says it
	usual, ports []string
}

// opened finds the ports of Gateway policies.
var opened = regexp.MustCompile(`\b(port|redirectToTls): *([0-9]+)`)

// place copies a folder if its policies open ports.
func (m *mesh) place(t *testing.T, name string) {
	t.Helper()
	folder := filepath.Join("examples", "policies", name)
	m.at = place{folder: folder, written: folder}
	text := read(t, filepath.Join(folder, "policy.yaml"))
	if !strings.Contains(text, "kind: Gateway") {
		return
	}
	copied := opened.ReplaceAllStringFunc(text, func(field string) string {
		found := opened.FindStringSubmatch(field)
		return found[1] + ": " + m.at.port(t, found[2])
	})
	m.at.folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(m.at.folder, "policy.yaml"), []byte(copied), 0o600); err != nil {
		t.Fatal(err)
	}
}

// port is the one that stands for one that is written in a policy.
func (p *place) port(t *testing.T, usual string) string {
	t.Helper()
	at := slices.Index(p.usual, usual)
	if at < 0 {
		_, port, err := net.SplitHostPort(testenvoy.FreeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		at, p.usual, p.ports = len(p.usual), append(p.usual, usual), append(p.ports, port)
	}
	return p.ports[at]
}

// on is the mesh as it is called at a port that a policy opens, which the policy says is this one.
func (m *mesh) on(t *testing.T, usual string) *mesh {
	t.Helper()
	if !slices.Contains(m.at.usual, usual) {
		t.Fatalf("no policy opens the port %s", usual)
	}
	there := *m
	there.Gateway = net.JoinHostPort("127.0.0.1", m.at.port(t, usual))
	return &there
}
