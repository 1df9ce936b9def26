package child

import (
	"context"
	"sync"
	"time"
)

// Kept is a child that is started again whenever it ends, after a pause that grows while it keeps ending early.
type Kept struct {
	spec    Spec
	report  func(ended error, pause time.Duration)
	stopped chan struct{}
	cancel  context.CancelFunc
	grace   time.Duration

	mu      sync.Mutex
	current *Child
}

// The pause before a restart doubles from first to last; a run of at least steady starts it over.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 15 * time.Second
	steady     = 30 * time.Second
)

// Keep starts a child and keeps it running until Stop, which gives it grace to end. Only the first start can fail;
// every end and every failure to start again is reported, with the pause that follows, by another goroutine.
func Keep(spec Spec, grace time.Duration, report func(ended error, pause time.Duration)) (*Kept, error) {
	first, err := Start(spec)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &Kept{spec: spec, report: report, stopped: make(chan struct{}), cancel: cancel, grace: grace, current: first}
	k.spec.Append = true
	go k.run(ctx, first)
	return k, nil
}

// Current is the child that runs now, or ran last.
func (k *Kept) Current() *Child {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current
}

// Stop ends the child for good and returns when it is gone.
func (k *Kept) Stop() {
	k.cancel()
	<-k.stopped
}

func (k *Kept) run(ctx context.Context, c *Child) {
	defer close(k.stopped)
	pause := firstPause
	for {
		started := time.Now()
		select {
		case <-ctx.Done():
			c.Stop(k.grace)
			return
		case <-c.Done():
		}
		if time.Since(started) >= steady {
			pause = firstPause
		}
		k.report(c.Ended(), pause)
		if c = k.restart(ctx, &pause); c == nil {
			return
		}
	}
}

// restart tries until a child runs; nil when it was told to stop.
func (k *Kept) restart(ctx context.Context, pause *time.Duration) *Child {
	for {
		timer := time.NewTimer(*pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		*pause = min(*pause*2, lastPause)
		c, err := Start(k.spec)
		if err != nil {
			k.report(err, *pause)
			continue
		}
		k.mu.Lock()
		k.current = c
		k.mu.Unlock()
		return c
	}
}
