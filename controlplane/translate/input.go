package translate

import "github.com/dubbomesh/dubbomesh/controlplane/model"

// Input is everything that one service is made of. Two equal inputs give equal ServiceResources, whatever else is in the
// snapshot, so that a caller may keep the result for as long as the input stays what it is.
type Input struct {
	Service     model.Service
	Definitions []model.Definition    // of the service, for whichever group and version, in the order of the snapshot
	Policies    model.ServicePolicies // what policies say of it
	Others      []Input               // services that its Route policies lead to, sorted by name, without others and routes of their own
}

// InputOf takes out of a snapshot what concerns one of its services.
func InputOf(snap model.Snapshot, svc model.Service) Input {
	in := Input{Service: svc, Definitions: snap.DefinitionsOf(svc.Name), Policies: snap.Policies.For(svc)}
	for _, name := range in.Led() {
		if other, ok := snap.Service(name); ok {
			o := Input{Service: other, Definitions: snap.DefinitionsOf(name), Policies: snap.Policies.For(other)}
			o.Policies.Routes = nil
			in.Others = append(in.Others, o)
		}
	}
	return in
}

// Led lists the other services that the routes of a service lead to, whether they are registered or not, sorted by name.
func (in Input) Led() []string {
	names := map[string]bool{}
	for _, r := range in.Policies.Routes {
		for _, rule := range r.Rules {
			for _, b := range rule.To {
				names[b.Service] = true
			}
			for _, m := range rule.Mirror {
				names[m.Service] = true
			}
		}
	}
	delete(names, "")
	delete(names, in.Service.Name)
	return Names(names)
}

// definition returns the definition in force for one variant.
func (in Input) definition(group, version string) (model.Definition, bool) {
	return model.Snapshot{Definitions: in.Definitions}.Definition(in.Service.Name, group, version)
}
