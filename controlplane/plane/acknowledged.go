package plane

import (
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/explain"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// acknowledged is what a proxy has acknowledged, and the policies that were in force then; false when it is not connected.
func (f *feed) acknowledged(proxy string) (out api.Acknowledged, connected bool) {
	config, reached, connected := f.delta.Acknowledged(proxy)
	if !connected {
		return out, false
	}
	out.Config = config
	if !reached.At.IsZero() && len(reached.Refused) == 0 {
		return out, true
	}
	b := &explain.Behind{}
	var lacks []xds.Span
	for _, r := range reached.Refused {
		b.Refuses = append(b.Refuses, f.explained(r).String())
		lacks = append(lacks, r.Lacks...)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.publications {
		b.Published = p.revision
		if p.number <= reached.Published {
			b.Revision = p.revision
		}
	}
	out.Behind = b
	if b.Revision == 0 { // it has acknowledged nothing, or what it has is older than what is known
		return out, true
	}
	b.Policies = true
	for _, v := range asOf(f.inForce, f.publications, reached.Published, lacks...) {
		out.Policies = append(out.Policies, v.Policy)
	}
	return out, true
}

// asOf are the versions of policies that were in force with a publication, which is one of the list or after one of it, by
// their keys: what was changed since is taken back, and so is the last change of a policy that came with one of those that lack.
func asOf(inForce []policystore.Version, list []publication, number uint64, lack ...xds.Span) []policystore.Version {
	versions := make(map[string]policystore.Version, len(inForce))
	for _, v := range inForce {
		versions[v.Key] = v
	}
	there := map[string]bool{} // policies that were changed by a later publication which is there
	for _, p := range slices.Backward(list) {
		missing := p.number > number || slices.ContainsFunc(lack, func(s xds.Span) bool { return s.Has(p.number) })
		for _, c := range p.changed {
			switch {
			case !missing:
				there[c.key()] = true
			case there[c.key()]:
			case c.before != nil:
				versions[c.key()] = *c.before
			default:
				delete(versions, c.key())
			}
		}
	}
	out := make([]policystore.Version, 0, len(versions))
	for _, key := range slices.Sorted(maps.Keys(versions)) {
		out = append(out, versions[key])
	}
	return out
}
