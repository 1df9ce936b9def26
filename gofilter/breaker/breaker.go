package breaker

import (
	"sync/atomic"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Breaker is the circuit breaker of one service or method. Any number of goroutines may use it at the same time.
type Breaker struct {
	id       uint64
	settings config.Breaker
	text     string // of the settings
	phase    atomic.Pointer[phase]
	tell     func(Change)
	users    int // of the Set

	refused atomic.Uint64
	entered [States]atomic.Uint64
}

// lastID numbers breakers.
var lastID atomic.Uint64

// Change is a breaker that has come into another state.
type Change struct {
	Service, Method string
	From, To        State
	// Calls and what became of them are what the decision rests on, 0 where it is the time that has come.
	Calls, Failed, Slow int64
}

// New returns a closed breaker. Settings are as config.ParseBreaker lets through. Tell is called with each change of state,
// by whichever goroutine brings it about; it must be quick and not use the breaker.
func New(settings config.Breaker, now int64, tell func(Change)) *Breaker {
	b := &Breaker{id: lastID.Add(1), settings: settings, text: string(settings.Text()), tell: tell}
	b.phase.Store(b.begin(Closed, now))
	return b
}

// Pass is the answer to whether a call may be made.
type Pass struct {
	// Turn names the time in which the call was let in; Done and Leave want it back. It is 0 for a call that is refused.
	Turn uint64
	// State that the breaker is in.
	State State
	// Wait is how long a refused caller should wait before it comes again.
	Wait time.Duration
}

// Ask says whether a call may be made. Each call that is let in ends with Done or Leave.
func (b *Breaker) Ask(now int64) Pass {
	for {
		p := b.phase.Load()
		switch p.state {
		case Closed:
			return Pass{Turn: p.turn}
		case Open:
			if now < p.until {
				return b.refuse(Open, time.Duration(p.until-now))
			}
			b.move(p, HalfOpen, now, counts{})
		case HalfOpen:
			if p.left.Add(-1) >= 0 {
				return Pass{Turn: p.turn, State: HalfOpen}
			}
			p.left.Add(1)
			if now < p.until {
				return b.refuse(HalfOpen, time.Second)
			}
			b.move(p, HalfOpen, now, counts{}) // the calls it waits for are lost
		case Recovering:
			share := b.share(p, now)
			switch {
			case share >= 1:
				b.move(p, Closed, now, counts{})
			case p.letIn(share):
				return Pass{Turn: p.turn, State: Recovering}
			default:
				return b.refuse(Recovering, time.Second)
			}
		}
	}
}

func (b *Breaker) refuse(s State, wait time.Duration) Pass {
	b.refused.Add(1)
	return Pass{State: s, Wait: wait}
}

// share of the calls that is let in while it recovers, 1 for all.
func (b *Breaker) share(p *phase, now int64) float64 {
	steps := 1 + (now-p.since)/(b.settings.EveryMs*int64(time.Millisecond))
	return b.settings.StepPercent / 100 * float64(steps)
}

// Done says that a call that was let in at began has been answered now, and whether it failed. What was let in before the
// breaker last changed its state does not count any more.
func (b *Breaker) Done(turn uint64, began, now int64, failed bool) {
	p := b.phase.Load()
	if p.turn != turn {
		return
	}
	slow := b.slow(began, now)
	if p.state == HalfOpen {
		b.probed(p, now, failed, slow)
		return
	}
	p.window.add(now, failed, slow)
	sum, least := p.window.sum(now), b.settings.MinRequests
	if p.state == Recovering { // fewer calls are made, and no more are needed than to find that it is well
		least = min(least, b.settings.Probes)
	}
	if sum.calls >= least && b.bad(sum, sum.calls) {
		b.move(p, Open, now, sum)
	}
}

// Leave says that a call that was let in at began ended now without anybody knowing what became of it: the caller has gone.
// One that was slow already counts as that.
func (b *Breaker) Leave(turn uint64, began, now int64) {
	if b.slow(began, now) {
		b.Done(turn, began, now, false)
		return
	}
	if p := b.phase.Load(); p.turn == turn && p.state == HalfOpen {
		p.left.Add(1) // for another to try
	}
}

// probed counts a call that was made to see how it goes. All of them decide together, unless the rest cannot save it.
func (b *Breaker) probed(p *phase, now int64, failed, slow bool) {
	if failed {
		p.answers.failed.Add(1)
	}
	if slow {
		p.answers.slow.Add(1)
	}
	n := p.answers.calls.Add(1)
	sum := counts{calls: n, failed: p.answers.failed.Load(), slow: p.answers.slow.Load()}
	switch {
	case b.bad(sum, b.settings.Probes):
		b.move(p, Open, now, sum)
	case n < b.settings.Probes:
	case b.settings.StepPercent >= 100:
		b.move(p, Closed, now, sum)
	default:
		b.move(p, Recovering, now, sum)
	}
}

// slow reports whether a call took longer than it should.
func (b *Breaker) slow(began, now int64) bool {
	return b.settings.SlowPercent > 0 && now-began > b.settings.SlowMs*int64(time.Millisecond)
}

// bad reports whether too large a share of some calls has failed, or was slow.
func (b *Breaker) bad(sum counts, of int64) bool {
	s := &b.settings
	return s.ErrorPercent > 0 && float64(sum.failed)*100 >= s.ErrorPercent*float64(of) ||
		s.SlowPercent > 0 && float64(sum.slow)*100 >= s.SlowPercent*float64(of)
}

// move ends a phase, unless another goroutine has.
func (b *Breaker) move(from *phase, to State, now int64, why counts) {
	if !b.phase.CompareAndSwap(from, b.begin(to, now)) || to == from.state {
		return
	}
	b.entered[to].Add(1)
	b.tell(Change{
		Service: b.settings.Service, Method: b.settings.Method, From: from.state, To: to,
		Calls: why.calls, Failed: why.failed, Slow: why.slow,
	})
}

func (b *Breaker) begin(state State, now int64) *phase {
	p := newPhase(state, now)
	switch state {
	case Closed, Recovering:
		p.window = newWindow(b.settings.WindowMs * int64(time.Millisecond))
	case Open, HalfOpen:
		p.until = now + b.settings.OpenMs*int64(time.Millisecond)
		p.left.Store(b.settings.Probes)
	}
	return p
}
