package policies

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// proof shows on a running mesh that a folder's policies, which are in force, do what they say.
type proof func(t *testing.T, m *mesh)

// folders lists examples/policies/*/.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(repository("examples", "policies"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestEveryFolderIsProved holds the folders, the proofs and the list in examples/policies/README.md against each other.
func TestEveryFolderIsProved(t *testing.T) {
	have := folders(t)
	if want := slices.Sorted(maps.Keys(proofs)); !slices.Equal(have, want) {
		t.Errorf("folders are %q, proofs %q", have, want)
	}
	index := read(t, path.Join("examples", "policies", "README.md"))
	for _, name := range have {
		if !strings.Contains(index, "]("+name+")") {
			t.Errorf("examples/policies/README.md does not list %s", name)
		}
		folder := path.Join("examples", "policies", name)
		readme := read(t, path.Join(folder, "README.md"))
		if n := strings.Count(readme, "\n"); n > 40 {
			t.Errorf("%s/README.md has %d lines, want 40 at most", folder, n)
		}
		session := parseSession(readme)
		apply, end := "bin/dubbomesh apply -f "+folder+" --wait 10s", "bin/dubbomesh delete -f "+folder
		if n := beforeApply(session); n+2 >= len(session) || session[n].command != apply || session[len(session)-1].command != end {
			t.Errorf("the session in %s/README.md begins with %q, what that needs apart, and ends with %q", folder, apply, end)
		}
	}
}

// TestPolicies does for each folder what its README says, then proves its effect. Afterwards nothing of it may be left.
func TestPolicies(t *testing.T) {
	m := theMesh(t)
	for _, name := range folders(t) {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { m.bareAgain(t) })
			m.place(t, name)
			t.Run("README", func(t *testing.T) { m.runSession(t, read(t, path.Join("examples", "policies", name, "README.md"))) })
			m.bareAgain(t)
			if prepare := preparations[name]; prepare != nil {
				prepare(t, m)
			}
			if prove := proofs[name]; prove != nil {
				m.apply(t, m.at.folder)
				prove(t, m)
			}
		})
	}
}

// apply puts the policies of a folder into force, and requires that nothing is told against them.
func (m *mesh) apply(t *testing.T, folder string) {
	t.Helper()
	said := m.dubbomesh(t, "apply", "-f", folder, "--wait", patience.String(), "--note", t.Name())
	if strings.Contains(said, "warning") {
		t.Errorf("apply says %s", said)
	}
	for _, p := range m.policies(t) {
		if p.Verdict != "accepted" || len(p.Problems)+len(p.Notes) > 0 {
			t.Errorf("%s/%s is %s: %s %q", p.Kind, p.Name, p.Verdict, p.Problems, p.Notes)
		}
	}
	client.CloseIdleConnections() // a connection keeps the listener with which it began
}

// bareAgain deletes every policy and waits until the gateway's configuration is what it was before the first one.
func (m *mesh) bareAgain(t *testing.T) {
	t.Helper()
	for _, p := range m.policies(t) { // as the control plane knows them: one may be gone already
		if out, err := m.run("delete", p.Kind+"/"+p.Name); err != nil && !strings.Contains(out, "there is no such policy") {
			t.Fatalf("delete %s/%s: %v\n%s", p.Kind, p.Name, err, out)
		}
	}
	eventually(t, "nothing is left of the policies", func() error {
		config, err := m.config()
		if err == nil && config != m.bare {
			err = fmt.Errorf("other than before: %s", difference(m.bare, config))
		}
		return err
	})
}

// policy is one that stands in etcd, and what is said of it.
type policy struct {
	Kind     string            `json:"kind"`
	Name     string            `json:"name"`
	Verdict  string            `json:"verdict"`
	Problems []json.RawMessage `json:"problems"`
	Notes    []string          `json:"notes"`
}

func (m *mesh) policies(t *testing.T) []policy {
	t.Helper()
	var list []policy
	if err := m.get("/api/policies", &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// difference is the first line that only the second text has.
func difference(before, after string) string {
	known := map[string]bool{}
	for line := range strings.Lines(before) {
		known[line] = true
	}
	for line := range strings.Lines(after) {
		if !known[line] {
			return line[:min(len(line), 300)]
		}
	}
	return "something is missing"
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(repository(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
