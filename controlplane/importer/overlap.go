package importer

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

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
