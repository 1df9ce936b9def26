package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// State is what the registry knows at one moment. It is never changed after it was returned.
type State struct {
	Snapshot  model.Snapshot
	Problems  []model.Problem // sorted by key
	Protected []Protected     // services kept alive beyond their registrations, sorted by name
	Sources   []SourceState   // in order of precedence
	Synced    bool            // every etcd source was read completely at least once
	Revision  int64           // the newest etcd revision that is contained
}

// SourceState tells how one source is doing.
type SourceState struct {
	Name     string `json:"name"` // the etcd prefix or the file
	Synced   bool   `json:"synced"`
	Revision int64  `json:"revision,omitempty"` // of etcd
	Error    string `json:"error,omitempty"`    // why it cannot be read at the moment
}

// Registry watches all sources. Its methods may be called from any goroutine; Run once.
type Registry struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	sources []source
	changed chan struct{}
	state   atomic.Pointer[State]
	now     func() time.Time
	invalid error // why it cannot run

	// Owned by Run.
	table       *table
	guard       *guard
	definitions *definitions
	known       map[string][]model.Instance // by service, as published
	order       []string                    // the names of the published services, sorted
	outcomes    map[string]outcome          // what Dubbo's rules make of services, by service
	policies    model.Policies              // of the outcomes; empty after a change
}

// source is one place that registrations come from. run sends what it reads until ctx ends; the first batch it sends
// after a start, and after anything that might have been missed, has reset set.
type source interface {
	name() string
	kind() kind
	run(ctx context.Context, send func(batch))
}

// kind is what a source is, in order of precedence.
type kind int

const (
	kindNative kind = iota
	kindDubbo
	kindWeights
	kindFile
	kindOverride
	kindDefinition
	kindMetadata
)

// New prepares a registry. client may be nil when only files are read; it stays the caller's. log and reg may be nil. A
// setting that cannot be used is reported by Validate, and by Run.
func New(cfg Config, client *clientv3.Client, log *slog.Logger, reg prometheus.Registerer) *Registry {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg, invalid := cfg.complete()
	m, err := newMetrics(reg)
	if err != nil {
		invalid = errors.Join(invalid, fmt.Errorf("registry metrics: %w", err))
	}
	r := newRegistry(cfg, buildSources(cfg, client, log, m), log, m)
	r.invalid = invalid
	return r
}

// newRegistry puts a registry together from any sources.
func newRegistry(cfg Config, sources []source, log *slog.Logger, m *metrics) *Registry {
	r := &Registry{
		cfg: cfg, log: log, metrics: m, sources: sources, now: time.Now,
		changed: make(chan struct{}, 1),
		table:   newTable(sources), guard: newGuard(cfg.Protection), definitions: newDefinitions(),
		known: map[string][]model.Instance{}, outcomes: map[string]outcome{},
	}
	first := &State{Sources: make([]SourceState, len(sources)), Synced: len(sources) == 0}
	for i, s := range sources {
		first.Sources[i].Name = s.name()
	}
	r.state.Store(first)
	return r
}

// buildSources lists the sources in order of precedence.
func buildSources(cfg Config, client *clientv3.Client, log *slog.Logger, m *metrics) []source {
	var sources []source
	if client != nil {
		etcd := func(kind kind, prefix string, parse parseFunc) {
			sources = append(sources, newEtcdSource(kind, prefix+"/", parse, client, log, m))
		}
		etcd(kindNative, cfg.Prefix+"/services", parseNative)
		for _, root := range cfg.Dubbo {
			etcd(kindDubbo, root, parseDubbo)
		}
		for _, w := range cfg.Weights {
			etcd(kindWeights, w.Prefix, parseWeightRegistration(w.Protocol))
		}
		etcd(kindOverride, cfg.Prefix+"/weights", parseOverride)
		etcd(kindDefinition, cfg.Prefix+"/definitions", parseDefinition)
		for _, root := range cfg.Metadata {
			etcd(kindMetadata, root, parseMetadata)
		}
	}
	for _, path := range cfg.Files {
		sources = append(sources, &fileSource{path: path})
	}
	return sources
}

// Changed is signalled after the snapshot, the problems, the protected services or Synced changed. It holds at most one
// signal: whoever reads it then looks at State once for everything that happened before.
func (r *Registry) Changed() <-chan struct{} { return r.changed }

// State returns what is known now. It never blocks.
func (r *Registry) State() State { return *r.state.Load() }

// Run reads all sources until ctx ends, whatever happens to them, and returns nil then. It returns an error at once when
// the configuration cannot be used.
func (r *Registry) Run(ctx context.Context) error {
	if r.invalid != nil {
		return r.invalid
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	batches := make(chan batch)
	for i, s := range r.sources {
		running.Go(func() {
			s.run(ctx, func(b batch) {
				b.source = i
				select {
				case batches <- b:
				case <-ctx.Done():
				}
			})
		})
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next, ok := r.guard.next(); ok {
			timer.Reset(max(0, next.Sub(r.now())))
		}
		select {
		case <-ctx.Done():
			return nil
		case b := <-batches:
			r.take(b)
		case <-timer.C:
			r.expire()
		}
	}
}

// take applies what a source saw and publishes the outcome.
func (r *Registry) take(b batch) {
	effect := r.table.apply(b, r.now())
	for _, p := range effect.reported {
		r.log.Warn("registration cannot be used as it is", "key", p.Key, "reason", p.Reason, "lastGood", p.LastGood)
		r.metrics.rejected.WithLabelValues(r.sources[b.source].name()).Inc()
	}
	changed, ruled := effect.problems, false
	for service := range effect.touched {
		merged := r.table.merge(service)
		v := r.guard.update(service, merged, effect.leaving, r.now())
		r.tell(service, v)
		changed = r.show(service, merged) || len(v.held)+len(v.released) > 0 || changed
		changed = r.define(service) || changed
		if _, ok := applicationOf(service); ok {
			ruled = true
		}
	}
	if ruled { // the rules of an application may concern every service
		for _, service := range slices.Clone(r.order) {
			changed = r.show(service, r.table.merge(service)) || changed
		}
	}
	r.publish(changed, &b)
}

// expire ends protection that has lasted long enough.
func (r *Registry) expire() {
	ended := r.guard.expire(r.now())
	for _, service := range ended {
		r.log.Warn("protection ends: instances that did not come back are withdrawn", "service", service)
		r.show(service, r.table.merge(service))
	}
	r.publish(len(ended) > 0, nil)
}

// tell logs what protection did to a service.
func (r *Registry) tell(service string, v verdict) {
	if len(v.held) > 0 {
		r.log.Warn("most instances of a service vanished at once; the last known ones are kept for a while",
			"service", service, "vanished", v.held, "serving", v.serving, "before", v.before, "until", v.until)
	}
	if len(v.released) > 0 {
		r.log.Info("protected instances are back or replaced", "service", service, "instances", v.released)
	}
}
