package plane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/blame"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/rollout"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// publication is what the proxies were given first that had other policies in it than before.
type publication struct {
	revision int64  // of the policies
	number   uint64 // as the delivery counts
	at       time.Time
	changed  []change
	timed    bool // how long it took is known
}

// change is a policy that came into force, changed, or ended.
type change struct{ before, after *policystore.Version }

func (c change) key() string {
	if c.after != nil {
		return c.after.Key
	}
	return c.before.Key
}

// publicationsKept bounds how far back it is known which publication brought which policy.
const publicationsKept = 1000

// noted adds a publication to those that are known. Callers hold mu.
func (f *feed) noted(number uint64, policies policystore.State, at time.Time) {
	changed := changes(f.inForce, policies.InForce())
	for i := range f.publications { // etcd's revision went back: what comes now is newer all the same
		f.publications[i].revision = min(f.publications[i].revision, policies.Revision)
	}
	if n := len(f.publications); n > 0 && f.publications[n-1].revision >= policies.Revision && len(changed) == 0 {
		return
	}
	f.inForce = policies.InForce()
	f.publications = append(f.publications, publication{revision: policies.Revision, number: number, at: at, changed: changed})
	if len(f.publications) > publicationsKept {
		f.publications = slices.Delete(f.publications, 0, 1)
	}
}

// changes lists what differs between two lists of versions, both by key.
func changes(was, now []policystore.Version) (out []change) {
	for i, j := 0, 0; i < len(was) || j < len(now); {
		order := 0
		switch {
		case i == len(was):
			order = 1
		case j == len(now):
			order = -1
		default:
			order = cmp.Compare(was[i].Key, now[j].Key)
		}
		switch {
		case order < 0:
			v := was[i] // a copy, so that the list is not kept for it
			out = append(out, change{before: &v})
			i++
		case order > 0:
			v := now[j]
			out = append(out, change{after: &v})
			j++
		default:
			if was[i].Revision != now[j].Revision {
				before, after := was[i], now[j]
				out = append(out, change{&before, &after})
			}
			i, j = i+1, j+1
		}
	}
	return out
}

// suspects are the policies for which a proxy may refuse a resource, the likeliest first: those that changed since it took
// what it has of it. Of a proxy that has nothing of it all policies may be why.
func (f *feed) suspects(r xds.Refusal) []blame.Suspect {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []change
	if r.Accepted == 0 {
		all = changes(nil, f.inForce)
	} else {
		all = between(f.publications, r.Accepted, r.Since)
	}
	if near := slices.DeleteFunc(slices.Clone(all), func(c change) bool { return !concerns(c, r) }); len(near) > 0 {
		all = near
	}
	out := blame.Rank(r.Text, blameable(all))
	if r.Accepted != 0 && !slices.ContainsFunc(out, func(s blame.Suspect) bool { return s.Quoted }) {
		out = append(f.revealed(r), out...)
	}
	return out
}

// longQuote is a value that no other policy has by chance, in bytes.
const longQuote = 10

// revealed are policies of which Envoy quotes a value though they did not change: the end of one that came before them let
// them come into effect. Callers hold mu.
func (f *feed) revealed(r xds.Refusal) []blame.Suspect {
	words := strings.ReplaceAll(r.Text, r.Resource, "")
	return slices.DeleteFunc(blame.Rank(words, blameable(changes(nil, f.inForce))), func(s blame.Suspect) bool {
		return !s.Quoted || len(s.Leaf.Text) < longQuote
	})
}

// blameable is what changed, in texts.
func blameable(all []change) (out []blame.Change) {
	for _, c := range all {
		one := blame.Change{}
		for _, v := range []*policystore.Version{c.before, c.after} {
			if v != nil {
				one.ID = model.PolicyID(v.Policy)
			}
		}
		if c.before != nil {
			one.Before = c.before.Text
		}
		if c.after != nil {
			one.After, one.Revision = c.after.Text, c.after.Revision
		}
		out = append(out, one)
	}
	return out
}

// between sums up what changed after one publication until another: each policy once, as it was and as it is.
func between(list []publication, after, until uint64) (out []change) {
	for _, p := range list {
		if p.number <= after || p.number > until {
			continue
		}
		for _, c := range p.changed {
			at := slices.IndexFunc(out, func(o change) bool { return o.key() == c.key() })
			switch {
			case at < 0:
				out = append(out, c)
			case out[at].before == nil && c.after == nil:
				out = slices.Delete(out, at, at+1) // came and went
			default:
				out[at].after = c.after
			}
		}
	}
	return slices.DeleteFunc(out, func(c change) bool { return c.before != nil && c.after != nil && c.before.Revision == c.after.Revision })
}

// concerns reports whether a policy can have a say in a resource: one for another service has none in a cluster.
func concerns(c change, r xds.Refusal) bool {
	service := translate.ClusterService(r.Resource)
	if service == "" || r.Type != "clusters" && r.Type != "endpoints" {
		return true
	}
	for _, v := range []*policystore.Version{c.before, c.after} {
		if v == nil {
			continue
		}
		if about := v.Policy.Meta().Service; about == "" || about == service || v.Policy.Kind() == model.KindRoute {
			return true
		}
	}
	return false
}

