package model

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Without is what is left when some policies say nothing, named as in Traffic/hello. A setting of theirs falls to the default, not to
// the next policy. Access policies stay: without one a service would be open.
func (s ServicePolicies) Without(ids map[string]bool) ServicePolicies {
	s.Routes, s.Lanes, s.Mappings = others(s.Routes, ids), others(s.Lanes, ids), others(s.Mappings, ids)
	from := maps.Clone(s.From)
	maps.DeleteFunc(from, func(_, id string) bool { return ids[id] })
	forget(&s.Traffic, "", s.From, ids)
	forget(&s.Telemetry, "", s.From, ids)
	forget(&s.Carrier, "lane.", s.From, ids)
	if s.From["lane.attachment"] == "" {
		s.Carrier.Attachment = "" // which is the header's name
	}
	s.Carrier = s.Carrier.complete()
	if ids[s.From["tls"]] {
		s.TLS = nil
	}
	methods := maps.Clone(s.Methods)
	for name, m := range methods {
		forget(&m, "methods."+name+".", s.From, ids)
		methods[name] = m
	}
	maps.DeleteFunc(methods, func(_ string, m MethodSettings) bool { return reflect.ValueOf(m).IsZero() })
	s.Methods, s.From = methods, from
	return s
}

func others[P Policy](list []P, ids map[string]bool) []P {
	return slices.DeleteFunc(slices.Clone(list), func(p P) bool { return ids[PolicyID(p)] })
}

// forget empties the fields that come from some policies.
func forget[T any](settings *T, path string, from map[string]string, ids map[string]bool) {
	v := reflect.ValueOf(settings).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if ids[from[path+name]] {
			v.Field(i).SetZero()
		}
	}
}
