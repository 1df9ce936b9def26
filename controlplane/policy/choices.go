package policy

import (
	"reflect"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// choice is fields of a struct of which at most one is set.
type choice struct {
	fields []string
	needed bool // one has to be
}

// choices are those of each struct. The parser and the JSON Schemas have them from here.
var choices = map[reflect.Type][]choice{
	reflect.TypeFor[model.Route]():           {{fields: []string{"service", "selector"}}},
	reflect.TypeFor[model.Traffic]():         {{fields: []string{"service", "selector"}}, {fields: []string{"locality", "priorities"}}},
	reflect.TypeFor[model.TrafficSettings](): {{fields: []string{"locality", "priorities"}}},
	reflect.TypeFor[model.Access]():          {{fields: []string{"service", "selector"}}},
	reflect.TypeFor[model.Telemetry]():       {{fields: []string{"service", "selector"}}},
	reflect.TypeFor[model.Tracing]():         {{fields: []string{"service", "address"}}},
	reflect.TypeFor[model.AccessLog]():       {{fields: []string{"fields", "format"}}},
	reflect.TypeFor[model.StringMatch]():     {{[]string{"exact", "prefix", "suffix", "contains", "regex", "in", "range", "present"}, true}},
	reflect.TypeFor[model.Rule]():            {{fields: []string{"to", "redirect", "respond"}}},
	reflect.TypeFor[model.Rewrite]():         {{fields: []string{"path", "prefix", "regex", "method"}}},
	reflect.TypeFor[model.Redirect]():        {{fields: []string{"path", "prefix"}}},
	reflect.TypeFor[model.HashKey]():         {{[]string{"header", "cookie", "query", "attachment", "argument", "sourceIp"}, true}},
	reflect.TypeFor[model.Locality]():        {{fields: []string{"weights", "prefer"}}, {fields: []string{"weights", "failover"}}},
	reflect.TypeFor[model.EdgeRule]():        {{[]string{"redirect", "respond"}, true}},
	reflect.TypeFor[model.JWTProvider]():     {{[]string{"jwks", "jwksFile", "jwksUrl"}, true}},
	reflect.TypeFor[model.Listener]():        {{fields: []string{"tls", "redirectToTls"}}},
}

// choose notes fields of a struct that cannot stand together, and that one is missing.
func (d *decoder) choose(path string, v reflect.Value) {
	for _, c := range choices[v.Type()] {
		sets := make([]set, len(c.fields))
		for i, name := range c.fields {
			for _, f := range structs[v.Type()] {
				if f.name == name {
					sets[i] = set{name, isSet(v.FieldByIndex(f.index))}
				}
			}
		}
		d.atMostOne(path, sets...)
		if c.needed {
			d.atLeastOne(path, sets...)
		}
	}
}

// isSet reports whether a field says anything.
func isSet(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() > 0
	}
	return !v.IsZero()
}
