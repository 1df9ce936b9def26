package plane

import (
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/explain"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// acknowledged is what a proxy has acknowledged, and the policies that were in force then; false when it is not connected.
func (f *feed) acknowledged(proxy string) (out api.Acknowledged, connected bool) {
	config, reached, connected := f.delta.Acknowledged(proxy)
	if !connected {
		return out, false
	}
	out.Config = config
	if !reached.At.IsZero() {
		return out, true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b := &explain.Behind{}
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
	for _, v := range asOf(f.inForce, f.publications, reached.Published) {
		out.Policies = append(out.Policies, v.Policy)
	}
	return out, true
}

// asOf are the versions of policies that were in force with a publication, which is one of the list or after one of it, by
// their keys: what was changed since is taken back.
func asOf(inForce []policystore.Version, list []publication, number uint64) []policystore.Version {
	versions := make(map[string]policystore.Version, len(inForce))
	for _, v := range inForce {
		versions[v.Key] = v
	}
	for _, p := range slices.Backward(list) {
		if p.number <= number {
			break
		}
		for _, c := range p.changed {
			if c.before != nil {
				versions[c.key()] = *c.before
			} else {
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
