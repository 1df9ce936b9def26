package translate

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// applyMapping adds what a Mapping policy says to what is known of a service. What earlier policies said, by name, stays;
// what providers reported does not.
func applyMapping(s config.Schema, said names, m model.Mapping) (config.Schema, error) {
	s = clone(s)
	mapMethods(&s, said, m)
	mapClasses(&s, said, m)
	for _, e := range m.Exceptions {
		if said.first("exception", e.Class, m, e) {
			x, err := exception(e)
			if err != nil {
				return s, err
			}
			s.Exceptions = append(s.Exceptions, x)
		}
	}
	if m.Results != nil && said.first("results", "", m, *m.Results) {
		s.Results = config.Results{Longs: m.Results.Longs, Nulls: m.Results.Nulls, Class: m.Results.Class}
	}
	for _, o := range m.Operations {
		if !said.first("operation", o.Verb+" "+Shape(o.Path), m, o) {
			continue
		}
		op, err := mapOperation(s, o)
		if err != nil {
			return s, fmt.Errorf("operation %s %s: %w", o.Verb, o.Path, err)
		}
		s.Operations = append(s.Operations, op)
	}
	return s, nil
}

// names are what policies have spoken of already: the kind of a thing and its name, and who said what of it.
type names map[string]saying

type saying struct {
	policy string
	what   any
}

func (n names) first(kind, name string, m model.Mapping, what any) bool {
	key := kind + " " + name
	if _, spoken := n[key]; spoken {
		return false
	}
	n[key] = saying{model.PolicyID(m), what}
	return true
}

