package policy

import (
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// mapped checks a mapping with the code that the filter reads it with. The paths of a schema's fields are those of the
// mapping's.
func (d *decoder) mapped(m model.Mapping) {
	if join(d.problems) != nil || m.Service == "" { // the schema of half a mapping would be wrong everywhere
		return
	}
	s := alone(m)
	err := s.Check()
	for _, e := range unjoin(err) {
		text := strings.TrimPrefix(e.Error(), "schema: ")
		path, message, _ := strings.Cut(text, ": ")
		d.wrong(path, "%s", message)
	}
	for i, one := range m.Methods {
		at := indexed("methods", i)
		d.typeName(at+".returns", one.Returns)
		for j, p := range one.Parameters {
			d.typeName(indexed(at+".parameters", j)+".type", p.Type)
		}
	}
	for i, o := range m.Operations {
		at := indexed("operations", i)
		d.operation(at, o, s.Methods)
		d.defaults(at, o, s.Methods, s.Classes)
	}
}

// typeName warns of a name that is neither a primitive nor has a package.
func (d *decoder) typeName(path, text string) {
	t, err := config.ParseJavaType(text)
	if text == "" || err != nil || strings.Contains(t.Name, ".") || slices.Contains(primitives, t.Name) {
		return
	}
	d.warn(path, "%s is no primitive type%s; a class is written with its package", t.Name, meant(t.Name, primitives))
}

// defaults checks those whose type is written here.
func (d *decoder) defaults(path string, o model.MappedOperation, methods []config.Method, classes map[string]config.Class) {
	_, fit := fitting(methods, o)
	for j, b := range o.Parameters {
		at := indexed(path+".parameters", j)
		d.typeName(at+".type", b.Type)
		if err := config.CheckDefault(boundType(o, j, fit), jsonText(b.Default), classes); err != nil {
			d.wrong(at+".default", "%v", err)
		}
	}
}

// operation checks what an operation leaves to the methods of the mapping.
func (d *decoder) operation(path string, o model.MappedOperation, methods []config.Method) {
	overloads, fit := fitting(methods, o)
	switch {
	case len(o.Parameters) > 0:
		for j, b := range o.Parameters {
			switch at := indexed(path+".parameters", j); {
			case b.Type != "" || len(fit) == 1:
			case len(overloads) == 0:
				d.warn(at, "its type is taken from the provider's metadata; write type if there is none")
			default:
				d.wrong(at, "it has no type, and methods has %d times %s with %d parameters; write type", len(fit), o.Method, len(o.Parameters))
			}
		}
	case len(overloads) == 0 && strings.Contains(o.Path, "{"):
		d.wrong(path, "{…} in the path go nowhere: write parameters, or %s and its parameters in methods", o.Method)
	case len(overloads) > 1:
		d.wrong(path, "methods has %d times %s; write parameters, with types", len(overloads), o.Method)
	case len(overloads) == 1 && slices.ContainsFunc(overloads[0].Parameters, func(p config.Parameter) bool { return p.Name == "" }):
		d.wrong(path, "not all parameters of %s have names in methods; write them there, or parameters here", o.Method)
	}
}

// unjoin takes apart what errors.Join has joined.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined error itself is meant
		return joined.Unwrap()
	}
	return []error{err}
}
