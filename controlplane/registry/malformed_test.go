package registry

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// malformed is one entry of testdata/malformed.yaml.
type malformed struct{ Key, Value, Reason string }

// readMalformed reads the table of registrations that cannot be used.
func readMalformed(t *testing.T) []malformed {
	t.Helper()
	text, err := os.ReadFile("testdata/malformed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []malformed
	if err := yaml.UnmarshalWithOptions(text, &cases, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestMalformedDisturbNothing puts every malformed registration into one etcd, beside one good one.
func TestMalformedDisturbNothing(t *testing.T) {
	cases := readMalformed(t)
	c := startEtcd(t).dial()
	cfg := Config{Dubbo: []string{"/dubbo"}, Weights: []WeightsSource{{Prefix: "/weights"}}, Protection: Protection{Share: -1}}
	r := run(t, cfg, c)
	put(t, c, DefaultPrefix+"/services/good/i1", instance(1))
	for _, m := range cases {
		put(t, c, m.Key, m.Value)
	}
	s := eventually(t, r, "all problems", func(s State) bool { return len(s.Problems) == len(cases) && has("good", at(1))(s) })
	if len(s.Snapshot.Services) != 1 {
		t.Errorf("malformed registrations became services: %+v", s.Snapshot.Services)
	}
	for _, m := range cases {
		i := slices.IndexFunc(s.Problems, func(p model.Problem) bool { return p.Key == m.Key })
		switch {
		case i < 0:
			t.Errorf("%s: not reported", m.Key)
		case !strings.Contains(s.Problems[i].Reason, m.Reason):
			t.Errorf("%s: reason %q does not say %q", m.Key, s.Problems[i].Reason, m.Reason)
		case strings.ContainsAny(s.Problems[i].Reason, "\n\x00"):
			t.Errorf("%s: reason %q is not one line", m.Key, s.Problems[i].Reason)
		}
	}
	again := run(t, cfg, c) // listed instead of watched: the same
	if s := eventually(t, again, "synced", func(s State) bool { return s.Synced }); len(s.Problems) != len(cases) {
		t.Errorf("a list gives %d problems, want %d", len(s.Problems), len(cases))
	}
}
