package plane

import (
	"fmt"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/blame"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// A proxy that refuses a resource goes on with what it had of it, and as long as it refuses it no later change of that
// resource reaches it; one that starts then has nothing of it. So the policy that is why is withdrawn: what it said before
// is published instead, and everything else goes on. When several may be why the likeliest is withdrawn first; when that
// does not help it is pardoned and the next one is tried; those that have what Envoy quotes are pardoned when none is left.

// incident is a resource that proxies refuse, and what is done about it.
type incident struct {
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

// judgeRefusals looks at what proxies refuse now.
func (f *feed) judgeRefusals() {
	refused := map[string]bool{}
	for _, r := range f.delta.Refusals() {
		id := r.Type + "/" + r.Resource
		if refused[id] || r.Shared {
			continue // another proxy takes it: what is wrong is with this one
		}
		refused[id] = true
		f.judgeRefusal(id, r)
	}
	for id := range f.incidents {
		if !refused[id] {
			delete(f.incidents, id)
		}
	}
}

func (f *feed) judgeRefusal(id string, r xds.Refusal) {
	in := f.incidents[id]
	if in == nil {
		in = &incident{tried: map[tried]bool{}}
		f.incidents[id] = in
	}
	if in.without != nil && f.inForceAt(*in.without, r.Since) {
		return // what proxies refuse was published before something was done
	}
	next := in.untried(f.suspects(r), r)
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
func (in *incident) untried(suspects []blame.Suspect, r xds.Refusal) *blame.Suspect {
	if len(in.tried) >= mostTried {
		return nil
	}
	for i, s := range suspects {
		if s.Revision != 0 && !in.tried[tried{s.ID, s.Revision}] && (s.Quoted || r.Accepted != 0) {
			return &suspects[i]
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
	there := true
	for _, p := range f.publications {
		if p.number > publication {
			break
		}
		for _, c := range p.changed {
			switch {
			case c.before != nil && model.PolicyID(c.before.Policy) == s.ID && c.before.Revision == s.Revision:
				there = false
			case c.after != nil && model.PolicyID(c.after.Policy) == s.ID && c.after.Revision == s.Revision:
				there = true
			}
		}
	}
	return there
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
