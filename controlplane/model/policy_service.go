package model

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// ServicePolicies are the policies that concern one service.
//
// There is one order of precedence. Policies that name the service come first, then those that select it by labels, then
// those for all services, then the Mesh's, last those that a registry has; among equals the order of the names decides.
// Settings (Traffic, Telemetry) are merged field by field: each field comes whole from the first policy that has it.
// Routes are tried in the order; Access policies all count; of several lanes that a request fits the first is entered; of
// Mappings, the older of which come first, the first counts for each method, operation, class and exception.
type ServicePolicies struct {
	Traffic   TrafficSettings
	Methods   map[string]MethodSettings // nil for none
	Telemetry TelemetrySettings
	TLS       *MeshTLS
	Carrier   LaneCarrier // complete
	Routes    []Route
	Lanes     []Lane
	Access    []Access
	Mappings  []Mapping
	// From says which policy each setting comes from: the field's path ("timeout", "methods.report.limits", "accessLog") →
	// the policy ("Traffic/hello").
	From map[string]string
}

// DefaultLaneHeader carries the lane of a request where no Mesh policy says otherwise.
const DefaultLaneHeader = "x-lane"

// For returns what the policies say of a service.
func (p Policies) For(service Service) ServicePolicies {
	out := ServicePolicies{
		Routes: applying(p.Routes, service), Access: applying(p.Access, service),
		Mappings: applying(p.Mappings, service), From: map[string]string{},
	}
	traffic := applying(p.Traffic, service)
	for _, t := range traffic {
		if !t.Registered {
			out.take(t)
		}
	}
	for _, t := range applying(p.Telemetry, service) {
		inherit(&out.Telemetry, t.TelemetrySettings, PolicyID(t), "", out.From)
	}
	for _, lane := range p.Lanes {
		if lane.Has(service.Name) || lane.EnteredAt(service.Name) || lane.Service == service.Name {
			out.Lanes = append(out.Lanes, lane)
		}
	}
	slices.SortFunc(out.Lanes, func(a, b Lane) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range applying(p.Meshes, service) {
		if m.Traffic != nil {
			inherit(&out.Traffic, *m.Traffic, PolicyID(m), "", out.From)
		}
		if m.Telemetry != nil {
			inherit(&out.Telemetry, *m.Telemetry, PolicyID(m), "", out.From)
		}
		if out.TLS == nil && m.TLS != nil {
			out.TLS, out.From["tls"] = m.TLS, PolicyID(m)
		}
		if m.Lane != nil {
			inherit(&out.Carrier, *m.Lane, PolicyID(m), "lane.", out.From)
		}
	}
	said := maps.Clone(out.From)
	for _, t := range traffic {
		if t.Registered {
			out.take(t.yields(said))
		}
	}
	out.Carrier = out.Carrier.complete()
	return out
}

// take fills in what a Traffic policy says and none before it.
func (s *ServicePolicies) take(t Traffic) {
	inherit(&s.Traffic, t.TrafficSettings, PolicyID(t), "", s.From)
	for _, name := range slices.Sorted(maps.Keys(t.Methods)) {
		if s.Methods == nil {
			s.Methods = map[string]MethodSettings{}
		}
		merged := s.Methods[name]
		inherit(&merged, t.Methods[name], PolicyID(t), "methods."+name+".", s.From)
		s.Methods[name] = merged
	}
}

// Carrier is how lanes are passed on where no service is in question, as at the gateway.
func (p Policies) Carrier() LaneCarrier { return p.For(Service{}).Carrier }

func (c LaneCarrier) complete() LaneCarrier {
	c.Header = cmp.Or(strings.ToLower(c.Header), DefaultLaneHeader)
	c.Attachment = cmp.Or(c.Attachment, c.Header)
	return c
}

// applying lists the policies that concern a service in the order of precedence. list is sorted by service and name.
// Registered ones, which all name their service, come last.
func applying[P Policy](list []P, service Service) []P {
	var named, selected, general, registered []P
	from, _ := slices.BinarySearchFunc(list, service.Name, func(p P, name string) int { return cmp.Compare(p.Meta().Service, name) })
	for _, p := range list[from:] {
		if service.Name == "" || p.Meta().Service != service.Name {
			break
		}
		if p.Meta().Registered {
			registered = append(registered, p)
			continue
		}
		named = append(named, p)
	}
	for _, p := range list {
		m := p.Meta()
		if m.Service != "" { // those without a service stand first
			break
		}
		switch {
		case m.Selector == nil:
			general = append(general, p)
		case m.Selector.Selects(service):
			selected = append(selected, p)
		}
	}
	return slices.Concat(named, selected, general, registered)
}

// inherit fills the fields of settings that are empty with those of another policy, and notes where they come from.
func inherit[T any](settings *T, more T, id, path string, from map[string]string) {
	to, source := reflect.ValueOf(settings).Elem(), reflect.ValueOf(more)
	for i := range to.NumField() {
		if to.Field(i).IsZero() && !source.Field(i).IsZero() {
			to.Field(i).Set(source.Field(i))
			name, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("json"), ",")
			from[path+name] = id
		}
	}
}
