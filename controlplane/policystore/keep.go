package policystore

import (
	"context"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// An etcd that lost its data, or was restored from an older copy, comes back without policies that nobody deleted, and without
// what guards a service among them. They are kept for a while, as instances are, so that somebody can write them again. What
// etcd does know of them is lost: their statuses and histories.

// vanish takes policies out that a complete list does not have. Those that are lost are kept.
func (s *Store) vanish(b etcdwatch.Batch) {
	listed := map[string]bool{}
	for _, e := range b.Events {
		listed[e.Key] = true
	}
	until := s.now().Add(s.hold)
	var lost []string
	for key, e := range s.entries {
		if listed[key] || e.isKept() {
			continue
		}
		delete(s.entries, key)
		if !b.Replaced || e.good == nil {
			continue
		}
		lost = append(lost, e.parsed.ID())
		if s.hold > 0 {
			next := *e
			next.kept, next.since = until, s.now()
			next.judged = nil // nor is known what became of what Envoys refused
			s.entries[key] = &next
		}
	}
	if len(lost) == 0 {
		return
	}
	s.metrics.lost.Add(float64(len(lost)))
	if s.hold <= 0 {
		s.log.Warn("etcd lost its data and policies with it; they are out of force", "policies", few(lost), "count", len(lost))
		return
	}
	s.log.Warn("etcd lost its data and policies with it; they are kept for a while: write them again", "policies", few(lost), "count", len(lost), "until", until)
	select {
	case s.keeping <- struct{}{}:
	default:
	}
}

// fewest bounds how many policies one line of the log names.
const fewest = 20

// few are the first of names, sorted.
func few(names []string) []string {
	slices.Sort(names)
	return names[:min(len(names), fewest)]
}

// release ends what was kept long enough, until ctx ends.
func (s *Store) release(ctx context.Context) {
	for {
		var due <-chan time.Time
		if next := s.expire(); !next.IsZero() {
			due = time.After(next.Sub(s.now()))
		}
		select {
		case <-ctx.Done():
			return
		case <-s.keeping:
		case <-due:
		}
	}
}

// expire ends what was kept until now, and says when the next is due; zero for never.
func (s *Store) expire() (next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ended []string
	for key, e := range s.entries {
		switch {
		case !e.isKept():
		case e.kept.After(s.now()):
			if next.IsZero() || e.kept.Before(next) {
				next = e.kept
			}
		default:
			delete(s.entries, key)
			ended = append(ended, e.parsed.ID())
		}
	}
	if len(ended) > 0 {
		s.log.Warn("protection ends: policies that etcd lost and nobody wrote again are out of force", "policies", few(ended), "count", len(ended))
		s.showEntries()
	}
	return next
}

// isKept reports whether etcd lost the policy.
func (e *entry) isKept() bool { return !e.kept.IsZero() }

// livesOnIn reports whether another version is one of the same life of the key: what was good before it counts for it. What
// takes the place of a policy that etcd lost is.
func (e *entry) livesOnIn(next *entry) bool {
	return e != nil && (e.isKept() || e.status.Created == next.status.Created)
}

// lost tells of a policy that is kept.
func (e *entry) lost() model.Problem {
	return model.Problem{
		Key: e.key, LastGood: true, Since: e.since,
		Reason: "etcd lost it with its data; it is kept in force until " + e.kept.Local().Format(time.DateTime) + " and then ends: apply it again",
	}
}
