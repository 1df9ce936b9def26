package translate

import (
	"cmp"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Input is everything that one service is made of. Two equal inputs give equal ServiceResources, whatever else is in the
// snapshot, so that a caller may keep the result for as long as the input stays what it is.
type Input struct {
	Service     model.Service
	Definitions []model.Definition    // of the service, for whichever group and version, in the order of the snapshot
	Policies    model.ServicePolicies // what policies say of it
	Mounts      []string              // prefixes under which Gateway policies expose it, beside its own path
	Defaults    Defaults              // what is told of requests where nothing else is said
	Follows     bool                  // a rule of a Route policy follows the redirects of the service
	Others      []Input               // services that its Route policies lead to, sorted by name, without others and routes of their own
}

// InputOf takes out of a snapshot what concerns one of its services.
func InputOf(snap model.Snapshot, svc model.Service) Input {
	in := Input{Service: svc, Definitions: snap.DefinitionsOf(svc.Name), Policies: snap.Policies.For(svc), Mounts: mountPoints(snap.Policies.Gateways, svc.Name), Defaults: defaults(snap.Policies)}
	in.Follows = follows(in.Policies.Routes)
	for _, name := range in.Led() {
		if other, ok := snap.Service(name); ok {
			o := Input{Service: other, Definitions: snap.DefinitionsOf(name), Policies: snap.Policies.For(other)}
			o.Follows, o.Policies.Routes = follows(o.Policies.Routes), nil
			in.Others = append(in.Others, o)
		}
	}
	return in
}

// Services lists what is to be translated, sorted by name: the services of a snapshot, and the interfaces that Mapping
// policies let another service serve. Such an interface has the instances of that service, in clusters of its own, so that
// policies can tell the two apart.
func Services(snap model.Snapshot) []model.Service {
	out := snap.Services
	for _, m := range snap.Policies.Mappings {
		if m.Target == "" || m.Service == "" {
			continue
		}
		target, there := snap.Service(m.Target)
		byName := func(s model.Service, name string) int { return cmp.Compare(s.Name, name) }
		if i, known := slices.BinarySearchFunc(out, m.Service, byName); there && !known {
			out = slices.Insert(slices.Clone(out), i, model.Service{Name: m.Service, Instances: target.Instances})
		}
	}
	return out
}

// Led lists the other services that the routes and fallbacks of a service lead to, and those that have the keys of its callers' tokens,
// whether they are registered or not, sorted by name.
func (in Input) Led() []string {
	names := map[string]bool{}
	lead := func(list []model.Fallback) {
		for _, f := range list {
			names[f.Service] = true
		}
	}
	lead(in.Policies.Traffic.Fallback)
	for _, m := range in.Policies.Methods {
		lead(m.Fallback)
	}
	for _, r := range in.Policies.Routes {
		for _, rule := range r.Rules {
			for _, b := range rule.To {
				names[b.Service] = true
			}
			for _, m := range rule.Mirror {
				names[m.Service] = true
			}
			lead(rule.Fallback)
		}
	}
	for _, a := range in.Policies.Access {
		for _, j := range a.JWT {
			names[j.JWKSService] = true
		}
	}
	delete(names, "")
	delete(names, in.Service.Name)
	return Names(names)
}

// methods lists the methods that have settings of their own at the service, and those that share no pool with others, or have a
// breaker, at other services that a rule leads to.
func (in Input) methods(rule model.Rule) []string {
	names := map[string]bool{}
	for name := range in.Policies.Methods {
		names[name] = true
	}
	for _, o := range in.Others {
		if !slices.ContainsFunc(rule.To, func(b model.Backend) bool { return b.Service == o.Service.Name }) {
			continue
		}
		for name, m := range o.Policies.Methods {
			if m.Limits != nil || m.LoadBalancing != nil || m.Breaker != nil {
				names[name] = true
			}
		}
	}
	return Names(names)
}

// definition returns the definition in force for one variant.
func (in Input) definition(group, version string) (model.Definition, bool) {
	return model.Snapshot{Definitions: in.Definitions}.Definition(in.Service.Name, group, version)
}
