package breaker_test

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/breaker"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// rig is a breaker with a clock that stands still until it is told.
type rig struct {
	t       *testing.T
	b       *breaker.Breaker
	now     int64
	changes []string
}

var usual = config.Breaker{
	Service: "hello", ErrorPercent: 50, MinRequests: 10, WindowMs: 10_000, OpenMs: 30_000, Probes: 5, StepPercent: 10, EveryMs: 10_000,
}

func newRig(t *testing.T, edit func(*config.Breaker)) *rig {
	t.Helper()
	settings := usual
	if edit != nil {
		edit(&settings)
	}
	if _, err := config.ParseBreaker(settings.Text()); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, now: int64(time.Hour)}
	r.b = breaker.New(settings, r.now, func(c breaker.Change) {
		r.changes = append(r.changes, fmt.Sprintf("%s->%s %d/%d/%d", c.From, c.To, c.Calls, c.Failed, c.Slow))
	})
	return r
}

func (r *rig) pass(d time.Duration) { r.now += int64(d) }

// call makes n calls that take a while each and returns how many were let in.
func (r *rig) call(n int, failed bool, took time.Duration) (in int) {
	for range n {
		began := r.now
		p := r.b.Ask(began)
		if p.Turn == 0 {
			continue
		}
		in++
		r.b.Done(p.Turn, began, began+int64(took), failed)
	}
	return in
}

func (r *rig) state() breaker.State { return r.b.Ask(r.now).State }

func (r *rig) want(changes ...string) {
	r.t.Helper()
	if diff := cmp.Diff(changes, r.changes); diff != "" {
		r.t.Fatal(diff)
	}
	r.changes = nil
}

func (r *rig) wantIn(what string, got, want int) {
	r.t.Helper()
	if got != want {
		r.t.Fatalf("%s: %d calls let in, want %d", what, got, want)
	}
}

// Closed, open, half-open with exactly so many calls, and by and by closed again.
func TestCircle(t *testing.T) {
	r := newRig(t, nil)
	r.wantIn("closed", r.call(5, false, 0), 5)
	r.wantIn("failing", r.call(4, true, 0), 4)
	r.want() // nine calls are too few
	r.wantIn("the tenth", r.call(1, true, 0), 1)
	r.want("closed->open 10/5/0")
	r.wantIn("open", r.call(1000, false, 0), 0)
	if p := r.b.Ask(r.now); p.State != breaker.Open || p.Wait != 30*time.Second {
		t.Fatalf("%+v", p)
	}
	r.pass(30*time.Second - 1)
	r.wantIn("still open", r.call(1000, false, 0), 0)
	r.pass(1)
	var turns []uint64
	for range 100 {
		if p := r.b.Ask(r.now); p.Turn != 0 {
			turns = append(turns, p.Turn)
		}
	}
	r.wantIn("half-open", len(turns), 5)
	r.want("open->half-open 0/0/0")
	for _, turn := range turns {
		r.b.Done(turn, r.now, r.now, false)
	}
	r.want("half-open->recovering 5/0/0")
	for step := 1; step <= 9; step++ {
		in := r.call(1000, false, 0)
		if math.Abs(float64(in-step*100)) > 5 {
			t.Errorf("step %d: %d of 1000 calls let in", step, in)
		}
		r.pass(10 * time.Second)
	}
	r.wantIn("closed again", r.call(1000, false, 0), 1000)
	r.want("recovering->closed 0/0/0")
}

