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
	rules := map[int][]*entry{} // by source
	weights := map[hostPort]*entry{}
	for e := range t.index[service] {
		switch r := &e.record; {
		case r.instance != nil:
			registrations = append(registrations, e)
		case r.rule != nil:
			rules[e.source] = append(rules[e.source], e)
		case r.weight != nil:
			if other := weights[r.host]; other == nil || compareEntries(e, other) < 0 {
				weights[r.host] = e
			}
		}
	}
	for _, list := range rules {
		slices.SortFunc(list, func(a, b *entry) int {
			return cmp.Or(compareConfigurators(a.record.rule, b.record.rule), -compareEntries(a, b))
		})
	}
	slices.SortFunc(registrations, compareEntries)
	seen := make(map[identity]struct{}, len(registrations))
	merged := make([]model.Instance, 0, len(registrations))
	for _, e := range registrations {
		id := identify(e.record.instance)
		if _, ok := seen[id]; ok {
			continue
		}
		seen[id] = struct{}{}
		in := *e.record.instance
		for _, rule := range rules[e.source] {
			rule.record.rule.apply(&in, e.record.says)
		}
		if w := weights[hostPort{in.Address, in.Port}]; w != nil {
			in.Weight = *w.record.weight
		}
		merged = append(merged, in)
	}
	slices.SortFunc(merged, model.Compare)
	return merged
}

// compareEntries orders entries by who has the say: the source of higher precedence, then what was written last.
func compareEntries(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(b.revision, a.revision), cmp.Compare(a.key, b.key))
}
