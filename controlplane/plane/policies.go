package plane

import (
	"context"
	"fmt"
	"sync/atomic"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
)

// source is what is registered together with the policies, as the pipeline wants it.
type source struct {
	client   *clientv3.Client // with which both watch
	registry *registry.Registry
	policies *policystore.Store
	changed  chan struct{}
	taken    *atomic.Pointer[policystore.State] // the policies in the last snapshot
	last     *merge
}

// merge remembers what policies were put together last, so that those who compare them see that they are the same.
type merge struct {
	written, registered, both model.Policies
}

func newSource(client *clientv3.Client, r *registry.Registry, p *policystore.Store, taken *atomic.Pointer[policystore.State]) source {
	return source{client: client, registry: r, policies: p, changed: make(chan struct{}, 1), taken: taken, last: &merge{}}
}

// run passes on that one of the two changed, until ctx ends.
func (s source) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.registry.Changed():
		case <-s.policies.Changed():
		}
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

// Changed implements pipeline.Source.
func (s source) Changed() <-chan struct{} { return s.changed }

// Snapshot implements pipeline.Source. Nothing is published before the policies are known: without them a service would
// be open that a policy closes.
func (s source) Snapshot() (model.Snapshot, bool) {
	s.align()
	registered, policies := s.registry.State(), s.policies.State()
	snap := registered.Snapshot
	snap.Policies = s.merged(policies.Policies(), snap.Policies)
	s.taken.Store(&policies)
	return snap, registered.Synced && policies.Synced
}

// merged puts the policies and those that are registered together. Only the pipeline calls it, one call after the other.
func (s source) merged(written, registered model.Policies) model.Policies {
	if m := s.last; !m.written.Same(written) || !m.registered.Same(registered) {
		*m = merge{written, registered, written.Above(registered)}
	}
	return s.last.both
}

// Policies is what is known of the policies now, for the API.
func (f *feed) Policies() policystore.State {
	f.mu.Lock()
	p := f.policies
	f.mu.Unlock()
	if p == nil {
		return policystore.State{}
	}
	return p.State()
}

// policyProblems are those of the policies. The caller holds the lock.
func (f *feed) policyProblems(etcd string) []model.Problem {
	if f.policies == nil {
		return nil
	}
	state := f.policies.State()
	var problems []model.Problem
	if state.Error != "" {
		problems = append(problems, model.Problem{Key: "policies", Reason: fmt.Sprintf("cannot be read from etcd at %s: %s", etcd, state.Error), LastGood: state.Synced})
	}
	if err := f.policies.Unsaved(); err != nil {
		problems = append(problems, model.Problem{Key: "status of policies", Reason: fmt.Sprintf("cannot be written to etcd at %s: %v", etcd, err)})
	}
	return append(problems, state.Problems()...)
}