func TestOpensAgain(t *testing.T) {
	t.Run("half-open", func(t *testing.T) {
		r := newRig(t, nil)
		r.call(10, true, 0)
		r.pass(30 * time.Second)
		r.wantIn("as many as it takes to know", r.call(100, true, 0), 3)
		r.want("closed->open 10/10/0", "open->half-open 0/0/0", "half-open->open 3/3/0")
		r.pass(30*time.Second - 1)
		r.wantIn("open", r.call(100, true, 0), 0)
	})
	t.Run("recovering", func(t *testing.T) {
		r := newRig(t, nil)
		r.call(10, true, 0)
		r.pass(30 * time.Second)
		r.call(5, false, 0)
		r.wantIn("as many as half-open", r.call(1000, true, 0), 5)
		r.want("closed->open 10/10/0", "open->half-open 0/0/0", "half-open->recovering 5/0/0", "recovering->open 5/5/0")
	})
}

func TestAllAtOnce(t *testing.T) {
	r := newRig(t, func(b *config.Breaker) { b.StepPercent = 100 })
	r.call(10, true, 0)
	r.pass(30 * time.Second)
	r.call(5, false, 0)
	r.want("closed->open 10/10/0", "open->half-open 0/0/0", "half-open->closed 5/0/0")
	r.wantIn("closed", r.call(100, false, 0), 100)
}

func TestSlowCalls(t *testing.T) {
	r := newRig(t, func(b *config.Breaker) { b.ErrorPercent, b.SlowPercent, b.SlowMs = 0, 80, 100 })
	r.call(20, true, 0)                     // failures are none of its business
	r.call(79, false, 100*time.Millisecond) // not slower than that
	r.want()
	r.pass(time.Minute)
	r.call(2, false, time.Millisecond)
	r.call(8, false, 101*time.Millisecond)
	r.want("closed->open 10/0/8")
}

// Calls whose callers leave say nothing, unless they were slow already; a probe's place is free again.
func TestLeave(t *testing.T) {
	r := newRig(t, func(b *config.Breaker) { b.SlowPercent, b.SlowMs = 50, 1000 })
	for range 100 {
		r.b.Leave(r.b.Ask(r.now).Turn, r.now, r.now)
	}
	r.want()
	for range 10 {
		r.b.Leave(r.b.Ask(r.now).Turn, r.now, r.now+int64(2*time.Second))
	}
	r.want("closed->open 10/0/10")
	r.pass(time.Minute)
	for range 100 {
		if p := r.b.Ask(r.now); p.Turn != 0 {
			r.b.Leave(p.Turn, r.now, r.now)
		} else {
			t.Fatal("no place")
		}
	}
	r.wantIn("half-open", r.call(5, false, 0), 5)
	r.want("open->half-open 0/0/0", "half-open->recovering 5/0/0")
}

// Calls that never end do not keep a breaker half-open for ever.
func TestLostProbes(t *testing.T) {
	r := newRig(t, nil)
	r.call(10, true, 0)
	r.pass(30 * time.Second)
	for range 5 {
		r.b.Ask(r.now)
	}
	r.wantIn("waiting", r.call(10, false, 0), 0)
	r.pass(30 * time.Second)
	r.wantIn("others are tried", r.call(5, false, 0), 5)
	r.want("closed->open 10/10/0", "open->half-open 0/0/0", "half-open->recovering 5/0/0")
}

// What was let in before the breaker changed its state does not count any more.
func TestLateAnswers(t *testing.T) {
	r := newRig(t, nil)
	early := r.b.Ask(r.now).Turn
	r.call(10, true, 0)
	r.pass(30 * time.Second)
	r.b.Ask(r.now)
	for range 10 {
		r.b.Done(early, r.now, r.now, true)
		r.b.Done(0, r.now, r.now, true)
	}
	r.want("closed->open 10/10/0", "open->half-open 0/0/0")
}

// The window slides: what is older does not count.
func TestWindow(t *testing.T) {
	r := newRig(t, nil)
	r.call(9, true, 0)
	r.pass(10 * time.Second)
	r.call(9, true, 0)
	r.want()
	r.pass(8 * time.Second)
	r.call(1, true, 0)
	r.want("closed->open 10/10/0")
}

