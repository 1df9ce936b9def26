// Package api shows what the control plane knows and does, over HTTP and JSON, to people, scripts and monitoring. It
// changes nothing. The types here are the API's contract: fields are added, not renamed.
package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Service sums up one service.
type Service struct {
	Name      string   `json:"name"`
	Protocols []string `json:"protocols"` // sorted, each once
	Instances int      `json:"instances"` // all of them
	Serving   int      `json:"serving"`   // those that take new requests
	Weight    uint64   `json:"weight"`    // sum over those that serve
	Protected bool     `json:"protected,omitempty"`
}

// Instance is one address of a service.
type Instance struct {
	Service     string            `json:"service"`
	Address     string            `json:"address"` // ip:port
	Protocol    string            `json:"protocol"`
	Weight      uint32            `json:"weight"`
	Registered  *uint32           `json:"registeredWeight,omitempty"` // what it registered with, where weight is an override
	Status      string            `json:"status"`                     // up or draining
	Group       string            `json:"group,omitempty"`
	Version     string            `json:"version,omitempty"`
	Zone        string            `json:"zone,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	SidecarPort uint32            `json:"sidecarPort,omitempty"`
	WarmUp      string            `json:"warmUp,omitempty"` // duration
	Protected   bool              `json:"protected,omitempty"`
	Source      string            `json:"source"` // the key or file that registered it
}

// services lists the services of a state by name.
func services(state registry.State) []Service {
	list := make([]Service, 0, len(state.Snapshot.Services))
	for _, s := range state.Snapshot.Services {
		view := Service{Name: s.Name, Protocols: []string{}, Instances: len(s.Instances), Protected: len(held(state, s.Name)) > 0}
		for _, in := range s.Instances {
			if !slices.Contains(view.Protocols, string(in.Protocol)) {
				view.Protocols = append(view.Protocols, string(in.Protocol))
			}
			if in.Serves() {
				view.Serving++
				view.Weight += uint64(in.Weight)
			}
		}
		slices.Sort(view.Protocols)
		list = append(list, view)
	}
	return list
}

// instances lists the instances of one service, or of all when service is empty. ok is false when a named service does
// not exist.
func instances(state registry.State, service string) (list []Instance, ok bool) {
	list = []Instance{}
	for _, s := range state.Snapshot.Services {
		if service != "" && s.Name != service {
			continue
		}
		ok = true
		kept := held(state, s.Name)
		for _, in := range s.Instances {
			view := instance(s.Name, in)
			view.Protected = slices.Contains(kept, view.Address)
			list = append(list, view)
		}
	}
	return list, ok || service == ""
}

func instance(service string, in model.Instance) Instance {
	view := Instance{
		Service: service, Address: in.HostPort(), Protocol: string(in.Protocol), Weight: in.Weight, Status: string(in.Status),
		Group: in.Group, Version: in.Version, Zone: in.Zone, Labels: in.Labels, SidecarPort: in.SidecarPort, Source: in.Source,
	}
	if in.Overridden {
		view.Registered = &in.Registered
	}
	if in.WarmUp > 0 {
		view.WarmUp = in.WarmUp.String()
	}
	return view
}

// held lists the addresses of a service that are kept beyond their registration.
func held(state registry.State, service string) []string {
	for _, p := range state.Protected {
		if p.Service == service {
			return p.Held
		}
	}
	return nil
}

// Resource is one thing that a proxy was sent.
type Resource struct {
	Type string          `json:"type"` // one of Types
	Name string          `json:"name"`
	Body json.RawMessage `json:"body"` // in Envoy's own JSON
}

// Types are the types of resources in the order in which the API shows them.
var Types = []string{"clusters", "endpoints", "listeners", "routes", "secrets"}

// resources lists what a proxy was sent, of one type or, when kind is empty, all, by type and name.
func resources(r translate.Resources, kind string) ([]Resource, error) {
	list := []Resource{}
	for i, sent := range []map[string]proto.Message{messages(r.Clusters), messages(r.Endpoints), messages(r.Listeners), messages(r.Routes), messages(r.Secrets)} {
		if kind != "" && kind != Types[i] {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(sent)) {
			body, err := protojson.Marshal(sent[name])
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", Types[i], name, err)
			}
			list = append(list, Resource{Type: Types[i], Name: name, Body: body})
		}
	}
	return list, nil
}

func messages[M proto.Message](typed map[string]M) map[string]proto.Message {
	out := make(map[string]proto.Message, len(typed))
	for name, m := range typed {
		out[name] = m
	}
	return out
}
