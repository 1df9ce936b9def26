package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// operation completes an operation with what is known of its method.
func operation(o model.MappedOperation, known []config.Method) (config.Operation, error) {
	out := config.Operation{
		Verb: o.Verb, Path: o.Path, Method: o.Method, Status: int(model.Or(o.Status, 0)), Unwrap: o.Unwrap,
		Parameters: bindings(o.Parameters), Exceptions: exceptions(o.Exceptions),
	}
	var overloads []config.Method
	for _, m := range known {
		if m.Name == o.Method && (len(o.Parameters) == 0 || len(m.Parameters) == len(o.Parameters)) {
			overloads = append(overloads, m)
		}
	}
	if len(o.Parameters) == 0 {
		if len(overloads) == 0 {
			return out, nil // a method without parameters
		}
		var err error
		out.Parameters, err = derive(o, overloads)
		return out, err
	}
	for i := range out.Parameters {
		if out.Parameters[i].Type != "" {
			continue
		}
		if len(overloads) != 1 {
			return out, fmt.Errorf("parameter %d has no type, and %d overloads of %s with %d parameters are known; write type", i, len(overloads), o.Method, len(o.Parameters))
		}
		out.Parameters[i].Type = overloads[0].Parameters[i].Type
	}
	return out, nil
}

// derive says where the parameters of a method come from when the operation does not: from the path where it names them,
// else from the query where there is no body, else the one that is left is the body, and several are its fields.
func derive(o model.MappedOperation, overloads []config.Method) ([]config.Binding, error) {
	if len(overloads) > 1 {
		return nil, fmt.Errorf("%s has %d overloads; write parameters with types", o.Method, len(overloads))
	}
	template, err := config.ParseTemplate(o.Path)
	if err != nil {
		return nil, err
	}
	inPath := func(name string) bool {
		return slices.ContainsFunc(template, func(s config.Segment) bool { return s.Variable == name })
	}
	left := 0
	for _, p := range overloads[0].Parameters {
		if p.Name == "" {
			return nil, errors.New("the names of its parameters are not known; write parameters")
		}
		if !inPath(p.Name) {
			left++
		}
	}
	out := make([]config.Binding, len(overloads[0].Parameters))
	for i, p := range overloads[0].Parameters {
		b := config.Binding{Name: p.Name, Type: p.Type}
		switch {
		case inPath(p.Name):
			b.From = config.FromPath
		case o.Verb == "GET", o.Verb == "HEAD", o.Verb == "DELETE":
			b.From = config.FromQuery
		case left == 1:
			b.From, b.Name = config.FromBody, ""
		default:
			b.From = config.FromField
		}
		out[i] = b
	}
	return out, nil
}
