// Package plan tells what a change of policies would do before it is made: which resources of Envoy would come, go or
// become others, and what is probably not meant. It is pure: it translates the mesh with the change and without it, and
// compares. It delivers nothing and writes nothing.
package plan

import (
	"cmp"
	"math"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Action is what becomes of something.
type Action string

// The actions.
const (
	Added   Action = "added"
	Changed Action = "changed"
	Removed Action = "removed"
)

// Change is a change of policies in a mesh.
type Change struct {
	Snapshot      model.Snapshot // what is registered; its policies are not looked at
	Before, After []model.Policy // all of them, paused ones too
	Options       translate.Options
}

// Plan is what a change would do.
type Plan struct {
	Policies  []PolicyChange `json:"policies"`  // by their names; those that stay are left out
	Resources []Resource     `json:"resources"` // of Envoy, by type and name; those that stay are left out
	Groups    []Group        `json:"groups"`    // of proxies that are connected; none without a mesh
	Warnings  []Warning      `json:"warnings"`  // what is probably not meant, by policy
}

// PolicyChange is a policy that the change is made of.
type PolicyChange struct {
	Policy string `json:"policy"` // Traffic/hello
	Action Action `json:"action"`
}

// Resource is one of Envoy's resources that would not stay as it is.
type Resource struct {
	Type   string  `json:"type"` // clusters, endpoints, listeners, routes, secrets
	Name   string  `json:"name"`
	Action Action  `json:"action"`
	Fields []Field `json:"fields"` // what differs; the whole resource, without a path, when it is added or removed
}

// Group is proxies of one node.cluster.
type Group struct {
	Name    string `json:"name"`
	Proxies int    `json:"proxies"` // that are connected
	Touched int    `json:"touched"` // of them, that the change would reach
}

// Empty reports whether nothing that runs would change.
func (p Plan) Empty() bool { return len(p.Resources) == 0 && len(p.Policies) == 0 }

// Make works out what a change would do. It returns the resources that there would be, too.
func Make(c Change) (Plan, translate.Resources) {
	before, after := c.Snapshot, c.Snapshot
	before.Policies, after.Policies = model.NewPolicies(c.Before...).Above(c.Snapshot.Policies), model.NewPolicies(c.After...).Above(c.Snapshot.Policies)
	was, will := translate.Translate(before, c.Options), translate.Translate(after, c.Options)
	p := Plan{Policies: policyChanges(c.Before, c.After), Resources: []Resource{}, Groups: []Group{}}
	p.Resources = append(p.Resources, compare("clusters", was.Clusters, will.Clusters)...)
	p.Resources = append(p.Resources, compare("endpoints", was.Endpoints, will.Endpoints)...)
	p.Resources = append(p.Resources, compare("listeners", was.Listeners, will.Listeners)...)
	p.Resources = append(p.Resources, compare("routes", was.Routes, will.Routes)...)
	p.Resources = append(p.Resources, compare("secrets", was.Secrets, will.Secrets)...)
	p.Warnings = fresh(p.Policies, warnings(before, was), warnings(after, will))
	return p, will
}

// Overlay puts policies over those that there are, as applying them would. With prune, those that are not among them go.
func Overlay(there, said []model.Policy, prune bool) []model.Policy {
	byID := map[string]model.Policy{}
	for _, p := range there {
		byID[model.PolicyID(p)] = p
	}
	var out []model.Policy
	for _, p := range said {
		id := model.PolicyID(p)
		old, known := byID[id]
		switch {
		case known && same(old, p):
			p = old
		case known: // problems name it as they did
			p = policy.At(p, old.Meta().Source, old.Meta().Revision, old.Meta().Created)
		default:
			p = policy.At(p, "", 0, math.MaxInt64)
		}
		delete(byID, id)
		out = append(out, p)
	}
	if prune {
		return out
	}
	for _, p := range there {
		if _, stays := byID[model.PolicyID(p)]; stays {
			out = append(out, p)
		}
	}
	return out
}

func policyChanges(before, after []model.Policy) []PolicyChange {
	was := map[string]model.Policy{}
	for _, p := range before {
		was[model.PolicyID(p)] = p
	}
	out := []PolicyChange{}
	for _, p := range after {
		id := model.PolicyID(p)
		old, known := was[id]
		delete(was, id)
		switch {
		case !known:
			out = append(out, PolicyChange{id, Added})
		case !same(old, p):
			out = append(out, PolicyChange{id, Changed})
		}
	}
	for id := range was {
		out = append(out, PolicyChange{id, Removed})
	}
	slices.SortFunc(out, func(a, b PolicyChange) int { return cmp.Compare(a.Policy, b.Policy) })
	return out
}

// same reports whether two policies say the same, wherever they stand.
func same(a, b model.Policy) bool {
	return reflect.DeepEqual(policy.At(a, "", 0, 0), policy.At(b, "", 0, 0))
}

// compare lists what differs between resources of one type, sorted by name.
func compare[M proto.Message](kind string, was, will map[string]M) (out []Resource) {
	for _, name := range translate.Names(was) {
		if _, stays := will[name]; !stays {
			out = append(out, Resource{kind, name, Removed, []Field{{Action: Removed, Before: tree(was[name])}}})
		}
	}
	for _, name := range translate.Names(will) {
		old, known := was[name]
		switch {
		case !known:
			out = append(out, Resource{kind, name, Added, []Field{{Action: Added, After: tree(will[name])}}})
		case !proto.Equal(old, will[name]):
			if fields := differences(tree(old), tree(will[name])); len(fields) > 0 {
				out = append(out, Resource{kind, name, Changed, fields})
			}
		}
	}
	slices.SortFunc(out, func(a, b Resource) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Reaches reports whether the plan would change anything for a proxy that has these resources.
func (p Plan) Reaches(sent translate.Resources) bool {
	return slices.ContainsFunc(p.Resources, func(r Resource) bool {
		if r.Action == Added {
			return true
		}
		has := false
		switch r.Type {
		case "clusters":
			_, has = sent.Clusters[r.Name]
		case "endpoints":
			_, has = sent.Endpoints[r.Name]
		case "listeners":
			_, has = sent.Listeners[r.Name]
		case "routes":
			_, has = sent.Routes[r.Name]
		case "secrets":
			_, has = sent.Secrets[r.Name]
		}
		return has
	})
}
