package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestEtcdOutageUnderLoad stops etcd for longer than every lease lasts and starts it again on the same data.
func TestEtcdOutageUnderLoad(t *testing.T) {
	m := startMesh(t)
	providers := sizes(t, m, 10*time.Millisecond)
	l := startLoad(t, 12, m.whoami)
	l.waitCalls(t, 200)

	m.etcd.stop(t)
	outage := time.Now()
	// Longer than any lease lasts. Calls are the clock here, so that the load is known to flow all along.
	l.waitUntil(t, "calls flow without etcd for 7 s", func(as []answer) bool {
		return as[len(as)-1].began.Sub(outage) > 7*time.Second
	})
	m.startEtcd(t)
	m.proveChangesArrive(t, l, providers["small"].address, "small")
	requireNoFailure(t, l.stop(), 1000)
}

// TestControlPlaneOutageUnderLoad kills the control plane with -9, changes something meanwhile, and starts it again.
func TestControlPlaneOutageUnderLoad(t *testing.T) {
	m := startMesh(t)
	providers := sizes(t, m, 10*time.Millisecond)
	l := startLoad(t, 12, m.whoami)
	l.waitCalls(t, 200)

	m.crash(t, m.control)
	l.waitCalls(t, 500)
	m.put(t, "/dubbomesh/weights/"+echoService+"/"+providers["medium"].address, "0")
	m.startControlPlane(t)
	l.waitUntil(t, "what changed meanwhile has arrived", without("medium"))
	m.proveChangesArrive(t, l, providers["small"].address, "small")
	requireNoFailure(t, l.stop(), 1000)
}

// proveChangesArrive takes a provider out of the traffic by its weight and puts it back.
func (m *mesh) proveChangesArrive(t *testing.T, l *load, address, name string) {
	t.Helper()
	key := "/dubbomesh/weights/" + echoService + "/" + address
	m.put(t, key, "0")
	l.waitUntil(t, "the provider of weight 0 gets nothing more", without(name))
	back := time.Now()
	m.put(t, key, "100")
	l.waitUntil(t, "the provider is called again", func(as []answer) bool { return split(since(as, back))[name] > 5 })
	eventually(t, "all three instances are registered after the outage", func() error {
		if n := len(m.instances(t, echoService)); n != 3 {
			return fmt.Errorf("%d instances", n)
		}
		return nil
	})
}

// without tells whether the provider answered none of the last 300 calls.
func without(name string) func([]answer) bool {
	return func(as []answer) bool {
		return len(as) >= 300 && !slices.ContainsFunc(as[len(as)-300:], func(a answer) bool { return a.provider == name })
	}
}

// TestMalformedRegistrations writes thirty registrations that cannot be used while calls flow.
func TestMalformedRegistrations(t *testing.T) {
	m := startMesh(t)
	sizes(t, m, 5*time.Millisecond)
	l := startLoad(t, 8, m.whoami)
	l.waitCalls(t, 100)

	bad := malformed(echoService)
	for key, value := range bad {
		m.put(t, key, value)
	}
	eventually(t, "every malformed key is reported with a reason", func() error {
		reported := map[string]string{}
		for _, p := range m.problems(t) {
			reported[p.Key] = p.Reason
		}
		for key, value := range bad {
			if reported[key] == "" {
				return fmt.Errorf("%s = %q is not reported", key, value)
			}
		}
		return nil
	})
	if n := len(m.instances(t, echoService)); n != 3 {
		t.Errorf("%d instances, want the 3 good ones", n)
	}

	// A good key that turns bad keeps its last good value, and says so.
	p := startProvider(t, "late", 5*time.Millisecond)
	key := instanceKey(echoService, p.address)
	m.put(t, key, fmt.Sprintf("{address: %s, port: %s}", host(p.address), port(p.address)))
	l.waitUntil(t, "the new provider is called", func(as []answer) bool { return split(as)["late"] > 5 })
	m.put(t, key, "{address: 127.0.0.1, port: eighty}")
	eventually(t, "the problem tells that the last good value stays", func() error {
		for _, p := range m.problems(t) {
			if p.Key == key && p.LastGood {
				return nil
			}
		}
		return fmt.Errorf("no such problem of %s", key)
	})
	spoilt := time.Now()
	l.waitUntil(t, "it is called all the same", func(as []answer) bool { return split(since(as, spoilt))["late"] > 5 })

	for key := range bad {
		m.remove(t, key)
	}
	m.remove(t, key)
	eventually(t, "no problem is left", func() error {
		if ps := m.problems(t); len(ps) > 0 {
			return fmt.Errorf("%d problems, first %+v", len(ps), ps[0])
		}
		return nil
	})
	l.waitCalls(t, 100)
	requireNoFailure(t, l.stop(), 400)
}
