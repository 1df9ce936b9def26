package policies

import (
	"net/http"
	"testing"
	"time"
)

// early is by how much Envoy's timers may end before their time: they count from when its loop last looked at the clock.
const early = 20 * time.Millisecond

// resilienceFault requires a tenth of failures and a delay for those that are marked, and neither for all others.
func resilienceFault(t *testing.T, s target) {
	const chaos, delay = attachmentPrefix + "chaos", 250 * time.Millisecond
	calls, tolerance := 8000, 1.5 // of a share whose standard deviation is 0.34 %
	if s.name == "consumer" {
		calls, tolerance = 2000, 3 // 0.67 %
	}
	seen := s.tally(t, calls, chaos, "fail")
	t.Logf("%d calls: %v", calls, seen)
	failed := map[string]int{"503": seen["503"], "200": 0}
	for _, name := range s.names() {
		failed["200"] += seen[name]
	}
	if failed["200"]+failed["503"] != calls {
		t.Errorf("other answers: %v", seen)
	}
	requireShares(t, failed, map[string]float64{"503": 10, "200": 90}, tolerance)

	call := s.dial(t)
	for range 5 {
		began := time.Now()
		a, err := call([]string{chaos, "slow"})
		if took := time.Since(began); err != nil || a.status != http.StatusOK || took < delay-early || took > delay+patience {
			t.Errorf("slow: %d after %s, %v", a.status, took, err)
		}
	}
	quickest := patience
	for range 50 {
		began := time.Now()
		if _, err := call([]string{chaos, "no"}); err != nil {
			t.Fatal(err)
		}
		quickest = min(quickest, time.Since(began))
	}
	if quickest >= delay {
		t.Errorf("calls without a mark take %s at least", quickest)
	}
	s.always(t, 300, s.names(), chaos, "no")
	s.always(t, 300, s.names())
}
