package policystore

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// State is what is known of the policies at one moment. It never changes, and may be used by any goroutine.
type State struct {
	Synced   bool   // everything was read completely at least once
	Error    string // why etcd cannot be read at the moment
	Revision int64  // the newest etcd revision that is contained
	known    *known // nil before the first reading
}

// known are the policies of a state. Sorting thousands of them costs milliseconds, which a burst of changes should not pay
// for each: it is done when somebody looks.
type known struct {
	entries  []*entry // never changed; in no order before look
	once     sync.Once
	policies model.Policies
	items    []Item
	inForce  []Version
	problems []model.Problem
}

// Version is a version of a policy that is in force, or would be if it were not paused.
type Version struct {
	Key      string
	Policy   model.Policy
	Revision int64
	Text     string
}

// entry is a key and what is known of it. It is replaced, never changed.
type entry struct {
	key    string
	parsed policy.Parsed
	status Status       // When is not set
	good   model.Policy // in force; nil for none
	since  time.Time    // when the verdict was first given
	before lastGood     // what was in force before this version; nothing for a new key
	judged *entry       // what this one would be if Envoys did not refuse it; nil when they do not
	kept   time.Time    // until when it stays though etcd lost it; zero for one that stands in etcd
}

// lastGood is a version that was accepted.
type lastGood struct {
	policy model.Policy
	good   *Good
}

// Item is one policy as it stands in etcd.
type Item struct {
	Key    string
	Status Status       // When is not set
	Text   string       // as it stands in etcd
	Good   model.Policy // that is in force, or would be if it were not paused; nil for none
	Kept   time.Time    // until when it stays in force though etcd lost it; zero for one that stands in etcd
}

// NewState returns a state that was read completely and holds these items.
func NewState(items ...Item) State {
	k := &known{}
	for _, i := range items {
		k.entries = append(k.entries, &entry{key: i.Key, status: i.Status, good: i.Good, kept: i.Kept, parsed: policy.Parsed{Text: i.Text, Problems: i.Status.Problems}})
	}
	return State{Synced: true, known: k}
}

// Policies are those in force.
func (s State) Policies() model.Policies { return s.look().policies }

// InForce are the versions of policies that are in force or paused, by their keys.
func (s State) InForce() []Version { return s.look().inForce }

// Items are all policies, by their keys.
func (s State) Items() []Item { return s.look().items }

// Problems tell of policies that were rejected or lost, by their keys.
func (s State) Problems() []model.Problem { return s.look().problems }

// look works out what the entries say, once for all who ask.
func (s State) look() *known {
	k := s.known
	if k == nil {
		return &known{}
	}
	k.once.Do(func() {
		sorted := slices.SortedFunc(slices.Values(k.entries), func(a, b *entry) int { return cmp.Compare(a.key, b.key) })
		var good []model.Policy
		for _, e := range sorted {
			k.items = append(k.items, Item{Key: e.key, Status: e.status, Text: e.parsed.Text, Good: e.good, Kept: e.kept})
			if e.good != nil {
				good = append(good, e.good)
				v := Version{Key: e.key, Policy: e.good, Revision: e.good.Meta().Revision}
				if e.status.LastGood != nil {
					v.Text = e.status.LastGood.Text
				}
				k.inForce = append(k.inForce, v)
			}
			switch {
			case e.isKept():
				k.problems = append(k.problems, e.lost())
			case e.status.Verdict == Rejected:
				k.problems = append(k.problems, model.Problem{Key: e.key, Reason: reason(e.parsed), LastGood: e.good != nil, Since: e.since})
			}
		}
		k.policies = model.NewPolicies(good...)
	})
	return k
}
