package policystore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// Store follows the policies in etcd. Its methods may be called from any goroutine; Run once.
type Store struct {
	follower etcdwatch.Follower
	client   *clientv3.Client
	prefix   string
	hold     time.Duration
	log      *slog.Logger
	metrics  *metrics
	now      func() time.Time
	changed  chan struct{}
	state    atomic.Pointer[State]
	writer   *writer

	mu       sync.Mutex        // a change of entries together with the state that shows it
	entries  map[string]*entry // by key
	keeping  chan struct{}     // signalled when some are kept from now on
	rejected map[string]Status // by kind/name, of policies that were rejected before this control plane came
}

// New prepares a store below a prefix such as /dubbomesh. What etcd comes back without after it lost its data is kept for hold; 0
// keeps nothing. The client stays the caller's; reg may be nil.
func New(prefix string, hold time.Duration, client *clientv3.Client, log *slog.Logger, reg prometheus.Registerer) *Store {
	m := newMetrics(reg)
	s := &Store{
		client: client, prefix: prefix, hold: hold, log: log, metrics: m, now: time.Now,
		changed: make(chan struct{}, 1), entries: map[string]*entry{}, keeping: make(chan struct{}, 1),
		follower: etcdwatch.Follower{Client: client, Prefix: policiesPrefix(prefix), Log: log, Resync: m.resyncs.Inc},
	}
	s.writer = newWriter(s)
	s.state.Store(&State{})
	return s
}

// Changed is signalled after the state changed. It holds at most one signal.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// State returns what is known now. It never blocks.
func (s *Store) State() State { return *s.state.Load() }

// Unsaved says why verdicts cannot be written to etcd at the moment; nil when they can. What is in force is not touched by
// that, but would not outlive this control plane beside a bad version.
func (s *Store) Unsaved() error {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	return s.writer.failed
}

// Run follows the policies until ctx ends, whatever happens to etcd, and returns nil then.
func (s *Store) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		s.follower.Run(ctx, func(b etcdwatch.Batch) { s.take(ctx, b) })
		return nil
	})
	group.Go(func() error { s.writer.run(ctx); return nil })
	group.Go(func() error { s.release(ctx); return nil })
	return group.Wait()
}

// take applies what was seen and publishes the outcome.
func (s *Store) take(ctx context.Context, b etcdwatch.Batch) {
	if b.Reset && !s.recall(ctx) {
		return // the end came first
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Err != nil {
		s.publish(b)
		return
	}
	if b.Reset {
		if b.Replaced {
			s.writer.replaced()
		}
		s.vanish(b)
		s.writer.sweep(b.Revision)
	}
	for _, e := range b.Events {
		if !s.judge(ctx, e, b.Replaced) {
			return // the end came first
		}
	}
	s.publish(b)
}

// judge takes one key in; anew says that its revision tells nothing. It returns false when ctx ended.
func (s *Store) judge(ctx context.Context, e etcdwatch.Event, anew bool) bool {
	kind, name, ok := splitKey(strings.TrimPrefix(e.Key, s.follower.Prefix))
	old := s.entries[e.Key]
	if e.Deleted {
		delete(s.entries, e.Key)
		if old != nil {
			s.log.Info("policy deleted", "policy", old.parsed.ID(), "revision", e.Revision)
			s.writer.deleted(kind, name, e.Revision)
		}
		return true
	}
	if old != nil && old.status.Revision == e.Revision && !anew && !old.isKept() {
		return true
	}
	parsed := policy.ParseKey(string(kind), name, e.Value)
	if !ok {
		parsed.Policy = nil
		parsed.Problems = noPolicysKey()
	}
	next := &entry{key: e.Key, parsed: parsed, since: s.now(), status: Status{
		Kind: kind, Name: name, Revision: e.Revision, Created: e.Created, Problems: parsed.Problems, Verdict: Accepted,
	}}
	if parsed.Policy != nil {
		next.status.LastGood = &Good{Revision: e.Revision, Text: string(e.Value)}
		next.good = policy.At(parsed.Policy, e.Key, e.Revision, e.Created)
		if old.livesOnIn(next) {
			next.before = lastGood{old.good, old.status.LastGood}
		}
		next = s.asRefused(next)
	} else {
		next.status.Verdict = Rejected
		if status, known := s.rejectedBefore(next); known {
			next.since = status.When
		}
		if !s.keepLastGood(ctx, next, old) {
			return false
		}
	}
	s.entries[e.Key] = next
	s.tell(next)
	if ok {
		s.writer.judged(next.status, string(e.Value), false)
	}
	return true
}

// noPolicysKey is what is wrong with a key that is not one of a kind and a name.
func noPolicysKey() []policy.Problem {
	return []policy.Problem{{Message: "a policy's key is …/policies/<kind>/<name>, without further slashes; `dubbomesh delete` takes this one away"}}
}

// keepLastGood finds what a key said when it was last good: here, or else in its status, which outlives a control plane. It
// returns false when ctx ended.
func (s *Store) keepLastGood(ctx context.Context, next, old *entry) bool {
	if old.livesOnIn(next) {
		next.good, next.status.LastGood = old.good, old.status.LastGood
		return true
	}
	if next.status.Created == next.status.Revision { // the key is new: there was nothing before
		return true
	}
	for {
		stored, err := s.stored(ctx, next.status.Kind, next.status.Name)
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			s.revive(next, stored)
			return true
		}
		// What was in force is not known yet, and must not be withdrawn for that.
		s.log.Warn("the last good version of a policy cannot be read, trying on", "policy", next.parsed.ID(), "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryPause):
		}
	}
}

