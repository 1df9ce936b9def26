package plane

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/blame"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// A proxy that refuses a resource goes on with what it had of it, and as long as it refuses it no later change of that
// resource reaches it; one that starts then has nothing of it. So the policy that is why is withdrawn: what it said before
// is published instead, and everything else goes on. When several may be why the likeliest is withdrawn first; when that
// does not help it is pardoned and the next one is tried; those that have what Envoy quotes are pardoned when none is left.
// When another one that may be why went at the same moment, who is withdrawn is pardoned too: it is known soon whether it was.
// What another proxy takes is not withdrawn; so the answers of the others are waited for, for as long as delivery waits for one.

// incident is a resource that proxies refuse, and what is done about it.
type incident struct {
	proxy    string // that refuses it
	since    time.Time
	suspects []blame.Suspect // all who may be why
	without  *blame.Suspect  // that is tried; nil when nobody is left to try
	withdrew bool            // that one, for this resource
	kept     []blame.Suspect // that stay withdrawn beside it: of several of which Envoy quotes a value each may be why
	tried    map[tried]bool  // versions that it was tried without
}

// tried is a version of a policy.
type tried struct {
	id       string
	revision int64
}

// mostTried bounds how many policies are tried for one resource.
const mostTried = 20

// longestWords bounds what is kept of Envoy's words, in bytes.
const longestWords = 1000

// judgeRefusals looks at what proxies refuse now. It returns when to look again, though nobody answers; zero for never.
func (f *feed) judgeRefusals(now time.Time) (again time.Time) {
	refused, waits := map[string]bool{}, map[string]time.Time{}
	for _, r := range f.delta.Refusals() {
		id := r.Type + "/" + r.Resource
		if refused[id] || r.Shared {
			continue // another proxy takes it: what is wrong is with this one
		}
		if r.Open {
			waits[id] = now
			if since, waited := f.waits[id]; waited {
				waits[id] = since
			}
			if end := waits[id].Add(xds.Patience); now.Before(end) {
				if again.IsZero() || end.Before(again) {
					again = end
				}
				continue
			}
		}
		refused[id] = true
		f.judgeRefusal(id, r)
	}
	f.waits = waits
	for id, in := range f.incidents {
		if _, waited := waits[id]; !refused[id] && !waited {
			f.close(in)
			delete(f.incidents, id)
		}
	}
	return again
}

// close ends an incident: its resource is not refused any more. A proxy that has left has said nothing of that.
func (f *feed) close(in *incident) {
	there := slices.ContainsFunc(f.delta.Reached(0), func(r xds.Reached) bool { return r.ID == in.proxy && r.Connected.Before(in.since) })
	f.mu.Lock()
	doubtful := there && in.doubtful(f.inForce)
	f.mu.Unlock()
	if doubtful {
		f.pardon(*in.without)
	}
}

// doubtful reports whether somebody is withdrawn who need not be why: Envoy has quoted nothing of it, and another one of the
// suspects is not in force any more either.
func (in *incident) doubtful(inForce []policystore.Version) bool {
	return in.withdrew && !in.without.Quoted && slices.ContainsFunc(in.suspects, func(s blame.Suspect) bool {
		return s.ID != in.without.ID && revisionOf(inForce, s.ID) != s.Revision
	})
}

func (f *feed) judgeRefusal(id string, r xds.Refusal) {
	in := f.incidents[id]
	if in == nil {
		in = &incident{since: time.Now(), tried: map[tried]bool{}}
		f.incidents[id] = in
	}
	if in.without != nil && f.inForceAt(*in.without, r.Since) {
		return // what proxies refuse was published before something was done
	}
	in.proxy, in.suspects = r.Proxy, f.suspects(r)
	next := in.untried(r)
	switch {
	case !in.withdrew:
	case in.without.Quoted && next != nil && next.Quoted:
		in.kept = append(in.kept, *in.without)
	default:
		f.pardon(*in.without)
	}
	if next == nil || !next.Quoted {
		for _, s := range in.kept {
			f.pardon(s)
		}
		in.kept = nil
	}
	in.without, in.withdrew = next, false
	if next == nil {
		return
	}
	in.tried[tried{next.ID, next.Revision}] = true
	kind, name := splitID(next.ID)
	// Nothing is withdrawn when another resource, or a change, was faster: what comes of that is waited for.
	in.withdrew = f.policies.Refuse(kind, name, next.Revision, policy.Problem{
		Field: next.Leaf.Field, Line: next.Leaf.Line, Column: next.Leaf.Column,
		Message: fmt.Sprintf("Envoy %s refuses %s %s: %s; change it, or apply it again when what is wrong is mended there", r.Proxy, r.Type, r.Resource, oneLine(r.Text)),
	})
}

// untried is the next suspect to try, nil for none; they come in the order of blame.Rank, those first of which Envoy quotes a
// value. Of a proxy that has nothing of the resource every policy may be why: nobody is withdrawn on a mere suspicion.
func (in *incident) untried(r xds.Refusal) *blame.Suspect {
	if len(in.tried) >= mostTried {
		return nil
	}
	for i, s := range in.suspects {
		if s.Revision != 0 && !in.tried[tried{s.ID, s.Revision}] && (s.Quoted || r.Accepted != 0) {
			return &in.suspects[i]
		}
	}
	return nil
}

func (f *feed) pardon(s blame.Suspect) {
	kind, name := splitID(s.ID)
	f.policies.Pardon(kind, name, s.Revision)
}

// inForceAt reports whether a publication had the version of a policy in it.
func (f *feed) inForceAt(s blame.Suspect, publication uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return revisionOf(asOf(f.inForce, f.publications, publication), s.ID) == s.Revision
}

// revisionOf is the version of a policy among others, 0 when it is none of them.
func revisionOf(list []policystore.Version, id string) int64 {
	for _, v := range list {
		if model.PolicyID(v.Policy) == id {
			return v.Revision
		}
	}
	return 0
}

// oneLine is a text of Envoy's that fits among others.
func oneLine(words string) string {
	words = strings.Join(strings.Fields(words), " ")
	return strings.ToValidUTF8(words[:min(len(words), longestWords)], "")
}

func splitID(id string) (model.Kind, string) {
	kind, name, _ := strings.Cut(id, "/")
	return model.Kind(kind), name
}

// refusalProblems tells of what proxies refuse, besides the policies that were withdrawn for it.
func (f *feed) refusalProblems() (out []model.Problem) {
	for _, r := range f.delta.Refusals() {
		why := f.explained(r)
		out = append(out, model.Problem{Key: "proxy " + r.Proxy, Reason: why.String(), LastGood: r.Accepted != 0})
	}
	return out
}
