package policies

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// dead adds an instance that has crashed: it is registered, and nobody listens.
func (s target) dead(t *testing.T) {
	t.Helper()
	s.join(t, s.service, "dead", nil, []string{"--weight", "200"}).kill(t)
}

// strategyFailfast requires that the share of a dead instance fails.
func strategyFailfast(t *testing.T, s target) {
	s.dead(t)
	want := map[string]float64{"503": 200}
	for name, weight := range s.weights {
		want[name] = weight * 100
	}
	s.shares(t, 1200, want, 2)
}

// strategyFailsafe leaves a dead instance alone: every call has an empty result.
func strategyFailsafe(t *testing.T, s target) {
	s.dead(t)
	for _, name := range s.names() {
		s.weigh(t, s.service, name, "0")
	}
	s.always(t, 100, []string{"null"})
}

// strategyForking adds an instance that is stopped in the middle of what it does: no caller waits for it.
func strategyForking(t *testing.T, s target) {
	stuck := s.join(t, s.service, "stuck", nil, []string{"--weight", "200"})
	eventually(t, "it answers", func() error {
		if seen := s.tally(t, 40); seen["stuck"] == 0 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
	if err := stuck.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stuck.process.Signal(syscall.SIGCONT) })
	asked := s.hostStat(t, s.service, stuck.address, "rq_total")
	call := s.dial(t)
	for range 60 {
		begin := time.Now()
		a, err := call(nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); a.status != http.StatusOK || s.weights[a.by] == 0 || took > 3*time.Second {
			t.Errorf("%d by %q after %s: %s", a.status, a.by, took, a.body)
		}
	}
	if n := s.hostStat(t, s.service, stuck.address, "rq_total") - asked; n < 3 {
		t.Errorf("the one that never answers was asked %d times only", n)
	}
}