// Callers who take turns get the same share each.
func TestShareIsFair(t *testing.T) {
	r := newRig(t, func(b *config.Breaker) { b.StepPercent = 50 })
	r.call(10, true, 0)
	r.pass(30 * time.Second)
	r.call(5, false, 0)
	for _, callers := range []int{2, 3, 4, 10} {
		in := make([]int, callers)
		for i := range 1000 * callers {
			in[i%callers] += r.call(1, false, 0)
		}
		for i, n := range in {
			if n < 450 || n > 550 {
				t.Errorf("caller %d of %d got %d of 1000 calls through", i, callers, n)
			}
		}
	}
}

// With any number of callers at once no more calls are tried than it says, and every change is told once.
func TestAtOnce(t *testing.T) {
	var opened, told atomic.Int64
	settings := usual
	settings.Probes = 7
	b := breaker.New(settings, 0, func(c breaker.Change) {
		told.Add(1)
		if c.To == breaker.Open {
			opened.Add(1)
		}
	})
	together := func(do func()) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 1000 {
					do()
				}
			})
		}
		all.Wait()
	}
	together(func() { b.Done(b.Ask(0).Turn, 0, 0, true) })
	if opened.Load() != 1 {
		t.Fatalf("opened %d times", opened.Load())
	}
	later := int64(time.Minute)
	var in atomic.Int64
	together(func() {
		if b.Ask(later).Turn != 0 {
			in.Add(1)
		}
	})
	if in.Load() != 7 || told.Load() != 2 {
		t.Fatalf("%d calls tried, %d changes told", in.Load(), told.Load())
	}
}

func TestSet(t *testing.T) {
	var s breaker.Set
	quiet := func(breaker.Change) {}
	a, again := s.Take(usual, 0, quiet), s.Take(usual, 0, quiet)
	if a != again {
		t.Fatal("equal settings, another breaker")
	}
	other := usual
	other.Method = "slow"
	if s.Take(other, 0, quiet) == a {
		t.Fatal("a method's breaker is the service's")
	}
	for range 10 {
		a.Done(a.Ask(0).Turn, 0, 0, true)
	}
	s.Release(a)
	if s.Take(usual, 0, quiet) != a {
		t.Fatal("not kept although it is used")
	}
	a.Ask(0)
	all := s.Status(0)
	if len(all) != 2 || all[0].State != breaker.Open || all[0].Refused != 1 || all[0].Entered[breaker.Open] != 1 || all[1].Method != "slow" {
		t.Fatalf("%+v", all)
	}
	s.Release(a)
	s.Release(a)
	if s.Take(usual, 0, quiet) == a {
		t.Fatal("kept although nobody uses it")
	}
}

// A breaker that recovers closes also while nobody calls.
func TestStatusCloses(t *testing.T) {
	var s breaker.Set
	b := s.Take(usual, 0, func(breaker.Change) {})
	for range 10 {
		b.Done(b.Ask(0).Turn, 0, 0, true)
	}
	now := int64(31 * time.Second)
	for range 5 {
		b.Done(b.Ask(now).Turn, now, now, false)
	}
	if got := s.Status(now)[0].State; got != breaker.Recovering {
		t.Fatal(got)
	}
	if got := s.Status(now + int64(90*time.Second))[0].State; got != breaker.Closed {
		t.Fatal(got)
	}
}

func TestNoAllocations(t *testing.T) {
	r := newRig(t, nil)
	if n := testing.AllocsPerRun(1000, func() { r.call(1, false, 0) }); n != 0 {
		t.Errorf("%g allocations a call", n)
	}
	r.call(100, true, 0)
	if n := testing.AllocsPerRun(1000, func() { r.state() }); n != 0 {
		t.Errorf("%g allocations a refusal", n)
	}
}

func BenchmarkCall(b *testing.B) {
	br := breaker.New(usual, 0, func(breaker.Change) {})
	var now atomic.Int64
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			at := now.Load()
			br.Done(br.Ask(at).Turn, at, at, false)
		}
	})
}
