package policy

import (
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
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
	for i, o := range m.Operations {
		d.operation(indexed("operations", i), o, m.Methods)
	}
}

// operation checks what an operation leaves to the methods of the mapping.
func (d *decoder) operation(path string, o model.MappedOperation, methods []model.MappedMethod) {
	var overloads, fitting []model.MappedMethod
	for _, m := range methods {
		if m.Name == o.Method {
			overloads = append(overloads, m)
			if len(m.Parameters) == len(o.Parameters) {
				fitting = append(fitting, m)
			}
		}
	}
	switch {
	case len(o.Parameters) > 0:
		for j, b := range o.Parameters {
			switch at := indexed(path+".parameters", j); {
			case b.Type != "" || len(fitting) == 1:
			case len(overloads) == 0:
				d.warn(at, "its type is taken from the provider's metadata; write type if there is none")
			default:
				d.wrong(at, "it has no type, and methods has %d times %s with %d parameters; write type", len(fitting), o.Method, len(o.Parameters))
			}
		}
	case len(overloads) == 0 && strings.Contains(o.Path, "{"):
		d.wrong(path, "{…} in the path go nowhere: write parameters, or %s and its parameters in methods", o.Method)
	case len(overloads) > 1:
		d.wrong(path, "methods has %d times %s; write parameters, with types", len(overloads), o.Method)
	case len(overloads) == 1 && slices.ContainsFunc(overloads[0].Parameters, func(p model.MappedParameter) bool { return p.Name == "" }):
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
