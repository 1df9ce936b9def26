package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// fallbacksOf checks where the fallbacks of a service lead.
func (d *decoder) fallbacksOf(t model.Traffic) {
	d.notItself("", t.Service, t.Fallback)
	for _, name := range slices.Sorted(maps.Keys(t.Methods)) {
		d.notItself("methods["+name+"]", t.Service, t.Methods[name].Fallback)
	}
}

// fallbacksOfRules checks where the fallbacks of rules lead.
func (d *decoder) fallbacksOfRules(r model.Route) {
	for i, rule := range r.Rules {
		d.notItself(fmt.Sprintf("rules[%d]", i), r.Service, rule.Fallback)
	}
}

// notItself refuses fallbacks that lead a failed call to where it has failed.
func (d *decoder) notItself(path, service string, list []model.Fallback) {
	for i, f := range list {
		if f.Service != "" && f.Service == service && len(f.Labels) == 0 {
			d.wrong(below(path, fmt.Sprintf("fallback[%d].service", i)), "%s would fall back to itself; name another service, or labels of other instances", service)
		}
	}
}
