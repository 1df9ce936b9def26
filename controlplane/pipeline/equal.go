package pipeline

import (
	"maps"
	"reflect"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// sameInput compares everything that a service is translated from.
func sameInput(a, b translate.Input) bool {
	return sameService(a.Service, b.Service) && sameDefinitions(a.Definitions, b.Definitions) && reflect.DeepEqual(a.Policies, b.Policies) &&
		slices.Equal(a.Mounts, b.Mounts) && a.Defaults == b.Defaults && a.Follows == b.Follows && slices.EqualFunc(a.Others, b.Others, sameInput)
}

// untouched reports whether nothing that an input was made of is another now, the policies apart.
func untouched(in translate.Input, snap model.Snapshot, svc model.Service) bool {
	if !sameService(in.Service, svc) || !sameDefinitions(in.Definitions, snap.DefinitionsOf(svc.Name)) {
		return false
	}
	for _, name := range in.Led() {
		i := slices.IndexFunc(in.Others, func(o translate.Input) bool { return o.Service.Name == name })
		other, there := snap.Service(name)
		if there != (i >= 0) || there && !untouched(in.Others[i], snap, other) {
			return false
		}
	}
	return true
}

func sameService(a, b model.Service) bool {
	return a.Name == b.Name && (sameSlice(a.Instances, b.Instances) || slices.EqualFunc(a.Instances, b.Instances, sameInstance))
}

// sameInstance compares everything an instance is: a field that is forgotten here would never reach a proxy, and a test
// holds this function against the type.
func sameInstance(a, b model.Instance) bool {
	return a.Address == b.Address && a.Port == b.Port && a.Protocol == b.Protocol && a.Weight == b.Weight && a.Overridden == b.Overridden && a.Registered == b.Registered &&
		a.Group == b.Group && a.Version == b.Version && a.Zone == b.Zone && a.Status == b.Status &&
		a.SidecarPort == b.SidecarPort && a.WarmUp == b.WarmUp && a.Source == b.Source && maps.Equal(a.Labels, b.Labels)
}

// sameDefinitions compares definitions; what is in the same memory is not looked at again.
func sameDefinitions(a, b []model.Definition) bool {
	return sameSlice(a, b) || reflect.DeepEqual(a, b)
}

// sameSlice reports whether two slices are one: what was published is never changed in place.
func sameSlice[E any](a, b []E) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
