package policies

import (
	"testing"
)

// discoverySubset takes away the only group that callers get: nobody answers in its place.
func discoverySubset(t *testing.T, s target) {
	s.shares(t, 600, s.versions(100, 0), 2)
	for _, name := range s.v1 {
		s.weigh(t, s.service, name, "0")
	}
	if seen := s.tally(t, 60); seen["503"] != 60 {
		t.Errorf("with nobody in the group: %v", seen)
	}
}

// registrationWeight raises the weight of the first instance to five times the usual, then takes it away.
func registrationWeight(t *testing.T, s target) {
	first := s.v1[len(s.v1)-1] // one or small, each of weight 100
	want := map[string]float64{}
	for name, w := range s.weights {
		want[name] = w
	}
	want[first] = 5
	t.Run("more", func(t *testing.T) {
		s.weigh(t, s.service, first, "500")
		s.shares(t, 1200, want, 2)
	})
	t.Run("none", func(t *testing.T) {
		s.weigh(t, s.service, first, "0")
		delete(want, first)
		s.shares(t, 600, want, 2)
	})
	s.shares(t, 1200, s.weights, 2)
}

// registrationDrain takes an instance out while calls flow: none fails, and once it is known none gets there.
func registrationDrain(t *testing.T, s target) {
	t.Run("leaves", func(t *testing.T) {
		s.join(t, s.service, "leaving", nil, []string{"--weight", "600"})
		eventually(t, "the new instance is called", func() error { return s.requireSome(t, "leaving") })
	})
	s.shares(t, 600, s.weights, 2) // join has waited until the gateway knows
	s.weigh(t, s.service, s.v2[0], "0")
	s.shares(t, 600, s.versions(100, 0), 2)
}
