package callers

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestSeen(t *testing.T) {
	s := newSeen(4)
	s.widen(10)
	m := func(n byte) mark { return mark{0, n} }
	for _, c := range []struct {
		what        string
		m           mark
		second, now int64
		want        Outcome
	}{
		{"first", m(1), 100, 100, Verified},
		{"again", m(1), 100, 100, Replayed},
		{"second", m(2), 101, 101, Verified},
		{"third", m(3), 101, 102, Verified},
		{"fourth", m(4), 103, 103, Verified},
		{"fifth, for which the first goes", m(5), 104, 104, Verified},
		{"the first again", m(1), 100, 104, Expired},
		{"one of the same second", m(6), 100, 104, Expired},
		{"later ones are known", m(3), 101, 104, Replayed},
		{"after a while", m(7), 130, 130, Verified},
		{"and then", m(3), 101, 130, Expired},
		{"room again", m(8), 131, 131, Verified},
		{"room again", m(9), 131, 131, Verified},
	} {
		if got := s.first(c.m, c.second, c.now); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if n := s.shards[0].n; n != 3 {
		t.Errorf("%d are remembered, want 3", n)
	}
}

// Of many requests with one signature at the same time one is let in.
func TestConcurrently(t *testing.T) {
	r := newRig(t)
	set := r.load(config.Callers{Policies: []config.CallerPolicy{r.signatures()}})
	const threads, rounds = 8, 50
	var in [rounds]int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range threads {
		all.Go(func() {
			c := new(Check)
			for i := range rounds {
				q := get("/").signed(t, shopsKey, config.Signed{Nonce: fmt.Sprint(i)})
				if strings.HasPrefix(judge(c, set, q, noon), "signed=shop") {
					mu.Lock()
					in[i]++
					mu.Unlock()
				}
				r.keeper.Refresh()
			}
		})
	}
	all.Wait()
	for i, n := range in {
		if n != 1 {
			t.Errorf("signature %d was let in %d times", i, n)
		}
	}
}
