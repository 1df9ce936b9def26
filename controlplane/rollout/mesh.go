package rollout

import (
	"slices"
	"strings"
	"time"
)

// State is how far the Envoys of a mesh are with a version of a policy.
type State struct {
	Published    bool // every control plane that has Envoys has handed it to delivery
	Proxies      int  // that are connected
	Acknowledged int  // of them
	Pending      []Waiting
	Refused      []Refused
	Took         time.Duration // once all that were connected then have it; 0 when that is not known
}

// Waiting is an Envoy that has not acknowledged a version yet.
type Waiting struct {
	Proxy string
	Why   string // what it refuses, of another policy; "" when it has just not answered
}

// Refused is an Envoy that does not take a version.
type Refused struct {
	Proxy string
	Refusal
}

// Of tells how far a mesh is with the version of a policy of a revision, by the reports of its control planes.
func Of(reports []Report, policy string, revision int64) State {
	out := State{Published: true}
	for _, r := range reports {
		if len(r.Proxies) == 0 && len(reports) > 1 {
			continue // who has no Envoys keeps nobody waiting
		}
		out.Published = out.Published && r.Published >= revision
		withdrawn := slices.IndexFunc(r.Withdrawn, func(w Withdrawn) bool { return w.Policy == policy && w.Revision == revision })
		for _, p := range r.Proxies {
			out.Proxies++
			missing := lacking(p, revision)
			switch why := because(p, policy, revision); {
			case withdrawn >= 0:
				w := r.Withdrawn[withdrawn]
				out.Refused = append(out.Refused, Refused{p.ID, Refusal{Text: w.Reason, Policy: w.Policy, Field: w.Field, Revision: w.Revision}})
			case why.Policy != "":
				out.Refused = append(out.Refused, Refused{p.ID, why})
			case p.Revision < revision:
				out.Pending = append(out.Pending, Waiting{p.ID, listed(p.Refused)})
			case len(missing) > 0:
				out.Pending = append(out.Pending, Waiting{p.ID, listed(missing)})
			default:
				out.Acknowledged++
			}
		}
		if took, known := r.took(revision); known {
			out.Took = max(out.Took, took)
		}
	}
	if out.Acknowledged != out.Proxies || out.Proxies == 0 {
		out.Took = 0
	}
	return out
}

// because finds the refusal that a policy is why for.
func because(p Proxy, policy string, revision int64) Refusal {
	for _, r := range p.Refused {
		if r.Policy == policy && r.Revision == revision {
			return r
		}
	}
	return Refusal{}
}

// lacking are the refusals for which an Envoy does not have all that was published with a revision.
func lacking(p Proxy, revision int64) []Refusal {
	return slices.DeleteFunc(slices.Clone(p.Refused), func(r Refusal) bool { return !r.lacks(revision) })
}

// listed says what an Envoy refuses.
func listed(refused []Refusal) string {
	var all []string
	for _, r := range refused {
		all = append(all, r.String())
	}
	return strings.Join(all, "; ")
}
