package xds

import (
	"context"
	"log/slog"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// Patience bounds how long a proxy's answer is waited for before what depends on it goes all the same.
const Patience = 5 * time.Second

// proxy is one stream. It answers the protocol library's questions (watch.go, callbacks.go), one at a time under mu.
type proxy struct {
	log      *slog.Logger
	metrics  *metrics
	patience time.Duration
	now      func() time.Time
	told     func() // that something became of what was sent

	mu     sync.Mutex
	node   node
	gates  gates
	kinds  [kinds]progress
	since  struct{ change, removal time.Time } // when the present waits began
	timer  *time.Timer
	closed bool

	reached []arrival // publications that it had all of but for what it refused, oldest first
}

// node is who is at the other end.
type node struct {
	id, cluster, build string
	connected          time.Time
	delta              bool
}

// progress is what happened of one kind on the stream.
type progress struct {
	watch        func(change, map[string]string) bool // sends; nil while nobody waits for a change
	first        bool                                 // the proxy waits for a first answer, even an empty one
	sentAt       time.Time
	responses    uint64
	acks, nacks  uint64
	lastNACK     string
	lastNACKedAt time.Time
}

// publish makes s what the proxy is to have.
func (p *proxy) publish(s *snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gates.target = s
	for k := range kinds {
		p.gates.subs[k].recognize(s.byKind[k])
	}
	p.advance()
}

// tick is the end of a wait.
func (p *proxy) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance()
}

// advance sends what may be sent. Callers hold mu.
func (p *proxy) advance() {
	if p.closed || p.gates.target == nil {
		return
	}
	now, before := p.now(), p.gates.open
	p.gates.now = now
	p.gates.open = waits{
		change:  !p.since.change.IsZero() && now.Sub(p.since.change) >= p.patience,
		removal: !p.since.removal.IsZero() && now.Sub(p.since.removal) >= p.patience,
	}
	if (p.gates.open.change && !before.change) || (p.gates.open.removal && !before.removal) {
		p.metrics.overdue.Inc()
		p.log.Warn("proxy does not answer in time; sending what waited for its answer", "patience", p.patience)
	}
	p.gates.retire()
	var held waits
	settled := true
	for k := range kinds {
		c, h := p.gates.next(k)
		held.change = held.change || h.change
		held.removal = held.removal || h.removal
		p.send(k, c, now)
		sub := &p.gates.subs[k]
		settled = settled && c.empty() && len(sub.inFlight) == 0
	}
	if settled && held == (waits{}) {
		p.arrive(now)
	}
	p.told()
	p.wait(held, now)
}

func (p *proxy) send(k kind, c change, now time.Time) {
	pr, s := &p.kinds[k], &p.gates.subs[k]
	if pr.watch == nil || (c.empty() && !pr.first) {
		return
	}
	c = s.separate(c)
	if versions := s.send(c); !pr.watch(c, versions) {
		s.forget()
		return
	}
	if len(s.apart) > 0 {
		s.apart = s.apart[1:]
	}
	pr.watch, pr.first, pr.sentAt = nil, false, now
	pr.responses++
	p.metrics.pushes.WithLabelValues(k.String()).Inc()
}

// wait sets the clock for what is held back and what lingers.
func (p *proxy) wait(held waits, now time.Time) {
	p.since.change = began(held.change, p.since.change, now)
	p.since.removal = began(held.removal, p.since.removal, now)
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	var next time.Time
	until := func(end time.Time) {
		if end.After(now) && (next.IsZero() || end.Before(next)) {
			next = end
		}
	}
	for _, since := range []time.Time{p.since.change, p.since.removal} {
		if !since.IsZero() {
			until(since.Add(p.patience))
		}
	}
	for _, since := range p.gates.idle {
		until(since.Add(p.gates.linger))
	}
	if !next.IsZero() {
		p.timer = time.AfterFunc(next.Sub(now), p.tick)
	}
}

func began(held bool, since, now time.Time) time.Time {
	switch {
	case !held:
		return time.Time{}
	case since.IsZero():
		return now
	}
	return since
}

func (p *proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

// meet takes down who the proxy is, from the first request that says it.
func (p *proxy) meet(n *corev3.Node, delta bool) {
	if n == nil || !p.node.connected.IsZero() {
		return
	}
	p.node = node{id: n.GetId(), cluster: n.GetCluster(), build: build(n), connected: p.now(), delta: delta}
	p.log = p.log.With("node", n.GetId())
	p.log.Info("proxy connected", "cluster", p.node.cluster, "build", p.node.build, "delta", delta)
}

// answered takes the proxy's answer to the response with the nonce: an ACK, or a NACK with a text.
func (p *proxy) answered(k kind, nonce string, nack bool, text string) {
	pr, s := &p.kinds[k], &p.gates.subs[k]
	r, ok := s.answer(nonce)
	if !ok {
		return
	}
	p.metrics.latency.WithLabelValues(k.String()).Observe(p.now().Sub(pr.sentAt).Seconds())
	if !nack {
		pr.acks++
		s.ack(r)
		return
	}
	pr.nacks++
	pr.lastNACK, pr.lastNACKedAt = text, p.now()
	p.metrics.nacks.WithLabelValues(k.String()).Inc()
	nacked := s.nackAll
	if p.node.delta {
		nacked = s.nack
	}
	if refused := nacked(r, text); len(refused) > 0 {
		p.log.Error("proxy refused resources; it keeps what it had of them, the others go on",
			"type", k.String(), "resources", refused, "text", text)
	} else {
		p.log.Warn("proxy refused a response without naming a resource; sending its parts apart to find it",
			"type", k.String(), "resources", len(r.versions), "text", text)
	}
	p.told()
}

// Fetch is not served: a poll has no stream.
func (p *proxy) Fetch(context.Context, *cache.Request) (cache.Response, error) {
	return nil, errNoFetch
}
