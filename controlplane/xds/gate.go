package xds

import (
	"maps"
	"time"
)

// Make before break. Seen from one proxy:
//
//  1. New and changed clusters go at once and their endpoints right behind them, never before: Envoy would give them
//     to the old cluster. They do not wait for the clusters' answer, because Envoy gives that only when it has warmed
//     up the clusters, for which it needs the endpoints.
//  2. Changed listeners and routes wait until the clusters are answered and each has its endpoints: a route to a
//     cluster that is still warming up answers 503.
//  3. Removed clusters, endpoints and secrets wait until the listeners and routes without them are answered. Clusters and
//     their endpoints stay for the time of linger then: requests that were routed to them before and are held, by a
//     delay, by the pause before a retry or because their body is on its way, find them still. Nobody waits for that, and
//     a proxy is told to be in sync meanwhile.
//
// A change of endpoints or secrets alone meets no gate. An answer is an ACK or a NACK, and no wait is longer than Patience: a
// proxy that does not answer, or refuses one resource, does not keep the rest from itself. The gates look only at what
// was sent and answered, not at how it came about, so any number of publications may overtake each other.

// gates decides for one proxy. It has no clock: now and open say what time it is and which waits are over.
type gates struct {
	subs      [kinds]subscription
	target    *snapshot
	returning bool // the proxy brought resources along from an earlier stream
	now       time.Time
	open      waits
	linger    time.Duration
	idle      map[string]time.Time // removed clusters that nothing in use names any more, and since when
}

// waits tells the two sorts of waiting apart: for changes (make) and for removals (break).
type waits struct{ change, removal bool }

// next returns what may be sent of a kind now, and what of it has to wait though it is due.
func (g *gates) next(k kind) (now change, held waits) {
	s := &g.subs[k]
	if !s.asked || g.target == nil {
		return now, held
	}
	var ready, readyKnown bool // the gate for the kind as a whole, looked at once and only if needed
	consider := func(e *entry) {
		if e == nil {
			return
		}
		old := s.sent[e.name]
		if old != nil && old.version == e.version {
			return
		}
		if !g.mayChange(k, e, old, &ready, &readyKnown) {
			held.change = true
			if !g.open.change {
				return
			}
		}
		now.updated = append(now.updated, e)
	}
	all := g.target.byKind[k]
	if s.wildcard {
		for _, e := range all {
			consider(e)
		}
	} else {
		for name := range s.names {
			consider(all[name])
		}
	}
	for name := range s.sent {
		if all[name] != nil || g.lingers(k, name) {
			continue
		}
		if !g.mayRemove(k, name) {
			held.removal = true
			if !g.open.removal {
				continue
			}
		}
		now.removed = append(now.removed, name)
	}
	return now, held
}

// mayChange says whether e may replace old, which is nil for what the proxy does not have.
func (g *gates) mayChange(k kind, e, old *entry, ready, readyKnown *bool) bool {
	switch k {
	case endpoints:
		return g.clusterSent(e.name)
	case listeners:
		// The first listeners of a proxy that has none come when it asks: it asks after its clusters.
		if len(g.subs[listeners].sent) == 0 {
			return true
		}
	case routes:
		if old == nil {
			return true // asked for by a listener, which was let through
		}
	default:
		return true
	}
	if !*readyKnown {
		*ready, *readyKnown = g.made(), true
	}
	return *ready
}

func (g *gates) mayRemove(k kind, name string) bool {
	switch k {
	case clusters:
		_, idle := g.idle[name]
		return idle
	case secrets:
		return g.broken()
	case endpoints:
		return g.subs[clusters].sent[name] == nil && len(g.subs[clusters].inFlight) == 0
	}
	return true
}

// retire notes which of the removed clusters nothing in use names any more.
func (g *gates) retire() {
	sent, wanted := g.subs[clusters].sent, g.target.byKind[clusters]
	maps.DeleteFunc(g.idle, func(name string, _ time.Time) bool { return sent[name] == nil || wanted[name] != nil })
	if !g.open.removal && !g.broken() {
		return
	}
	for name := range sent {
		if _, known := g.idle[name]; known || wanted[name] != nil {
			continue
		}
		if g.idle == nil {
			g.idle = map[string]time.Time{}
		}
		g.idle[name] = g.now
	}
}

// lingers says that a removed cluster, or its endpoints, stays for those requests that may still be led to it. One that the
// proxy refuses does not: it is why others wait.
func (g *gates) lingers(k kind, name string) bool {
	if k != clusters && k != endpoints {
		return false
	}
	since, idle := g.idle[name]
	_, refused := g.subs[k].refused[name]
	return idle && !refused && g.now.Before(since.Add(g.linger))
}

// clusterSent says that the newest version of a cluster is on its way to the proxy, or that it does not want it.
func (g *gates) clusterSent(name string) bool {
	s := &g.subs[clusters]
	if !s.asked {
		return !g.returning
	}
	want, has := g.target.byKind[clusters][name], s.sent[name]
	return want == nil || has == nil || has.version == want.version
}

// made says that every cluster is answered and has its endpoints.
func (g *gates) made() bool {
	c, e := &g.subs[clusters], &g.subs[endpoints]
	if !c.asked {
		return !g.returning
	}
	if len(c.inFlight) > 0 || len(e.inFlight) > 0 {
		return false
	}
	for name, want := range g.target.byKind[clusters] {
		has := c.sent[name]
		if has == nil {
			if c.wants(name) {
				return false
			}
			continue
		}
		if has.version != want.version {
			return false
		}
		if _, refused := c.refused[name]; refused {
			continue // Envoy will not ask for the endpoints of a cluster that it refused
		}
		if load := g.target.byKind[endpoints][name]; load != nil && (e.sent[name] == nil || e.sent[name].version != load.version) {
			return false
		}
	}
	return true
}

// broken says that no listener and no route in use names what is not in the target.
func (g *gates) broken() bool {
	for _, k := range []kind{listeners, routes} {
		s := &g.subs[k]
		if !s.asked {
			if g.returning {
				return false
			}
			continue
		}
		if len(s.inFlight) > 0 || len(s.refused) > 0 {
			return false
		}
		for name, want := range g.target.byKind[k] {
			if has := s.sent[name]; s.wants(name) && (has == nil || has.version != want.version) {
				return false
			}
		}
		for name := range s.sent {
			if g.target.byKind[k][name] == nil {
				return false
			}
		}
	}
	return true
}
