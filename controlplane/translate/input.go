package translate

import "github.com/dubbomesh/dubbomesh/controlplane/model"

// Input is everything that one service is made of. Two equal inputs give equal ServiceResources, whatever else is in the
// snapshot, so that a caller may keep the result for as long as the input stays what it is.
type Input struct {
	Service     model.Service
	Definitions []model.Definition    // of the service, for whichever group and version, in the order of the snapshot
	Policies    model.ServicePolicies // what policies say of it
}

// InputOf takes out of a snapshot what concerns one of its services.
func InputOf(snap model.Snapshot, svc model.Service) Input {
	return Input{Service: svc, Definitions: snap.DefinitionsOf(svc.Name), Policies: snap.Policies.For(svc)}
}

// definition returns the definition in force for one variant.
func (in Input) definition(group, version string) (model.Definition, bool) {
	return model.Snapshot{Definitions: in.Definitions}.Definition(in.Service.Name, group, version)
}
