package recovery_test

import (
	"sync"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/recovery"
)

// lead makes calls of a worker to a cluster, of which one instance was out for a minute, and returns how many of 1000 are led
// elsewhere.
func lead(r *recovery.Recovery, worker uint32, cluster string, out bool) (led int) {
	healthy := 2
	for at := range 3 { // minutes
		now := int64(at) * int64(time.Minute)
		if out {
			healthy = []int{2, 1, 2}[at]
		}
		for range 1000 {
			to, call := r.Choose(worker, []byte(cluster), now, 2, healthy)
			if to != "" && at == 2 {
				led++
			}
			r.Answered(worker, call, now, []byte("10.0.0.1:80"), to != "")
		}
	}
	return led
}

// What is known belongs to a worker and a cluster, and lasts as long as anybody has the settings.
func TestSet(t *testing.T) {
	var s recovery.Set
	r := s.Take(usual)
	if again := s.Take(usual); again != r {
		t.Error("equal settings give two recoveries")
	}
	other := usual
	other.Service = "other"
	if s.Take(other) == r {
		t.Error("different settings give one recovery")
	}
	if led := lead(r, 3, "a", true); led < 800 {
		t.Errorf("%d of 1000 calls are led elsewhere", led)
	}
	for name, led := range map[string]int{"worker": lead(r, 2, "a", false), "cluster": lead(r, 3, "b", false)} {
		if led != 0 {
			t.Errorf("another %s: %d of 1000 calls are led elsewhere", name, led)
		}
	}
	s.Release(r)
	if s.Take(usual) != r {
		t.Error("it is gone while somebody has it")
	}
	s.Release(r)
	s.Release(r)
	if s.Take(usual) == r {
		t.Error("it is there when nobody has it any more")
	}
}

// The answer to a call of another recovery does not count, nor one to a call that never was.
func TestOtherCalls(t *testing.T) {
	var s recovery.Set
	other := usual
	other.Service = "other"
	r, o := s.Take(usual), s.Take(other)
	_, call := o.Choose(0, []byte("a"), 0, 2, 2)
	for range 100 {
		r.Answered(0, call, 0, []byte("10.9.9.9:80"), false)
		r.Answered(0, call+1<<32+7, 0, []byte("10.9.9.9:80"), false)
	}
	if led := lead(r, 0, "a", true); led < 800 {
		t.Errorf("%d of 1000 calls are led elsewhere", led)
	}
}

// Workers come in any order and number, at the same time.
func TestWorkers(t *testing.T) {
	var s recovery.Set
	r := s.Take(usual)
	var all sync.WaitGroup
	for _, worker := range []uint32{7, 0, 63, 7, 1<<32 - 1, 12} {
		all.Go(func() { lead(r, worker, "a", true) })
	}
	all.Wait()
}
