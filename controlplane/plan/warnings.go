package plan

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Warning is what is probably not meant. Nothing keeps such a policy from being applied.
type Warning struct {
	Policy  string `json:"policy,omitempty"` // Route/hello; "" when none is known
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// String is policy: field: message.
func (w Warning) String() string {
	text := w.Message
	for _, before := range []string{w.Field, w.Policy} {
		if before != "" {
			text = before + ": " + text
		}
	}
	return text
}

// warnings lists what is probably not meant in a mesh, and what its policies would have that is left out.
func warnings(snap model.Snapshot, r translate.Resources) (out []Warning) {
	source := map[string]string{}
	for _, p := range all(snap.Policies) {
		id := model.PolicyID(p)
		source[p.Meta().Source] = id
		for _, problem := range policy.References(p, snap) {
			out = append(out, Warning{id, problem.Field, problem.Message})
		}
	}
	delete(source, "")
	out = append(out, shadowed(snap)...)
	out = append(out, unmatched(snap.Policies)...)
	for _, w := range zones(snap) {
		if !slices.ContainsFunc(out, func(said Warning) bool { return said.Policy == w.Policy && said.Field == w.Field }) {
			out = append(out, w) // else the policy's references have told it
		}
	}
	for _, p := range snap.Policies.Routes {
		out = append(out, weightless(p)...)
	}
	for _, name := range translate.Names(r.Endpoints) {
		if r.Clusters[name] != nil && len(r.Endpoints[name].GetEndpoints()) == 0 {
			out = append(out, Warning{Message: fmt.Sprintf("cluster %s has no instance that takes requests", name)})
		}
	}
	for _, problem := range r.Problems {
		w := Warning{Policy: cmp.Or(source[problem.Key], problem.Key), Message: problem.Reason}
		if !unregistered(w, out) {
			w.Message = strings.TrimPrefix(w.Message, w.Policy+" ") // which stands before it anyway
			out = append(out, w)
		}
	}
	return out
}

// ruleAt is how the translation names a rule.
var ruleAt = regexp.MustCompile(`rules\[[0-9]+\]`)

// unregistered reports whether a warning is of a rule that leads to no service, and that was said already, with its field.
func unregistered(w Warning, said []Warning) bool {
	rule := ruleAt.FindString(w.Message)
	return rule != "" && strings.Contains(w.Message, "there is no service ") && slices.ContainsFunc(said, func(s Warning) bool {
		return s.Policy == w.Policy && strings.HasPrefix(s.Field, rule+".") && strings.Contains(s.Message, " is not registered")
	})
}

// weightless finds rules that nobody gets a request of.
func weightless(p model.Route) (out []Warning) {
	for i, rule := range p.Rules {
		sum := uint64(0)
		for _, b := range rule.To {
			sum += uint64(model.Or(b.Weight, 1))
		}
		if len(rule.To) > 0 && sum == 0 {
			out = append(out, Warning{model.PolicyID(p), fmt.Sprintf("rules[%d].to", i), "all weights are 0; the first backend gets everything"})
		}
	}
	return out
}

// all lists the policies in force.
func all(p model.Policies) (out []model.Policy) {
	out = appendAll(out, p.Meshes)
	out = appendAll(out, p.Gateways)
	out = appendAll(out, p.Routes)
	out = appendAll(out, p.Traffic)
	out = appendAll(out, p.Lanes)
	out = appendAll(out, p.Access)
	out = appendAll(out, p.Mappings)
	return appendAll(out, p.Telemetry)
}

func appendAll[P model.Policy](out []model.Policy, list []P) []model.Policy {
	for _, p := range list {
		out = append(out, p)
	}
	return out
}

// fresh are the warnings that a change brings, and all that are about a policy that is changed, each once.
func fresh(changes []PolicyChange, was, will []Warning) []Warning {
	out := []Warning{}
	for _, w := range will {
		of := func(c PolicyChange) bool { return c.Policy == w.Policy }
		if (slices.ContainsFunc(changes, of) || !slices.Contains(was, w)) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b Warning) int { return cmp.Compare(a.Policy, b.Policy) })
	return out
}
