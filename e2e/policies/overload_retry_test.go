package policies

import (
	"sync/atomic"
	"testing"
)

// resilienceOverloadRetry adds an instance that has no room for calls: nobody notices. When it fails instead, that is an answer.
// When all are without room, the calls that are made again stay within the budget.
func resilienceOverloadRetry(t *testing.T, s target) {
	var asked atomic.Int32
	as := func(r reply) func(int) reply {
		return func(int) reply {
			asked.Add(1)
			return r
		}
	}
	i := s.standIn(t, as(overloaded), "--weight", "200")
	s.always(t, 300, s.names())
	t.Logf("of 300 calls %d were refused", asked.Load())
	if n := asked.Load(); n < 50 {
		t.Errorf("the one without room was asked %d times only", n)
	}
	i.as(as(broken))
	asked.Store(0)
	seen, failed := s.tally(t, 300), 300
	for _, name := range s.names() {
		failed -= seen[name]
	}
	if failed < 50 || failed != int(asked.Load()) {
		t.Errorf("of one that fails %d calls had %d attempts: %v", failed, asked.Load(), seen)
	}
	s.alone(t)
	s.requireBudget(t, i)
}
