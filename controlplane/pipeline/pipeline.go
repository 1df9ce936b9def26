// Package pipeline is the run time of the control plane: one loop that takes what is registered, has it translated and
// hands it on for delivery. It decides when; what and how is the business of the stages.
package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// The times by which changes are gathered. What is written at once, in one transaction of etcd too, comes by several watches:
// in halves it could lead requests to instances that are not there any more.
const (
	Together = 20 * time.Millisecond  // for what comes with a lone change
	Quiet    = 100 * time.Millisecond // a burst is over when nothing came for so long
	HoldOff  = 500 * time.Millisecond // and is acted upon in between after so long
)

// Source is where services come from.
type Source interface {
	// Changed has a value when Snapshot may have changed since the value before. Values may stand for many changes.
	Changed() <-chan struct{}
	// Snapshot returns what is known now, and whether it is complete: false before the first full reading.
	Snapshot() (snap model.Snapshot, synced bool)
}

// Publisher delivers resources to proxies.
type Publisher interface {
	Publish(translate.Resources)
}

// Pipeline connects a source with a publisher.
type Pipeline struct {
	source     Source
	publisher  Publisher
	translator *Translator
	log        *slog.Logger
	metrics    *metrics
	after      func(time.Duration) <-chan time.Time
	now        func() time.Time
}

// New returns a pipeline that translates with opt, logs to log and counts in reg.
func New(source Source, publisher Publisher, opt translate.Options, log *slog.Logger, reg prometheus.Registerer) *Pipeline {
	return &Pipeline{
		source: source, publisher: publisher, translator: NewTranslator(opt), log: log, metrics: newMetrics(reg),
		after: time.After, now: time.Now,
	}
}

// Run publishes what the source has, once it is complete and then after each change, until ctx ends. The first change
// after a quiet time is published when what belongs to it had time to come; those that follow it closely are published
// together.
func (p *Pipeline) Run(ctx context.Context) error {
	var (
		timer   <-chan time.Time // nil in quiet times
		lone    bool             // it fires for a change after a quiet time, else at the end of a burst
		pending bool             // something came since the last publication
		oldest  time.Time        // when the first of it came
	)
	p.publish()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.source.Changed():
			now := p.now()
			if !pending {
				pending, oldest = true, now
			}
			switch {
			case timer == nil:
				lone, timer = true, p.after(Together)
			case !lone:
				timer = p.after(min(Quiet, oldest.Add(HoldOff).Sub(now)))
			}
		case <-timer:
			timer, lone = nil, false
			if pending {
				p.publish()
				pending = false
				timer = p.after(Quiet)
			}
		}
	}
}

// publish has everything translated that changed, and delivered.
func (p *Pipeline) publish() {
	snap, synced := p.source.Snapshot()
	if !synced {
		return
	}
	start := p.now()
	r, done := p.translator.Translate(snap)
	p.publisher.Publish(r)
	p.metrics.observe(p.now().Sub(start), done, r)
	p.log.Debug("published", "services", len(snap.Services), "translated", done, "clusters", len(r.Clusters), "problems", len(r.Problems))
}
