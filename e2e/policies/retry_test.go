package policies

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// markOf is the mark of a call, as a stand-in reads it.
func markOf(i int) string { return fmt.Sprintf("mark-%d.", i) }

// resilienceRetry leaves an instance alone that fails, that hangs, and to which more come at once than the budget has room for.
func resilienceRetry(t *testing.T, s target) {
	i := s.standIn(t, func(int) reply { return overloaded })
	s.alone(t)
	s.growingPauses(t, i)
	i.as(func(attempt int) reply {
		if attempt == 1 {
			return silent
		}
		return answered
	})
	began := time.Now()
	a := s.ask(t, markHeader, markOf(1000))
	if took, n := time.Since(began), len(i.attempts(markOf(1000))); a.by != standInName || n != 2 || took < time.Second-early {
		t.Errorf("one that hangs: %d by %q after %s and %d attempts", a.status, a.by, took, n)
	}
	s.requireBudget(t, i)
}

// growingPauses makes calls whose every attempt fails. The pause before attempt n+1 is random, between nothing and 25 ms times
// two to the power of n-1, and 100 ms at most.
func (s target) growingPauses(t *testing.T, i *standIn) {
	t.Helper()
	const calls, atOnce = 90, 3 // as many as the budget always allows
	var running sync.WaitGroup
	for c := range atOnce {
		call := s.dial(t)
		running.Go(func() {
			for n := c; n < calls; n += atOnce {
				if a, err := call([]string{markHeader, markOf(n)}); err != nil || a.status == http.StatusOK {
					t.Errorf("failing: %d %s, %v", a.status, a.body, err)
				}
			}
		})
	}
	running.Wait()
	var pauses [3][]time.Duration
	for n := range calls {
		at := i.attempts(markOf(n))
		if len(at) != 4 {
			t.Fatalf("call %d: %d attempts, want 4", n, len(at))
		}
		for g := range pauses {
			pauses[g] = append(pauses[g], at[g+1].Sub(at[g]))
		}
	}
	var median [3]time.Duration // of which 12.5, 25 and 50 ms are to be expected, with a standard deviation of 1.3, 2.6 and 5.3 ms
	for g := range pauses {
		slices.Sort(pauses[g])
		median[g] = pauses[g][calls/2]
	}
	t.Logf("median pauses: %s", median)
	if median[1] <= median[0] || median[2] <= median[1] || median[2]-median[0] < 8*time.Millisecond {
		t.Errorf("the pauses do not grow: %s", median)
	}
}

// requireBudget has 60 calls fail at the same time: at least three, and at most a fifth, are tried again.
func (s target) requireBudget(t *testing.T, i *standIn) {
	t.Helper()
	const calls = 60
	all, again := make(chan struct{}), make(chan struct{})
	var arrived, repeated, failed, succeeded atomic.Int32
	i.as(func(attempt int) reply {
		if attempt > 1 {
			repeated.Add(1)
			<-again
			return answered
		}
		if arrived.Add(1) == calls {
			close(all)
		}
		<-all
		return overloaded
	})
	var running sync.WaitGroup
	for n := range calls {
		call := s.dial(t)
		running.Go(func() {
			switch a, err := call([]string{markHeader, markOf(2000 + n)}); {
			case err != nil:
				t.Error(err)
			case a.by == standInName:
				succeeded.Add(1)
			case a.status == http.StatusOK:
				t.Errorf("answered by %q", a.by)
			default:
				failed.Add(1)
			}
		})
	}
	eventually(t, "every call has failed, or is tried again", func() error {
		if r, f := repeated.Load(), failed.Load(); r+f < calls {
			return fmt.Errorf("%d arrived, %d are tried again, %d have failed", arrived.Load(), r, f)
		}
		return nil
	})
	close(again)
	running.Wait()
	t.Logf("of %d calls that fail at once %d are tried again", calls, repeated.Load())
	if r := repeated.Load(); r < 3 || r > calls/5 || succeeded.Load() != r {
		t.Errorf("%d are tried again, %d then succeed", r, succeeded.Load())
	}
}
