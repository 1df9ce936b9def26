package pipeline

import (
	"maps"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// sameInstance compares everything an instance is: a field that is forgotten here would never reach a proxy, and a test
// holds this function against the type.
func sameInstance(a, b model.Instance) bool {
	return a.Address == b.Address && a.Port == b.Port && a.Protocol == b.Protocol && a.Weight == b.Weight &&
		a.Group == b.Group && a.Version == b.Version && a.Zone == b.Zone && a.Status == b.Status &&
		a.SidecarPort == b.SidecarPort && a.WarmUp == b.WarmUp && a.Source == b.Source && maps.Equal(a.Labels, b.Labels)
}