// report is how far the proxies of this control plane are.
func (f *feed) report() rollout.Report {
	reached := f.delta.Reached(0)
	out := rollout.Report{ControlPlane: f.name, Withdrawn: withdrawn(f.Policies())}
	refused := make([][]rollout.Refusal, len(reached))
	for i, p := range reached {
		for _, r := range p.Refused {
			refused[i] = append(refused[i], f.explained(r))
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.publications); n > 0 {
		out.Published = f.publications[n-1].revision
	}
	for i, p := range reached {
		one := rollout.Proxy{ID: p.ID, Connected: p.Connected.UTC(), Refused: refused[i]}
		at, _ := slices.BinarySearchFunc(f.publications, p.Published+1, func(p publication, number uint64) int { return cmp.Compare(p.number, number) })
		if at > 0 {
			one.Revision = f.publications[at-1].revision
		}
		out.Proxies = append(out.Proxies, one)
	}
	f.time()
	out.Took = slices.Clone(f.took)
	return out
}

// explained is a refusal with the policy that is probably why.
func (f *feed) explained(r xds.Refusal) rollout.Refusal {
	out := rollout.Refusal{Type: r.Type, Resource: r.Resource, Text: oneLine(r.Text), Lacks: f.revisions(r.Lacks)}
	if suspects := f.suspects(r); len(suspects) > 0 && (r.Accepted != 0 || suspects[0].Quoted) {
		out.Policy, out.Field, out.Revision = suspects[0].ID, suspects[0].Leaf.Field, suspects[0].Revision
	}
	return out
}

// revisions are those of policies that came into force with publications, in order. What is not known any more is told as of
// the oldest publication that is.
func (f *feed) revisions(publications []xds.Span) (out []rollout.Span) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.publications) > 0 {
		if oldest := f.publications[0]; slices.ContainsFunc(publications, func(s xds.Span) bool { return s.After < oldest.number }) {
			out = append(out, rollout.Span{Until: oldest.revision})
		}
	}
	for i, p := range f.publications {
		if i == 0 || !slices.ContainsFunc(publications, func(s xds.Span) bool { return s.Has(p.number) }) {
			continue
		}
		before := f.publications[i-1].revision
		if p.revision > before {
			out = append(out, rollout.Span{After: before, Until: p.revision})
		}
		for _, c := range p.changed {
			if c.after != nil && c.after.Revision <= before { // what it said before, or said all the time
				out = append(out, rollout.Span{After: c.after.Revision - 1, Until: c.after.Revision})
			}
		}
	}
	slices.SortFunc(out, func(a, b rollout.Span) int {
		return cmp.Or(cmp.Compare(a.After, b.After), cmp.Compare(a.Until, b.Until))
	})
	return slices.Compact(out)
}

// withdrawn lists the policies that Envoys refused.
func withdrawn(state policystore.State) (out []rollout.Withdrawn) {
	for _, i := range state.Items() {
		if !i.Status.Refused || len(i.Status.Problems) == 0 {
			continue
		}
		why := i.Status.Problems[len(i.Status.Problems)-1]
		out = append(out, rollout.Withdrawn{
			Policy: string(i.Status.Kind) + "/" + i.Status.Name, Revision: i.Status.Revision,
			Line: why.Line, Column: why.Column, Field: why.Field, Reason: why.Message,
		})
	}
	return out
}

// Of how many publications it is told how long they took, and how many are looked at for it.
const (
	tookKept = 100
	timing   = 32
)

// time finds out how long publications took that all proxies have now which were connected then. Callers hold mu.
func (f *feed) time() {
	for i := max(0, len(f.publications)-timing); i < len(f.publications); i++ {
		p := &f.publications[i]
		if p.timed || i > 0 && p.revision == f.publications[i-1].revision {
			continue
		}
		var last time.Time
		all := true
		for _, r := range f.delta.Reached(p.number) {
			all = all && (!r.At.IsZero() || !r.Connected.Before(p.at))
			if r.Connected.Before(p.at) && r.At.After(last) {
				last = r.At
			}
		}
		if !all || !last.After(p.at) {
			continue
		}
		p.timed = true
		f.took = append(f.took, rollout.Took{Revision: p.revision, Millis: max(1, last.Sub(p.at).Round(time.Millisecond).Milliseconds())})
		slices.SortFunc(f.took, func(a, b rollout.Took) int { return cmp.Compare(a.Revision, b.Revision) })
		if len(f.took) > tookKept {
			f.took = slices.Delete(f.took, 0, 1)
		}
	}
}

// Rollout returns a function that tells how far the Envoys of the mesh are with a version of a policy, as it is known now.
func (f *feed) Rollout() func(policy string, revision int64) api.Rollout {
	reports := f.allReports()
	return func(policy string, revision int64) api.Rollout {
		s := rollout.Of(reports, policy, revision)
		out := api.Rollout{Published: s.Published, Proxies: s.Proxies, Acknowledged: s.Acknowledged, ControlPlanes: len(reports)}
		for _, p := range s.Pending {
			text := p.Proxy
			if p.Why != "" {
				text += fmt.Sprintf(" (%s)", p.Why)
			}
			out.Pending = append(out.Pending, text)
		}
		for _, r := range s.Refused {
			out.Refused = append(out.Refused, api.Refusal{Proxy: r.Proxy, Resources: resourcesOf(r), Policy: r.Policy, Field: r.Field, Text: r.Text})
		}
		if s.Took > 0 {
			out.Took = s.Took.String()
		}
		return out
	}
}

func resourcesOf(r rollout.Refused) []string {
	if r.Resource == "" {
		return nil
	}
	return []string{r.Resource}
}
