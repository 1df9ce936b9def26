package registry

import (
	"cmp"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// merge returns the instances of a service as all sources together know it, in the order of model.Compare. The package
// comment says who wins.
func (t *table) merge(service string) []model.Instance {
	var registrations []*entry
	for e := range t.index[service] {
		if e.record.instance != nil {
			registrations = append(registrations, e)
		}
	}
	slices.SortFunc(registrations, compareEntries)
	seen := make(map[identity]struct{}, len(registrations))
	rules := t.configurators(service, registrations)
	merged := make([]model.Instance, 0, len(registrations))
	for _, e := range registrations {
		id := identify(e.record.instance)
		if _, ok := seen[id]; ok {
			continue
		}
		seen[id] = struct{}{}
		in := *e.record.instance
		for _, rule := range rules {
			if rule.at.source == e.source {
				rule.rule.apply(&in, e.record.params)
			}
		}
		merged = append(merged, in)
	}
	t.override(service, merged)
	slices.SortFunc(merged, model.Compare)
	return merged
}

// override gives instances of a service the weights that override theirs now, and takes back those that did before.
func (t *table) override(service string, instances []model.Instance) {
	weights := map[hostPort]*entry{}
	for e := range t.index[service] {
		if r := &e.record; r.weight != nil {
			if other := weights[r.host]; other == nil || compareEntries(e, other) < 0 {
				weights[r.host] = e
			}
		}
	}
	for i := range instances {
		in := &instances[i]
		if in.Overridden {
			in.Overridden, in.Registered, in.Weight = false, 0, in.Registered
		}
		if w := weights[hostPort{in.Address, in.Port}]; w != nil {
			in.Overridden, in.Registered, in.Weight = true, in.Weight, *w.record.weight
		}
	}
}

// configurators are those of a service and of the applications that provide it, in the order in which they are applied.
func (t *table) configurators(service string, registrations []*entry) (out []configured) {
	add := func(name string) {
		for e := range t.index[name] {
			for _, rule := range e.record.rules {
				if rule.service == "" || rule.service == "*" || rule.service == service {
					out = append(out, configured{rule, e.key, e})
				}
			}
		}
	}
	add(service)
	for app := range t.apps {
		if slices.ContainsFunc(registrations, func(e *entry) bool { return e.record.instance.Labels["application"] == app }) {
			add(scopeOf(app))
		}
	}
	slices.SortStableFunc(out, compareConfigured)
	return out
}

// compareEntries orders entries by who has the say: the source of higher precedence, then what was written last.
func compareEntries(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(b.revision, a.revision), cmp.Compare(a.key, b.key))
}
