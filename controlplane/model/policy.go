package model

import (
	"cmp"
	"slices"
)

// Kind names what a policy is about.
type Kind string

// The kinds of policies.
const (
	KindMesh      Kind = "Mesh"      // defaults for everything
	KindGateway   Kind = "Gateway"   // listeners at the edge
	KindRoute     Kind = "Route"     // which request goes where
	KindTraffic   Kind = "Traffic"   // how a service is called
	KindLane      Kind = "Lane"      // grey releases over several services
	KindAccess    Kind = "Access"    // who may call
	KindMapping   Kind = "Mapping"   // HTTP ⇄ Dubbo
	KindTelemetry Kind = "Telemetry" // traces, logs, metrics
)

// Kinds lists every kind in the order in which documentation and errors name them.
var Kinds = []Kind{KindMesh, KindGateway, KindRoute, KindTraffic, KindLane, KindAccess, KindMapping, KindTelemetry}

// The tags of the policies' fields are their one description: `json` is the field's name, `check` what it may hold, the
// doc comment what it means. Parsing, published JSON Schemas and reference pages are all made from them. In `check`,
// separated by commas:
//
//	required         must be there
//	min=…, max=…     of numbers, durations, percents and sizes; of the items of a list of such
//	zero             0 may be beside min: what is less than min would be rounded to it
//	oneOf=a|b        one of these words; of the items of a list
//	format=…         what a text, an item of a list or a key of a mapping holds: header, regex, …
//	keys=…           the format of a mapping's keys, where they have one of their own
//	nonEmpty         a list or mapping needs an entry
//	single           a list of one item may be written as the item
//	lines            a text in it may have several lines
//	maxItems=…       of a list
//	secret           what is written in it is not repeated
//	short            the field that a plain value in place of the whole mapping means

// PolicyMeta is what all policies begin with.
type PolicyMeta struct {
	// Name of the policy, one of a kind; by default part of the key in etcd.
	Name string `json:"name" check:"required,format=name"`
	// Service the policy is about: for Dubbo the interface. Without service and selector it is about all
	// services; a Route then needs hosts, and a Mapping always its service.
	Service string `json:"service,omitempty" check:"format=service"`
	// Selector takes services by the labels of their instances, in place of service.
	Selector *Selector `json:"selector,omitempty"`
	// Paused policies are kept and checked, but not in force.
	Paused bool `json:"paused,omitempty"`
	// Description is for people.
	Description string `json:"description,omitempty" check:"lines"`

	// Source is where the policy was read from: its etcd key or file.
	Source string `json:"-"`
	// Revision at which etcd wrote it; 0 when it did not come from etcd.
	Revision int64 `json:"-"`
	// Created is the revision at which etcd wrote its key first; 0 when it did not come from etcd.
	Created int64 `json:"-"`
	// Registered policies are made of rules in a service registry; they count where no other policy says anything.
	Registered bool `json:"-"`
}

// Meta returns what all policies begin with.
func (m PolicyMeta) Meta() PolicyMeta { return m }

// Selector takes services of which at least one instance has all these labels.
type Selector struct {
	// Labels that an instance of the service must have.
	Labels map[string]string `json:"labels" check:"required,nonEmpty"`
}

// Selects reports whether a service is taken.
func (s Selector) Selects(service Service) bool {
	return slices.ContainsFunc(service.Instances, func(in Instance) bool { return HasLabels(in, s.Labels) })
}

// HasLabels reports whether an instance has all the labels.
func HasLabels(in Instance, labels map[string]string) bool {
	for k, v := range labels {
		if have, ok := in.Labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// Policy is a policy of any kind: one of Mesh, Gateway, Route, Traffic, Lane, Access, Mapping and Telemetry, as a value.
type Policy interface {
	Kind() Kind
	Meta() PolicyMeta
}

// PolicyID names a policy as people do: Traffic/hello.
func PolicyID(p Policy) string { return string(p.Kind()) + "/" + p.Meta().Name }

// Policies are all policies that are in force, of each kind sorted by service and then by name; mappings by service, then
// the older first, then by name. They are never changed after they were published. Make them with NewPolicies.
type Policies struct {
	Meshes    []Mesh
	Gateways  []Gateway
	Routes    []Route
	Traffic   []Traffic
	Lanes     []Lane
	Access    []Access
	Mappings  []Mapping
	Telemetry []Telemetry
}

// NewPolicies sorts policies by kind, service and name. Of two with the same kind and name the later one counts. Paused
// ones are left out.
func NewPolicies(list ...Policy) Policies {
	latest := map[string]int{}
	for i, p := range list {
		latest[PolicyID(p)] = i
	}
	var all Policies
	for i, p := range list {
		if latest[PolicyID(p)] != i || p.Meta().Paused {
			continue
		}
		switch p := p.(type) {
		case Mesh:
			all.Meshes = append(all.Meshes, p)
		case Gateway:
			all.Gateways = append(all.Gateways, p)
		case Route:
			all.Routes = append(all.Routes, p)
		case Traffic:
			all.Traffic = append(all.Traffic, p)
		case Lane:
			all.Lanes = append(all.Lanes, p)
		case Access:
			all.Access = append(all.Access, p)
		case Mapping:
			all.Mappings = append(all.Mappings, p)
		case Telemetry:
			all.Telemetry = append(all.Telemetry, p)
		}
	}
	order(all.Meshes)
	order(all.Gateways)
	order(all.Routes)
	order(all.Traffic)
	order(all.Lanes)
	order(all.Access)
	order(all.Mappings)
	// What a new mapping says must not change what calls by older ones are answered.
	slices.SortStableFunc(all.Mappings, func(a, b Mapping) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Created, b.Created))
	})
	order(all.Telemetry)
	return all
}

func order[P Policy](list []P) {
	slices.SortFunc(list, func(a, b P) int {
		x, y := a.Meta(), b.Meta()
		return cmp.Or(cmp.Compare(x.Service, y.Service), cmp.Compare(x.Name, y.Name))
	})
}

// Same reports whether two sets of policies are in the same memory. They may be equal when they are not.
func (p Policies) Same(q Policies) bool {
	return same(p.Meshes, q.Meshes) && same(p.Gateways, q.Gateways) && same(p.Routes, q.Routes) && same(p.Traffic, q.Traffic) &&
		same(p.Lanes, q.Lanes) && same(p.Access, q.Access) && same(p.Mappings, q.Mappings) && same(p.Telemetry, q.Telemetry)
}

// same reports whether two slices are one: what was published is never changed in place.
func same[P Policy](a, b []P) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
