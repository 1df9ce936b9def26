package policies

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// protection has the leases of most instances of a service run out at once, while the instances live. They are called on, but for one
// that ends meanwhile; the others register anew in the end.
func protection(t *testing.T, s target) {
	names, leases, vanished := s.names(), []*os.Process{}, []joined{}
	for i := range len(s.weights) + 1 {
		name := fmt.Sprintf("vanished-%d", i)
		v := s.begin(t, s.service, name, nil)
		leases = append(leases, s.enrol(t, s.service, name, v.address, []string{"--ttl", "2s"}))
		names, vanished = append(names, name), append(vanished, v)
	}
	s.always(t, 600, names)
	for _, l := range leases {
		if err := l.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	s.waitForKept(t, len(vanished))
	s.always(t, 600, names)
	vanished[0].kill(t)
	s.waitUntilIll(t, vanished[0].address)
	s.always(t, 600, slices.DeleteFunc(names, func(name string) bool { return name == "vanished-0" }))
	for i, v := range vanished {
		s.enrol(t, s.service, fmt.Sprintf("vanished-%d", i), v.address, nil)
	}
	s.waitForKept(t, 0)
}

// waitForKept waits until so many instances of the service are kept although their registrations are gone.
func (s target) waitForKept(t *testing.T, want int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d instances are kept", want), func() error {
		if list := s.dubbomesh(t, "instances", s.service); strings.Count(list, "(kept)") != want {
			return fmt.Errorf("they are\n%s", list)
		}
		return nil
	})
}
