package importer

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// shadows reports Routes whose rules other Routes stand before: of the same service, or of the service that has a host which
// both name.
func shadows(all []made) {
	var routes []made
	for _, m := range all {
		if _, ok := m.policy.(model.Route); ok {
			routes = append(routes, m)
		}
	}
	slices.SortStableFunc(routes, func(a, b made) int { return byPrecedence(a.policy.(model.Route), b.policy.(model.Route)) })
	for i, second := range routes {
		for _, first := range routes[:i] {
			if why := shadow(first.policy.(model.Route), second.policy.(model.Route)); why != "" {
				second.spec.left(why)
			}
		}
	}
}

// byPrecedence is the order in which Routes are asked: those that name a service, those that select some, the others; and by
// name.
func byPrecedence(a, b model.Route) int {
	rank := func(p model.Route) int {
		switch {
		case p.Service != "":
			return 0
		case p.Selector != nil:
			return 1
		}
		return 2
	}
	return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Name, b.Name))
}

// shadow says what the first Route keeps from the second; "" for nothing.
func shadow(first, second model.Route) string {
	a, b := first.PolicyMeta, second.PolicyMeta
	common := slices.ContainsFunc(first.Hosts, func(h string) bool { return slices.Contains(second.Hosts, h) })
	if a.Service != b.Service && common {
		if b.Service != "" && b.Service < a.Service {
			first, second = second, first
		}
		return fmt.Sprintf("%s and %s name one host, which is the service's of %s: %s is not asked there; write one Route with the rules of both",
			model.PolicyID(first), model.PolicyID(second), model.PolicyID(first), model.PolicyID(second))
	}
	if a.Service != b.Service || !reflect.DeepEqual(a.Selector, b.Selector) || len(first.Hosts)*len(second.Hosts) > 0 && !common || reflect.DeepEqual(first.Rules, second.Rules) {
		return ""
	}
	id := model.PolicyID(first)
	covers := len(first.Hosts) == 0 || len(second.Hosts) > 0 && !slices.ContainsFunc(second.Hosts, func(h string) bool { return !slices.Contains(first.Hosts, h) })
	if covers && slices.ContainsFunc(first.Rules, func(r model.Rule) bool { return part{Rule: r}.fitsAll() }) {
		return fmt.Sprintf("%s is tried before %s by its name, and fits every request: this one's rules never act; write one Route with the rules of both", id, model.PolicyID(second))
	}
	return fmt.Sprintf("%s is tried before %s by its name: what it fits does not come here; write one Route with the rules of both", id, model.PolicyID(second))
}

// overlap reports what two Traffic policies say of one service, where only the first by name counts: field by field, and in
// methods field by field of each.
func overlap(all []made) {
	byService := map[string][]made{}
	for _, m := range all {
		p, ok := m.policy.(model.Traffic)
		if !ok {
			continue
		}
		for _, other := range byService[p.Service] {
			first, second := other, m
			if p.Name < other.policy.Meta().Name {
				first, second = m, other
			}
			a, b := first.policy.(model.Traffic), second.policy.(model.Traffic)
			second.outdone(first, "", twice(reflect.ValueOf(a.TrafficSettings), reflect.ValueOf(b.TrafficSettings)))
			for name, method := range b.Methods {
				second.outdone(first, "methods["+name+"].", twice(reflect.ValueOf(a.Methods[name]), reflect.ValueOf(method)))
			}
		}
		byService[p.Service] = append(byService[p.Service], m)
	}
}

// outdone reports fields of the policy that do not count beside another one.
func (m made) outdone(by made, at string, fields []string) {
	if len(fields) > 0 {
		list := at + strings.Join(fields, ", "+at)
		m.add(m.spec.node, "spec", fmt.Sprintf("%s has %s of %s too, and by its name the say; write one policy of the two", model.PolicyID(by.policy), list, by.policy.Meta().Service))
	}
}

// twice are the fields, by their names in JSON, that both structs have and that differ.
func twice(a, b reflect.Value) (out []string) {
	for i := range a.NumField() {
		if !a.Field(i).IsZero() && !b.Field(i).IsZero() && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			out = append(out, name)
		}
	}
	return out
}
