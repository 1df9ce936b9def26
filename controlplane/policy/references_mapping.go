package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// primitives are Java's types that are no classes.
var primitives = []string{"boolean", "byte", "char", "double", "float", "int", "long", "short", "void"}

// interfaceOf is what is known of the interface of a mapping: by definitions for its group and version, of which there
// may be several, and by the mapping itself.
type interfaceOf struct {
	methods map[string][]config.Method
	classes map[string]config.Class
}

// mapping warns of what a mapping names and neither it nor anybody else describes.
func (c *checker) mapping(m model.Mapping) {
	known := interfaceOf{map[string][]config.Method{}, map[string]config.Class{}}
	described := false
	for _, d := range c.snap.DefinitionsOf(m.Service) {
		general := d.ByHand() && d.Group == "" && d.Version == ""
		if general || (m.Group == nil || *m.Group == d.Group) && (m.Version == nil || *m.Version == d.Version) {
			described = described || len(d.Methods) > 0
			known.add(d.Methods, d.Classes)
		}
	}
	if !described {
		return
	}
	for _, one := range m.Methods {
		known.methods[one.Name] = nil
	}
	for i, one := range m.Methods {
		known.add([]config.Method{one.Schema()}, nil)
		for j, p := range one.Parameters {
			c.classes(indexed(indexed("methods", i)+".parameters", j)+".type", p.Type, m, known)
		}
		c.classes(indexed("methods", i)+".returns", one.Returns, m, known)
	}
	for i, o := range m.Operations {
		c.operation(indexed("operations", i), o, m, known)
	}
}

func (k interfaceOf) add(methods []config.Method, classes map[string]config.Class) {
	for _, m := range methods {
		k.methods[m.Name] = append(k.methods[m.Name], m)
	}
	maps.Copy(k.classes, classes)
}

func (c *checker) operation(path string, o model.MappedOperation, m model.Mapping, known interfaceOf) {
	overloads, fit := fitting(known.methods[o.Method], o)
	if len(overloads) == 0 {
		c.warn(path+".method", "%s has no method %s%s", m.Service, o.Method, meant(o.Method, slices.Sorted(maps.Keys(known.methods))))
		return
	}
	for j, b := range o.Parameters {
		c.classes(indexed(path+".parameters", j)+".type", b.Type, m, known)
	}
	if len(o.Parameters) > 0 {
		if len(fit) == 0 {
			c.warn(path+".parameters", "no method %s has %d of them; there is %s", o.Method, len(o.Parameters), signatures(overloads))
			return
		}
		c.bound(path, o, fit, known)
	}
	if o.Unwrap != "" {
		c.unwrap(path+".unwrap", o.Unwrap, overloads, m, known)
	}
}

// bound compares an operation's parameters with those of the methods that have as many.
func (c *checker) bound(path string, o model.MappedOperation, fit []config.Method, known interfaceOf) {
	for j, b := range o.Parameters {
		at := indexed(path+".parameters", j)
		if b.Type != "" && !slices.ContainsFunc(fit, func(m config.Method) bool { return erased(m.Parameters[j].Type) == erased(b.Type) }) {
			c.warn(at+".type", "it is not %s; there is %s", b.Type, signatures(fit))
			continue
		}
		if err := config.CheckDefault(boundType(o, j, fit), jsonText(b.Default), known.classes); err != nil {
			c.warn(at+".default", "%v; requests without the parameter would be refused", err)
		}
	}
}

// unwrap follows the path into a result as far as its classes are described.
func (c *checker) unwrap(at, path string, overloads []config.Method, m model.Mapping, known interfaceOf) {
	for _, method := range overloads {
		java, err := config.ParseJavaType(method.Returns)
		for name := range strings.SplitSeq(path, ".") {
			class, described := known.classes[java.Name]
			if err != nil || !described || len(class.Fields) == 0 || java.Dims > 0 {
				return
			}
			class.Naming = m.Classes[java.Name].Naming
			field, found := class.Field(name)
			if !found {
				var fields []string
				for _, f := range class.Fields {
					fields = append(fields, f.Name)
				}
				c.warn(at, "%s has no field %s%s", java.Name, name, meant(name, fields))
				return
			}
			java, err = config.ParseJavaType(field.Type)
		}
	}
}

// classes warns of classes in a type that nobody describes.
func (c *checker) classes(at, text string, m model.Mapping, known interfaceOf) {
	t, err := config.ParseJavaType(text)
	if text == "" || err != nil {
		return
	}
	_, reported := known.classes[t.Name]
	_, mapped := m.Classes[t.Name]
	if strings.Contains(t.Name, ".") && !strings.HasPrefix(t.Name, "java.") && !reported && !mapped {
		all := append(slices.Sorted(maps.Keys(known.classes)), slices.Sorted(maps.Keys(m.Classes))...)
		c.warn(at, "nobody describes the class %s%s", t.Name, meant(t.Name, all))
	}
	for _, a := range t.Args {
		c.classes(at, a.String(), m, known)
	}
}

// meant suggests a word that is known.
func meant(word string, known []string) string {
	if near := nearest.Word(word, known); near != "" && len(word) > 2 { // of two letters half would be wrong
		return "; did you mean " + near + "?"
	}
	return ""
}

func erased(java string) string {
	t, err := config.ParseJavaType(java)
	if err != nil {
		return java
	}
	return t.Erased()
}

// signatures lists overloads as they are called.
func signatures(overloads []config.Method) string {
	var out []string
	for _, m := range overloads {
		var types []string
		for _, p := range m.Parameters {
			types = append(types, p.Type)
		}
		out = append(out, m.Name+"("+strings.Join(types, ", ")+")")
	}
	return strings.Join(out, ", ")
}
