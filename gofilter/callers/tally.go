package callers

import (
	"sync"
	"sync/atomic"
)

// maxTallies bounds the policies that are counted one by one; others count together.
const maxTallies = 1024

const otherPolicies = "other"

// tally counts the outcomes of a policy. Counts outlive the configurations that the policy comes with.
type tally struct {
	held, tried [outcomes]count
	logged      atomic.Int64 // the second of the last line about what a dry run would refuse
}

type count struct {
	n       atomic.Uint64
	flushed uint64 // guarded by tallies.mu
}

func (t *tally) add(o Outcome, dry bool) {
	if dry {
		t.tried[o].n.Add(1)
		return
	}
	t.held[o].n.Add(1)
}

// mayLog reports whether a dry run may say something in this second: a line for each request would be too much.
func (t *tally) mayLog(second int64) bool {
	last := t.logged.Load()
	return last != second && t.logged.CompareAndSwap(last, second)
}

type tallies struct {
	mu  sync.Mutex
	all map[string]*tally
}

func (t *tallies) of(policy string) *tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]*tally{}
	}
	if t.all[policy] == nil {
		if len(t.all) >= maxTallies {
			policy = otherPolicies
		}
		if t.all[policy] == nil {
			t.all[policy] = new(tally)
		}
	}
	return t.all[policy]
}

// flush hands on what was counted since the last flush.
func (t *tallies) flush(add func(policy, outcome string, tried bool, n uint64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for policy, one := range t.all {
		for o := range outcomes {
			one.held[o].flush(func(n uint64) { add(policy, o.String(), false, n) })
			one.tried[o].flush(func(n uint64) { add(policy, o.String(), true, n) })
		}
	}
}

func (c *count) flush(add func(n uint64)) {
	now := c.n.Load()
	if n := now - c.flushed; n != 0 {
		c.flushed = now
		add(n)
	}
}
