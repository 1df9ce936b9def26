package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Schema joins what providers report of a variant of a service with what mappings say of it. mappings are in the order of
// precedence, as ServicePolicies.Mappings has them: of methods, operations, classes and exceptions the first that names one
// counts, and each mapping counts before the definition. Those for another group or version are passed over. What cannot be
// used is left out alone and told.
func Schema(d model.Definition, mappings []model.Mapping) (config.Schema, []model.Problem) {
	j := joiner{schema: config.Schema{Service: d.Service, Classes: maps.Clone(d.Classes)}, reported: d.Methods}
	for _, m := range mappings {
		if model.Or(m.Group, d.Group) == d.Group && model.Or(m.Version, d.Version) == d.Version {
			j.fitting = append(j.fitting, m)
		}
	}
	j.methods()
	j.classes()
	j.others()
	return j.schema, j.problems
}

// joiner joins mappings and what was reported.
type joiner struct {
	schema   config.Schema
	fitting  []model.Mapping
	reported []config.Method
	problems []model.Problem
}

func (j *joiner) tell(m model.Mapping, format string, args ...any) {
	j.problems = append(j.problems, model.Problem{Key: m.Source, Reason: model.PolicyID(m) + ": " + fmt.Sprintf(format, args...)})
}

// methods takes all overloads of a name from one place.
func (j *joiner) methods() {
	known := map[string]bool{}
	take := func(list []config.Method) {
		for _, m := range list {
			if !known[m.Name] {
				j.schema.Methods = append(j.schema.Methods, m)
			}
		}
		for _, m := range list {
			known[m.Name] = true
		}
	}
	for _, m := range j.fitting {
		take(methods(m))
	}
	take(j.reported)
}

// classes takes the shape of a class from one place; names in JSON may be given to a shape that was reported.
func (j *joiner) classes() {
	shaped, named := map[string]bool{}, map[string]bool{}
	for _, m := range j.fitting {
		for _, name := range slices.Sorted(maps.Keys(m.Classes)) {
			c := class(m.Classes[name])
			if j.schema.Classes == nil {
				j.schema.Classes = map[string]config.Class{}
			}
			if !shaped[name] && len(c.Fields)+len(c.Enum) > 0 {
				j.schema.Classes[name], shaped[name], named[name] = c, true, true
			}
			if have, known := j.schema.Classes[name]; !named[name] && len(c.Naming) > 0 {
				if !known {
					j.tell(m, "class %s is not known, so that its fields cannot be named; write them in fields", name)
					continue
				}
				have.Naming, named[name] = c.Naming, true
				j.schema.Classes[name] = have
			}
		}
	}
}

// others joins operations, exceptions and how results are written.
func (j *joiner) others() {
	paths, exceptions := map[string]bool{}, map[string]bool{}
	for _, m := range j.fitting {
		for _, o := range m.Operations {
			key := o.Verb + " " + o.Path
			if paths[key] {
				continue
			}
			out, err := operation(o, j.schema.Methods)
			if err != nil {
				j.tell(m, "operation %s: %v", key, err)
				continue
			}
			paths[key] = true
			j.schema.Operations = append(j.schema.Operations, out)
		}
		for _, e := range m.Exceptions {
			if !exceptions[e.Class] {
				j.schema.Exceptions = append(j.schema.Exceptions, exception(e))
			}
			exceptions[e.Class] = true
		}
		if j.schema.Results == (config.Results{}) && m.Results != nil {
			j.schema.Results = config.Results{Longs: m.Results.Longs, Nulls: m.Results.Nulls, Class: m.Results.Class}
		}
	}
}

// alone is the schema of a mapping by itself, to be checked: what only a provider could say is made up.
func alone(m model.Mapping) config.Schema {
	s := config.Schema{Service: m.Service, Methods: methods(m), Classes: map[string]config.Class{}}
	for name, c := range m.Classes {
		out := class(c)
		if len(out.Fields)+len(out.Enum) == 0 {
			for _, field := range slices.Sorted(maps.Keys(out.Naming)) {
				out.Fields = append(out.Fields, config.Parameter{Name: field, Type: "java.lang.Object"})
			}
		}
		s.Classes[name] = out
	}
	for _, o := range m.Operations {
		out, err := operation(o, s.Methods)
		if err != nil {
			out = config.Operation{Verb: o.Verb, Path: o.Path, Method: o.Method, Parameters: bindings(o.Parameters), Exceptions: exceptions(o.Exceptions)}
		}
		for i := range out.Parameters {
			if out.Parameters[i].Type == "" {
				out.Parameters[i].Type = "java.lang.Object"
			}
		}
		s.Operations = append(s.Operations, out)
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
		list[i] = config.Method{Name: one.Name, Parameters: parameters(one.Parameters), Returns: one.Returns, OneWay: one.OneWay}
	}
	return list
}

func parameters(list []model.MappedParameter) []config.Parameter {
	var out []config.Parameter
	for _, p := range list {
		out = append(out, config.Parameter{Name: p.Name, Type: p.Type})
	}
	return out
}

func class(c model.MappedClass) config.Class {
	return config.Class{Enum: c.Enum, Fields: parameters(c.Fields), Naming: c.Naming}
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
		out = append(out, config.Binding{From: b.From, Name: b.Name, Type: b.Type, Default: jsonText(b.Default), Required: b.Required})
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
