package pipeline

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// rig drives a pipeline by hand: no value is taken before the one ahead of it was dealt with.
type rig struct {
	t         *testing.T
	changed   chan struct{}
	quiet     chan time.Time // fires the present timer
	timers    chan time.Duration
	published chan int // number of services
	clock     chan time.Time
	snap      chan answer
}

type answer struct {
	snap   model.Snapshot
	synced bool
}

func (r *rig) Changed() <-chan struct{} { return r.changed }

func (r *rig) Snapshot() (model.Snapshot, bool) {
	a := <-r.snap
	return a.snap, a.synced
}

func (r *rig) Publish(res translate.Resources) { r.published <- len(res.Clusters) }

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{
		t: t, changed: make(chan struct{}), quiet: make(chan time.Time), timers: make(chan time.Duration, 100),
		published: make(chan int), snap: make(chan answer), clock: make(chan time.Time, 1),
	}
	r.clock <- time.Unix(1, 0)
	p := New(r, r, translate.DefaultOptions(), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	p.now = func() time.Time {
		now := <-r.clock
		r.clock <- now
		return now
	}
	p.after = func(d time.Duration) <-chan time.Time {
		r.timers <- d
		return r.quiet
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) pass(d time.Duration) { r.clock <- (<-r.clock).Add(d) }

// answer lets the pipeline read n services.
func (r *rig) answer(n int, synced bool) {
	r.t.Helper()
	snap := model.Snapshot{}
	for i := range n {
		snap.Services = append(snap.Services, model.Service{Name: string(rune('a' + i)), Instances: []model.Instance{
			{Address: "10.0.0.1", Port: 1, Protocol: model.ProtocolHTTP, Weight: 1, Status: model.StatusUp},
		}})
	}
	within(r.t, "the pipeline to read", r.snap, answer{snap, synced})
}

func (r *rig) expect(n int) {
	r.t.Helper()
	r.answer(n, true)
	select {
	case got := <-r.published:
		if got != n {
			r.t.Fatalf("%d clusters published, want %d", got, n)
		}
	case <-time.After(time.Minute):
		r.t.Fatal("nothing published")
	}
}

func within[V any](t *testing.T, what string, ch chan V, v V) {
	t.Helper()
	select {
	case ch <- v:
	case <-time.After(time.Minute):
		t.Fatalf("waited 5s for %s", what)
	}
}

func (r *rig) change() {
	r.t.Helper()
	within(r.t, "a change to be taken", r.changed, struct{}{})
}
func (r *rig) calm() { r.t.Helper(); within(r.t, "the timer to be taken", r.quiet, time.Time{}) }

// waits expects that the pipeline sets its clock.
func (r *rig) waits(want time.Duration) {
	r.t.Helper()
	select {
	case got := <-r.timers:
		if got != want {
			r.t.Fatalf("waits %v, want %v", got, want)
		}
	case <-time.After(time.Minute):
		r.t.Fatal("the pipeline does not wait")
	}
}

func TestALoneChangeTakesWhatComesWithIt(t *testing.T) {
	r := newRig(t)
	r.expect(1)
	for range 2 {
		r.change()
		r.waits(Together)
		r.change() // does not make the wait longer
		r.calm()
		r.expect(2)
		r.waits(Quiet)
		r.calm()
	}
}

func TestABurstIsPublishedTogether(t *testing.T) {
	r := newRig(t)
	r.expect(0)
	r.change()
	r.waits(Together)
	r.calm()
	r.expect(1) // leading edge
	r.waits(Quiet)
	for range 50 {
		r.change()
		r.waits(Quiet)
	}
	r.calm()
	r.expect(2) // trailing edge
	r.waits(Quiet)
	r.calm() // and then it is quiet again
	r.change()
	r.waits(Together)
}

func TestABurstWithoutAPauseIsNotHeldForEver(t *testing.T) {
	r := newRig(t)
	r.expect(0)
	r.change()
	r.waits(Together)
	r.calm()
	r.expect(1)
	r.waits(Quiet)
	r.change()
	r.waits(Quiet)
	r.pass(HoldOff - 1)
	r.change()
	r.waits(1)
	r.pass(1)
	r.change()
	r.waits(0)
	r.calm()
	r.expect(2)
}

func TestNothingIsPublishedBeforeTheSourceIsComplete(t *testing.T) {
	r := newRig(t)
	r.answer(1, false)
	r.change()
	r.waits(Together)
	r.calm()
	r.answer(2, false)
	r.waits(Quiet)
	r.calm()
	r.change()
	r.waits(Together)
	r.calm()
	r.expect(3)
}
