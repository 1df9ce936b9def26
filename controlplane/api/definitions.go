package api

import (
	"fmt"
	"net/http"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Definition is the shape of a service, as one provider reports it or somebody wrote it.
type Definition struct {
	Service     string                  `json:"service"`
	Group       string                  `json:"group,omitempty"`
	Version     string                  `json:"version,omitempty"`
	Application string                  `json:"application,omitempty"` // that reported it; none for one written by hand
	Overruled   bool                    `json:"overruled,omitempty"`   // another one, written by hand, is in force instead
	Methods     []config.Method         `json:"methods"`
	Classes     map[string]config.Class `json:"classes,omitempty"`
	Source      string                  `json:"source"` // the key
}

func (s server) definitions(w http.ResponseWriter, r *http.Request) {
	snap := s.mesh.State().Snapshot
	service := r.URL.Query().Get("service")
	list := []Definition{}
	for _, d := range snap.Definitions {
		if service == "" || d.Service == service {
			list = append(list, definition(snap, d))
		}
	}
	if len(list) == 0 && service != "" {
		s.fail(w, http.StatusNotFound, fmt.Sprintf("there is no definition of %q; %s", service, seeOthers(service, definedServices(snap), "/api/definitions")))
		return
	}
	s.write(w, list)
}

func definition(snap model.Snapshot, d model.Definition) Definition {
	view := Definition{
		Service: d.Service, Group: d.Group, Version: d.Version, Application: d.Application,
		Methods: orEmpty(d.Methods), Classes: d.Classes, Source: d.Source,
	}
	if inForce, ok := snap.Definition(d.Service, d.Group, d.Version); ok {
		view.Overruled = inForce.Source != d.Source
	}
	return view
}

// definedServices lists the services that have a definition.
func definedServices(snap model.Snapshot) []string {
	var names []string
	for _, d := range snap.Definitions {
		if len(names) == 0 || names[len(names)-1] != d.Service {
			names = append(names, d.Service)
		}
	}
	return names
}
