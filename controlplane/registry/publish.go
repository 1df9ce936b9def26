package registry

import (
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// show makes the merged instances of a service, and those that protection holds, the published ones. It reports whether
// that changes anything.
func (r *Registry) show(service string, merged []model.Instance) bool {
	instances := merged
	if held := r.guard.held(service); len(held) > 0 {
		r.table.override(service, held)
		instances = slices.Concat(merged, held)
		slices.SortFunc(instances, model.Compare)
	}
	instances, ruled := r.rule(service, instances)
	old, was := r.known[service]
	if was == (len(instances) > 0) && slices.EqualFunc(old, instances, equalInstance) {
		return ruled
	}
	at, _ := slices.BinarySearch(r.order, service)
	switch {
	case len(instances) == 0:
		delete(r.known, service)
		r.order = slices.Delete(r.order, at, at+1)
		return true
	case !was:
		r.order = slices.Insert(r.order, at, service)
	}
	r.known[service] = instances
	return true
}

// equalInstance compares all fields.
func equalInstance(a, b model.Instance) bool {
	if !maps.Equal(a.Labels, b.Labels) {
		return false
	}
	return a.Address == b.Address && a.Port == b.Port && a.Protocol == b.Protocol && a.Weight == b.Weight &&
		a.Group == b.Group && a.Version == b.Version && a.Zone == b.Zone && a.Status == b.Status &&
		a.SidecarPort == b.SidecarPort && a.WarmUp == b.WarmUp && a.Source == b.Source &&
		a.Overridden == b.Overridden && a.Registered == b.Registered
}

// publish makes the state current and, when something in it that others act on changed, says so. b is the batch that
// led here, nil for none.
func (r *Registry) publish(changed bool, b *batch) {
	next := *r.state.Load()
	if b != nil {
		next.Sources = slices.Clone(next.Sources)
		noteSource(&next.Sources[b.source], b, r.sources[b.source].kind())
		next.Revision = max(next.Revision, b.revision)
		if b.reset && b.revision > 0 {
			next.Revision = b.revision // a list may stand at a lower revision when etcd lost its data
		}
	}
	synced := !slices.ContainsFunc(next.Sources, func(s SourceState) bool { return !s.Synced })
	changed = changed || synced != next.Synced
	next.Synced = synced
	if changed {
		next.Snapshot = r.snapshot()
		next.Problems = r.ruleProblems(r.definitions.problems(r.table.problems()))
		next.Protected = r.guard.protected()
	}
	r.state.Store(&next)
	r.metrics.observe(&next)
	if changed {
		select {
		case r.changed <- struct{}{}:
		default:
		}
	}
}

// noteSource records how a source is doing.
func noteSource(s *SourceState, b *batch, of kind) {
	if b.err != nil {
		s.Error = b.err.Error()
		// A file that cannot be read holds nobody up: what it says is reported as a problem.
		s.Synced = s.Synced || of == kindFile
		return
	}
	s.Error = ""
	s.Revision = b.revision
	s.Synced = s.Synced || b.reset
}

// snapshot copies the list of services; the instances are shared, because they are replaced and never changed.
func (r *Registry) snapshot() model.Snapshot {
	services := make([]model.Service, len(r.order))
	for i, name := range r.order {
		services[i] = model.Service{Name: name, Instances: r.known[name]}
	}
	return model.Snapshot{Services: services, Definitions: r.definitions.list(), Policies: r.registered()}
}
