package model

import (
	"cmp"
	"slices"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Definition is the shape of one service: what a provider's Dubbo metadata says of it, or what somebody wrote by hand.
type Definition struct {
	Service        string // the interface
	Group, Version string // of the variant it is for; "" for none
	Application    string // that reported it; "" when it was written by hand
	Methods        []config.Method
	Classes        map[string]config.Class
	Source         string // the key it was read from
}

// Schema returns the definition in the form in which the filter takes it. It shares memory with the definition.
func (d Definition) Schema() config.Schema {
	return config.Schema{Service: d.Service, Methods: d.Methods, Classes: d.Classes}
}

// ByHand reports whether somebody wrote the definition, rather than a provider.
func (d Definition) ByHand() bool { return d.Application == "" }

// CompareDefinitions orders definitions by service, group, version and application.
func CompareDefinitions(a, b Definition) int {
	return cmp.Or(
		cmp.Compare(a.Service, b.Service),
		cmp.Compare(a.Group, b.Group),
		cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Application, b.Application),
	)
}

// Definition returns the definition in force for one variant of a service: the one written by hand for this group and
// version, or else for none (it counts for every variant), or else what the variant's providers report.
func (s Snapshot) Definition(service, group, version string) (Definition, bool) {
	var general, reported *Definition
	all := s.DefinitionsOf(service)
	for i := range all {
		d := &all[i]
		exact := d.Group == group && d.Version == version
		switch {
		case d.ByHand() && exact:
			return *d, true
		case d.ByHand() && d.Group == "" && d.Version == "":
			general = d
		case exact && !d.ByHand():
			reported = d
		}
	}
	if d := cmp.Or(general, reported); d != nil {
		return *d, true
	}
	return Definition{}, false
}

// DefinitionsOf returns the definitions of a service, for whichever group and version. The slice is the snapshot's own.
func (s Snapshot) DefinitionsOf(service string) []Definition {
	compare := func(d Definition, name string) int { return cmp.Compare(d.Service, name) }
	first, found := slices.BinarySearchFunc(s.Definitions, service, compare)
	if !found {
		return nil
	}
	last := first
	for last < len(s.Definitions) && s.Definitions[last].Service == service {
		last++
	}
	return s.Definitions[first:last]
}
