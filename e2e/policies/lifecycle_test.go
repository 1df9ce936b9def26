package policies

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// warm is how long the policy's warm-up takes.
const warm = 3 * time.Second

// warmUps has the demo's instances warm up themselves before another comes: they are new to a policy that has just come.
func warmUps(t *testing.T, m *mesh) {
	for began, s := time.Now(), m.web(); time.Since(began) < warm; {
		s.tally(t, 40)
	}
	eachOf(t, warmUp, m.web(), m.dubbo())
}

// warmUp watches the share of a new instance grow from almost none to its own.
func warmUp(t *testing.T, s target) {
	s.join(t, s.service, "fresh", nil, []string{"--weight", "300"})
	began := time.Now()
	var windows [4]struct{ fresh, all int } // by the second
	for second := 0; second < len(windows); second = int(time.Since(began).Seconds()) {
		seen := s.tally(t, 40)
		windows[second].all += 40
		windows[second].fresh += seen["fresh"]
	}
	weights := 3.0
	for _, w := range s.weights {
		weights += w
	}
	full, last := 100*3/weights, 0.0
	for second, w := range windows {
		share := 100 * float64(w.fresh) / float64(w.all)
		t.Logf("second %d: %.1f %% of %d calls", second, share, w.all)
		if second == 0 && share > full/2 || share < last-3 {
			t.Errorf("in second %d it gets %.1f %%, after %.1f %%; in the end %.1f %%", second, share, last, full)
		}
		last = share
	}
	want := map[string]float64{"fresh": 3}
	for name, w := range s.weights {
		want[name] = w
	}
	s.shares(t, 1200, want, 2)
}

// healthCheck stops an instance in the middle of what it does, then lets it go on.
func healthCheck(t *testing.T, s target) {
	ill := s.join(t, s.service, "ill", nil, []string{"--weight", "300"})
	eventually(t, "it is called", func() error { return s.requireSome(t, "ill") })
	t.Cleanup(func() { _ = ill.process.Signal(syscall.SIGCONT) }) // it could not end
	if err := ill.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.waitUntilIll(t, ill.address)
	before := s.hostStat(t, s.service, ill.address, "rq_total")
	s.shares(t, 600, s.weights, 2)
	if n := s.hostStat(t, s.service, ill.address, "rq_total") - before; n != 0 {
		t.Errorf("it got %d calls", n)
	}
	if err := ill.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it comes back", func() error { return s.requireSome(t, "ill") })
	want := map[string]float64{"ill": 3}
	for name, w := range s.weights {
		want[name] = w
	}
	s.shares(t, 1200, want, 2)
}

// waitUntilIll waits until an instance fails the checks of the gateway.
func (s target) waitUntilIll(t *testing.T, address string) {
	t.Helper()
	eventually(t, "it fails its checks", func() error {
		_, page, err := fetch("http://" + s.Admin + "/clusters")
		if err == nil && !strings.Contains(page, "|"+s.service+"|") {
			return over{fmt.Errorf("there is no cluster of %s", s.service)}
		}
		if err == nil && !strings.Contains(page, "::"+address+"::health_flags::/failed_active_hc") {
			err = errors.New("it is well")
		}
		return err
	})
}

// delayedExposure registers an instance that has opened its port and answers nothing yet, as one does that registers itself.
func delayedExposure(t *testing.T, s target) {
	late := s.begin(t, s.service, "late", nil)
	t.Cleanup(func() { _ = late.process.Signal(syscall.SIGCONT) }) // it could not end
	if err := late.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.enrol(t, s.service, "late", late.address, []string{"--weight", "300"})
	s.waitUntilIll(t, late.address)
	s.always(t, 300, s.names())
	if n := s.hostStat(t, s.service, late.address, "rq_total"); n != 0 {
		t.Errorf("it got %d calls before it was ready", n)
	}
	if err := late.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is called", func() error { return s.requireSome(t, "late") })
}