// retryPause lies between two attempts to read or write what control planes keep.
const retryPause = time.Second

// stored reads the status of a policy; the zero value when there is none.
func (s *Store) stored(ctx context.Context, kind model.Kind, name string) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, etcdwatch.RequestTimeout)
	defer cancel()
	r, err := s.client.Get(ctx, StatusKey(s.prefix, kind, name))
	if err != nil || len(r.Kvs) == 0 {
		return Status{}, err
	}
	status, _ := parseStatus(r.Kvs[0].Value)
	return status, nil
}

// revive puts the version that a status holds in force again, if it is of the same life of the key and still good.
func (s *Store) revive(next *entry, stored Status) {
	if stored.Created != next.status.Created || stored.LastGood == nil {
		return
	}
	parsed := policy.ParseKey(string(stored.Kind), stored.Name, []byte(stored.LastGood.Text))
	if parsed.Policy == nil {
		s.log.Warn("the last good version of a policy is not good any more", "policy", next.parsed.ID(), "error", parsed.Err())
		return
	}
	next.status.LastGood = stored.LastGood
	next.good = policy.At(parsed.Policy, next.key, stored.LastGood.Revision, stored.Created)
}

// tell logs and counts a verdict.
func (s *Store) tell(e *entry) {
	if e.status.Refused {
		return // told where it became known
	}
	if e.status.Verdict == Accepted {
		s.log.Info("policy accepted", "policy", e.parsed.ID(), "revision", e.status.Revision, "warnings", len(e.parsed.Warnings()))
		return
	}
	s.metrics.rejected.WithLabelValues(label(e.status.Kind)).Inc()
	s.log.Warn("policy rejected", "policy", e.parsed.ID(), "revision", e.status.Revision, "reason", reason(e.parsed), "lastGood", e.good != nil)
}

// reason puts the errors of a policy on one line.
func reason(p policy.Parsed) string {
	errs := p.Errors()
	var list []string
	for _, e := range errs[:min(len(errs), 5)] {
		list = append(list, e.String())
	}
	if more := len(errs) - len(list); more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, "; ")
}

// publish makes the state current and says so, unless nothing is new but the revision.
func (s *Store) publish(b etcdwatch.Batch) {
	next := *s.state.Load()
	if b.Err == nil && next.Error == "" && !b.Reset && len(b.Events) == 0 {
		next.Revision = b.Revision
		s.state.Store(&next)
		return
	}
	next.Error = ""
	if b.Err != nil {
		next.Error = b.Err.Error()
	} else {
		next.Synced, next.Revision = true, b.Revision
		next.known = &known{entries: slices.Collect(maps.Values(s.entries))}
		s.metrics.observe(next.known.entries)
	}
	s.show(&next)
}

// show makes a state the current one.
func (s *Store) show(next *State) {
	s.state.Store(next)
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// errSuperseded ends the writing of a verdict whose policy was changed meanwhile.
var errSuperseded = errors.New("the policy was changed meanwhile")
