package policystore

import (
	"context"
	"maps"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// A version that is judged good here can still be one that Envoy does not take: it names a file that is not on the proxy's
// machine, or breaks a rule that is not known here. It is treated as any other bad version from then on: it does not take
// effect, what was good before stays in force, and the status says so, over restarts too.

// Refuse withdraws a version of a policy that Envoys refuse. What was in force before it is so again: nothing, for a new
// policy or when that is not known any more. It reports whether that version was in force.
func (s *Store) Refuse(kind model.Kind, name string, revision int64, why policy.Problem) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := Key(s.prefix, kind, name)
	e := s.entries[key]
	if e == nil || e.status.Verdict != Accepted || e.status.Revision != revision {
		return false
	}
	next := *e
	next.judged, next.since = e, s.now()
	next.parsed.Problems = append(slices.Clone(e.parsed.Problems), why)
	next.status.Verdict, next.status.Refused, next.status.Problems = Rejected, true, next.parsed.Problems
	next.good, next.status.LastGood = e.before.policy, e.before.good
	s.metrics.rejected.WithLabelValues(label(kind)).Inc()
	s.log.Error("policy withdrawn: Envoys refuse what is made of it", "policy", e.parsed.ID(), "revision", revision, "reason", why.String(), "lastGood", next.good != nil)
	s.replace(key, &next, false)
	return true
}

// Pardon puts a version in force again that Refuse has withdrawn: another policy was why.
func (s *Store) Pardon(kind model.Kind, name string, revision int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := Key(s.prefix, kind, name)
	e := s.entries[key]
	if e == nil || e.judged == nil || e.status.Revision != revision {
		return false
	}
	s.log.Info("policy accepted after all: Envoys refuse what another one makes", "policy", e.parsed.ID(), "revision", revision)
	s.replace(key, e.judged, true)
	return true
}

// replace shows another entry of a key, and has its verdict written. The caller holds the lock.
func (s *Store) replace(key string, e *entry, pardoned bool) {
	s.entries[key] = e
	s.writer.judged(e.status, e.parsed.Text, pardoned)
	s.showEntries()
}

// showEntries makes a state of what is known now. The caller holds the lock.
func (s *Store) showEntries() {
	next := *s.state.Load()
	next.known = &known{entries: slices.Collect(maps.Values(s.entries))}
	s.metrics.observe(next.known.entries)
	s.show(&next)
}

// recall reads which policies were rejected before this control plane came, and since when: those that Envoys refused it does
// not send again. It returns false when ctx ended.
func (s *Store) recall(ctx context.Context) bool {
	for {
		bounded, cancel := context.WithTimeout(ctx, etcdwatch.RequestTimeout)
		r, err := s.client.Get(bounded, statusPrefix(s.prefix), clientv3.WithPrefix())
		cancel()
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			s.rejected = map[string]Status{}
			for _, kv := range r.Kvs {
				if status, ok := parseStatus(kv.Value); ok && status.Verdict == Rejected {
					s.rejected[string(status.Kind)+"/"+status.Name] = status
				}
			}
			return true
		}
		s.log.Warn("the status of policies cannot be read, trying on", "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryPause):
		}
	}
}

// asRefused is an accepted version as it stood in its status before this control plane came.
func (s *Store) asRefused(e *entry) *entry {
	status, known := s.rejectedBefore(e)
	if !known || !status.Refused {
		return e
	}
	next := *e
	next.since = status.When
	next.judged, next.good, next.status.LastGood = e, nil, nil
	next.parsed.Problems = status.Problems
	next.status.Verdict, next.status.Refused, next.status.Problems = Rejected, true, status.Problems
	s.revive(&next, status)
	return &next
}

// rejectedBefore is the status of a version that was rejected before this control plane came.
func (s *Store) rejectedBefore(e *entry) (Status, bool) {
	status, known := s.rejected[string(e.status.Kind)+"/"+e.status.Name]
	return status, known && status.Revision == e.status.Revision && status.Created == e.status.Created
}
