package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// answer is one finished call of a load.
type answer struct {
	began    time.Time
	took     time.Duration
	provider string // who answered, as the answer says
	err      error
}

// load calls one function from several goroutines until it is stopped and keeps every answer.
type load struct {
	cancel  context.CancelFunc
	callers sync.WaitGroup

	mu      sync.Mutex
	answers []answer
	more    chan struct{} // closed and replaced at each answer
}

// startLoad begins with the given number of concurrent callers.
func startLoad(t *testing.T, callers int, call func(context.Context) (provider string, err error)) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel, more: make(chan struct{})}
	for range callers {
		l.callers.Add(1)
		go func() {
			defer l.callers.Done()
			for ctx.Err() == nil {
				a := answer{began: time.Now()}
				// A call that has begun is finished even when the load is stopped: what is cut off is no failure.
				a.provider, a.err = call(context.WithoutCancel(ctx))
				a.took = time.Since(a.began)
				l.add(a)
			}
		}()
	}
	t.Cleanup(func() { l.stop() })
	return l
}

func (l *load) add(a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, a)
	close(l.more)
	l.more = make(chan struct{})
}

// stop ends the load and returns all answers.
func (l *load) stop() []answer {
	l.cancel()
	l.callers.Wait()
	return l.answers
}

// waitUntil waits until the answers so far satisfy enough.
func (l *load) waitUntil(t *testing.T, what string, enough func([]answer) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		l.mu.Lock()
		ok, more, n := enough(l.answers), l.more, len(l.answers)
		l.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("under load: %s: not after %v and %d calls", what, patience, n)
		}
	}
}

// waitCalls waits until n further calls that began from now on have been answered.
func (l *load) waitCalls(t *testing.T, n int) {
	t.Helper()
	now := time.Now()
	l.waitUntil(t, fmt.Sprintf("%d more calls", n), func(as []answer) bool { return len(since(as, now)) >= n })
}

// since returns the answers of the calls that began at or after the given moment.
func since(as []answer, at time.Time) []answer {
	var out []answer
	for i := range as {
		if !as[i].began.Before(at) {
			out = append(out, as[i])
		}
	}
	return out
}

// split counts answers per provider.
func split(as []answer) map[string]int {
	n := map[string]int{}
	for _, a := range as {
		n[a.provider]++
	}
	return n
}

// requireNoFailure fails the test when any call failed or when there were fewer than least calls.
func requireNoFailure(t *testing.T, as []answer, least int) {
	t.Helper()
	failed := 0
	for _, a := range as {
		if a.err != nil {
			if failed++; failed <= 5 {
				t.Errorf("call that began at %s failed: %v", a.began.Format("15:04:05.000"), a.err)
			}
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d calls failed", failed, len(as))
	}
	if len(as) < least {
		t.Errorf("only %d calls were made, want at least %d for the test to mean anything", len(as), least)
	}
}