// overlap tells where a mapping speaks otherwise than those before it of what they have spoken of already.
func (n names) overlap(m model.Mapping) error {
	var errs []error
	note := func(kind, name string, what any, remedy string) {
		if s, spoken := n[kind+" "+name]; spoken && !reflect.DeepEqual(s.what, what) {
			errs = append(errs, fmt.Errorf("%s is said otherwise by %s, which goes before; %s", strings.TrimSpace(kind+" "+name), s.policy, remedy))
		}
	}
	const calls = "what is said here counts for the operations of this policy alone, not for calls of methods"
	for name, list := range overloads(m.Methods) {
		note("method", name, list, calls)
	}
	for name, c := range m.Classes {
		note("class", name, c, calls)
	}
	for _, e := range m.Exceptions {
		note("exception", e.Class, e, calls)
	}
	if m.Results != nil {
		note("results", "", *m.Results, calls)
	}
	for _, o := range m.Operations {
		note("operation", o.Verb+" "+Shape(o.Path), o, "give it another path, or leave it out")
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func overloads(methods []model.MappedMethod) map[string][]model.MappedMethod {
	out := map[string][]model.MappedMethod{}
	for _, m := range methods {
		out[m.Name] = append(out[m.Name], m)
	}
	return out
}

// clone copies what mappings write to.
func clone(s config.Schema) config.Schema {
	s.Methods, s.Operations, s.Exceptions = slices.Clone(s.Methods), slices.Clone(s.Operations), slices.Clone(s.Exceptions)
	s.Classes = maps.Clone(s.Classes)
	return s
}

// mapMethods takes methods over. The overloads that a policy names are all there are of a method.
func mapMethods(s *config.Schema, said names, m model.Mapping) {
	var taken []string
	all := overloads(m.Methods)
	for _, method := range m.Methods {
		if !slices.Contains(taken, method.Name) {
			if !said.first("method", method.Name, m, all[method.Name]) {
				continue
			}
			taken = append(taken, method.Name)
			s.Methods = slices.DeleteFunc(s.Methods, func(known config.Method) bool { return known.Name == method.Name })
		}
		s.Methods = append(s.Methods, method.Schema())
	}
}

// mapClasses takes classes over. A policy that says only how fields are named leaves the fields as they are known.
func mapClasses(s *config.Schema, said names, m model.Mapping) {
	for _, name := range slices.Sorted(maps.Keys(m.Classes)) {
		if !said.first("class", name, m, m.Classes[name]) {
			continue
		}
		c := m.Classes[name]
		class := c.Schema()
		if len(c.Enum) == 0 && len(c.Fields) == 0 {
			class.Enum, class.Fields = s.Classes[name].Enum, s.Classes[name].Fields
		}
		if s.Classes == nil {
			s.Classes = map[string]config.Class{}
		}
		s.Classes[name] = class
	}
}

func exception(e model.MappedException) (config.Exception, error) {
	body, err := jsonText(e.Body)
	if err != nil {
		return config.Exception{}, fmt.Errorf("body of exception %s: %w", e.Class, err)
	}
	return config.Exception{Class: e.Class, Status: int(model.Or(e.Status, 500)), Body: body}, nil
}

// mapOperation completes an operation by what is known of its method.
func mapOperation(s config.Schema, o model.MappedOperation) (config.Operation, error) {
	op := config.Operation{Verb: o.Verb, Path: o.Path, Method: o.Method, Status: int(model.Or(o.Status, 0)), Unwrap: o.Unwrap}
	for _, e := range o.Exceptions {
		x, err := exception(e)
		if err != nil {
			return op, err
		}
		op.Exceptions = append(op.Exceptions, x)
	}
	overloads := slices.DeleteFunc(slices.Clone(s.Methods), func(m config.Method) bool { return m.Name != o.Method })
	var err error
	if len(o.Parameters) == 0 {
		op.Parameters, err = implied(overloads, o)
	} else {
		op.Parameters, err = bindings(overloads, o)
	}
	return op, err
}

// implied binds the parameters of the one method that the operation can mean.
func implied(overloads []config.Method, o model.MappedOperation) (out []config.Binding, err error) {
	switch len(overloads) {
	case 0:
		return nil, nil // a method of which nothing is known is called without arguments
	case 1:
	default:
		return nil, fmt.Errorf("there are %d methods %s; name the parameters, with their types", len(overloads), o.Method)
	}
	variables := variablesOf(o.Path)
	method := overloads[0]
	left := len(slices.DeleteFunc(slices.Clone(method.Parameters), func(p config.Parameter) bool { return slices.Contains(variables, p.Name) }))
	for i, p := range method.Parameters {
		b := config.Binding{Name: p.Name, Type: p.Type}
		switch {
		case slices.Contains(variables, p.Name):
			b.From = config.FromPath
		case slices.Contains([]string{"GET", "HEAD", "DELETE"}, o.Verb):
			b.From = config.FromQuery
		case left == 1:
			b.From, b.Name = config.FromBody, ""
		default:
			b.From = config.FromField
		}
		if b.Name == "" && b.From != config.FromBody {
			return nil, fmt.Errorf("parameter %d of %s has no name; name the operation's parameters", i, o.Method)
		}
		out = append(out, b)
	}
	return out, nil
}

// bindings takes the operation's parameters as they are written, with types from the method where there are none.
func bindings(overloads []config.Method, o model.MappedOperation) (out []config.Binding, err error) {
	fits := slices.DeleteFunc(slices.Clone(overloads), func(m config.Method) bool { return len(m.Parameters) != len(o.Parameters) })
	for i, p := range o.Parameters {
		b := config.Binding{From: p.From, Name: p.Name, Type: p.Type, Required: p.Required}
		if b.Type == "" {
			if len(fits) != 1 {
				return nil, fmt.Errorf("parameter %d has no type, and of %s with %d parameters there are %d; write the type", i, o.Method, len(o.Parameters), len(fits))
			}
			b.Type = fits[0].Parameters[i].Type
		}
		if b.Default, err = jsonText(p.Default); err != nil {
			return nil, fmt.Errorf("default of parameter %d: %w", i, err)
		}
		out = append(out, b)
	}
	return out, nil
}

// jsonText writes a value of a policy as JSON; nil is "".
func jsonText(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	text, err := json.Marshal(v, json.Deterministic(true))
	return string(text), err
}

func variablesOf(path string) (out []string) {
	segments, err := config.ParseTemplate(path)
	if err != nil {
		return nil
	}
	for _, s := range segments {
		if s.Variable != "" {
			out = append(out, s.Variable)
		}
	}
	return out
}
