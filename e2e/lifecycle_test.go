package e2e

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestLifecycleUnderLoad adds, drains, deregisters and kills instances while calls flow; no call may fail.
func TestLifecycleUnderLoad(t *testing.T) {
	m := startMesh(t)
	stay := []*provider{startProvider(t, "stay-1", 20*time.Millisecond), startProvider(t, "stay-2", 20*time.Millisecond)}
	for _, p := range stay {
		m.register(t, echoService, p.address)
	}
	eventually(t, "both providers answer", func() error { return answering(t, m, 2) })
	l := startLoad(t, 16, m.whoami)
	l.waitCalls(t, 200)

	steps := []struct {
		name  string
		leave func(t *testing.T, p *provider, registration *process)
	}{
		{"drained", func(t *testing.T, p *provider, _ *process) {
			m.put(t, instanceKey(echoService, p.address), fmt.Sprintf("{address: %q, port: %s, status: draining}", host(p.address), port(p.address)))
		}},
		{"deregistered", func(t *testing.T, _ *provider, registration *process) {
			registration.signal(t, syscall.SIGINT)
			<-registration.done
		}},
		{"killed", func(t *testing.T, p *provider, registration *process) {
			m.crash(t, p.process)
			m.crash(t, registration)
		}},
	}
	for _, step := range steps {
		p := startProvider(t, step.name, 20*time.Millisecond)
		registration := m.register(t, echoService, p.address)
		l.waitUntil(t, "the added provider is called", func(as []answer) bool { return split(as)[step.name] > 10 })
		left := time.Now()
		step.leave(t, p, registration)
		l.waitUntil(t, step.name+" provider gets nothing more", func(as []answer) bool {
			recent := since(as, left)
			return len(recent) > 300 && !slices.ContainsFunc(recent[len(recent)-300:], func(a answer) bool { return a.provider == step.name })
		})
		if step.name == "killed" {
			eventually(t, "the lease has run out", func() error {
				if n := len(m.instances(t, echoService)); n != 2 {
					return fmt.Errorf("%d instances", n)
				}
				return nil
			})
		}
		p.stop(t)
		registration.stop(t)
		l.waitCalls(t, 200)
		t.Logf("%s: done after %v", step.name, time.Since(left).Round(time.Millisecond))
	}
	requireNoFailure(t, l.stop(), 1500)
}

// TestKilledProviderInTheMiddleOfCalls kills a provider that has calls in flight: each is repeated elsewhere.
func TestKilledProviderInTheMiddleOfCalls(t *testing.T) {
	m := startMesh(t)
	for _, name := range []string{"a", "b"} {
		m.register(t, helloService, startProvider(t, name, 100*time.Millisecond).address)
	}
	victim := startProvider(t, "victim", 100*time.Millisecond)
	m.register(t, helloService, victim.address)
	m.awaitCallable(t, helloService)
	l := startLoad(t, 60, m.hash)
	l.waitCalls(t, 600)
	m.crash(t, victim.process)
	l.waitCalls(t, 600)
	requireNoFailure(t, l.stop(), 1200)
}
