package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// sizes starts the three providers of the founding experiment, registered with weights 1 : 2 : 3.
func sizes(t *testing.T, m *mesh, delay time.Duration) map[string]*provider {
	t.Helper()
	out := map[string]*provider{}
	for i, name := range []string{"small", "medium", "large"} {
		p := startProvider(t, name, delay)
		m.register(t, echoService, p.address, "--weight", fmt.Sprint(100*(i+1)))
		out[name] = p
	}
	eventually(t, "all three providers answer", func() error { return answering(t, m, 3) })
	return out
}

// answering reports whether exactly n different providers answer a run of calls.
func answering(t *testing.T, m *mesh, n int) error {
	seen := map[string]int{}
	for range 12 {
		name, err := m.whoami(t.Context())
		if err != nil {
			return err
		}
		seen[name]++
	}
	if len(seen) != n {
		return fmt.Errorf("answers come from %v", seen)
	}
	return nil
}

func TestThreeThousandCallsSplitByWeight(t *testing.T) {
	m := startMesh(t)
	sizes(t, m, 0)

	const calls, callers = 3000, 30
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[string]int{}
	for range callers {
		wg.Go(func() {
			for range calls / callers {
				name, err := m.whoami(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got[name]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("split of %d calls: %v", calls, got)
	for name, want := range map[string]int{"small": 500, "medium": 1000, "large": 1500} {
		if d := got[name] - want; d < -calls*2/100 || d > calls*2/100 {
			t.Errorf("%s answered %d of %d calls, want %d ± 2 %% of all", name, got[name], calls, want)
		}
	}
}

func TestWeightChangeUnderLoad(t *testing.T) {
	m := startMesh(t)
	providers := sizes(t, m, 5*time.Millisecond)
	l := startLoad(t, 8, m.whoami)
	l.waitCalls(t, 100)

	// Weight 0 takes an instance out of the traffic: the last call it gets shows when the change took effect.
	changed := time.Now()
	m.put(t, "/dubbomesh/weights/"+echoService+"/"+providers["small"].address, "0")
	l.waitUntil(t, "200 calls in a row without the provider of weight 0", func(as []answer) bool {
		recent := since(as, changed)
		for i := len(recent) - 1; i >= 0 && len(recent)-i <= 200; i-- {
			if recent[i].provider == "small" {
				return false
			}
		}
		return len(recent) >= 200
	})
	if last := lastCall(l, "small"); last.Sub(changed) >= time.Second {
		t.Errorf("the provider was called %v after its weight became 0, want less than 1 s", last.Sub(changed))
	} else {
		t.Logf("weight 0 took effect within %v", max(0, last.Sub(changed)))
	}

	// By the command line this time, with a ratio to check: small 300 against medium 200 and large 300.
	changed = time.Now()
	runCLI(t, "weight", echoService, providers["small"].address, "300", "--etcd", m.etcdAddress, "--api", m.apiAddress)
	l.waitUntil(t, "the provider is called again", func(as []answer) bool { return split(since(as, changed))["small"] > 0 })
	settled := time.Now()
	l.waitCalls(t, 1600)
	all := l.stop()
	requireNoFailure(t, all, 1800)
	recent := since(all, settled)
	got := split(recent)
	t.Logf("split of %d calls: %v", len(recent), got)
	for name, share := range map[string]int{"small": 300, "medium": 200, "large": 300} {
		want := len(recent) * share / 800
		if d := got[name] - want; d < -len(recent)*3/100 || d > len(recent)*3/100 {
			t.Errorf("%s answered %d of %d calls, want %d ± 3 %% of all", name, got[name], len(recent), want)
		}
	}
}

// lastCall returns when the last call that the provider answered began.
func lastCall(l *load, provider string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last time.Time
	for _, a := range l.answers {
		if a.provider == provider && a.began.After(last) {
			last = a.began
		}
	}
	return last
}
