package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Host is the host that the service was found by.
type Host struct {
	Name       string   `json:"name"`
	By         string   `json:"by"`                   // Route/shop, or its name
	Overridden []string `json:"overridden,omitempty"` // policies that name it for other services
}

// host tells why a virtual host is the service's; nil when that has no host of its own.
func (q Question) host(service model.Service, name string) *Host {
	named := func(p model.Route) bool {
		return slices.ContainsFunc(p.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
	}
	out := &Host{Name: name}
	if strings.EqualFold(service.Name, name) {
		out.By = "its name"
	} else if at := slices.IndexFunc(q.Snapshot.Policies.For(service).Routes, named); at >= 0 {
		out.By = model.PolicyID(q.Snapshot.Policies.For(service).Routes[at])
	} else {
		return nil
	}
	for _, p := range q.Snapshot.Policies.Routes {
		if named(p) && p.Service != "" && p.Service != service.Name {
			out.Overridden = append(out.Overridden, fmt.Sprintf("%s (%s)", model.PolicyID(p), p.Service))
		}
	}
	return out
}
