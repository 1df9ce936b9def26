package policy

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// alone is the schema of a mapping by itself, to be checked with the filter's code: what is left out because the methods or
// the provider's metadata say it is made up.
func alone(m model.Mapping) config.Schema {
	s := config.Schema{Service: m.Service, Methods: methods(m), Classes: map[string]config.Class{}}
	for name, c := range m.Classes {
		out := c.Schema()
		if len(out.Fields)+len(out.Enum) == 0 {
			for _, field := range slices.Sorted(maps.Keys(out.Naming)) {
				out.Fields = append(out.Fields, config.Parameter{Name: field, Type: "java.lang.Object"})
			}
		}
		s.Classes[name] = out
	}
	for _, o := range m.Operations {
		s.Operations = append(s.Operations, config.Operation{
			Verb: o.Verb, Path: o.Path, Method: o.Method, Status: int(model.Or(o.Status, 0)), Unwrap: o.Unwrap,
			Parameters: bindings(o.Parameters), Exceptions: exceptions(o.Exceptions),
		})
	}
	s.Exceptions = exceptions(m.Exceptions)
	if m.Results != nil {
		s.Results = config.Results{Longs: m.Results.Longs, Nulls: m.Results.Nulls, Class: m.Results.Class}
	}
	return s
}

func methods(m model.Mapping) []config.Method {
	list := make([]config.Method, len(m.Methods))
	for i, one := range m.Methods {
		list[i] = one.Schema()
	}
	return list
}

// fitting are the methods that an operation may mean: the overloads have its name, those of them that fit as many
// parameters.
func fitting(methods []config.Method, o model.MappedOperation) (overloads, fit []config.Method) {
	for _, m := range methods {
		if m.Name != o.Method {
			continue
		}
		overloads = append(overloads, m)
		if len(m.Parameters) == len(o.Parameters) {
			fit = append(fit, m)
		}
	}
	return overloads, fit
}

// boundType is the Java type of an operation's parameter, which the only method that fits says where the parameter does
// not; "" when nothing does.
func boundType(o model.MappedOperation, parameter int, fit []config.Method) string {
	if t := o.Parameters[parameter].Type; t != "" || len(fit) != 1 {
		return t
	}
	return fit[0].Parameters[parameter].Type
}

func exceptions(list []model.MappedException) []config.Exception {
	var out []config.Exception
	for _, e := range list {
		out = append(out, exception(e))
	}
	return out
}

func exception(e model.MappedException) config.Exception {
	return config.Exception{Class: e.Class, Status: int(model.Or(e.Status, 500)), Body: jsonText(e.Body)}
}

func bindings(list []model.MappedBinding) []config.Binding {
	var out []config.Binding
	for _, b := range list {
		out = append(out, config.Binding{From: b.From, Name: b.Name, Type: cmp.Or(b.Type, "java.lang.Object"), Default: jsonText(b.Default), Required: b.Required})
	}
	return out
}

// jsonText is the JSON text of a value that was read; "" for none.
func jsonText(v any) string {
	if v == nil {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil { // what was read from a document always has one
		return ""
	}
	return string(text)
}
