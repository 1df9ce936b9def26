package registry

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// maxDefinition is the largest definition that is read, in bytes. Parsing the worst YAML of this size takes some
// seconds, which holds up other definitions and nothing else.
const maxDefinition = 64 << 10

// The fields of a definition, in the order of the documentation.
var (
	definitionFields = []string{"group", "version", "methods", "classes"}
	methodFields     = []string{"name", "parameters", "returns", "oneWay", "invoke"}
	parameterFields  = []string{"name", "type"}
	classFields      = []string{"enum", "fields", "naming"}
)

// parseDefinition reads a definition that was written by hand:
//
//	<prefix>/definitions/<service>          the only one, or the one for every group and version without one of their own
//	<prefix>/definitions/<service>/<name>   one of several, told apart by their group and version
//
// key is what follows "<prefix>/definitions/". The value has the members "methods" and "classes" of config.Schema; types
// may stand alone where names are not known, and fields may be a mapping from name to type.
func parseDefinition(key string, value []byte) (record, error) {
	service, name, named := strings.Cut(key, "/")
	if strings.Contains(name, "/") {
		return record{}, errors.New("a definition's key is …/definitions/<service> or …/definitions/<service>/<name>")
	}
	service, err := segment(service, "service name")
	if err != nil {
		return record{}, err
	}
	if named {
		if _, err := segment(name, "name"); err != nil {
			return record{}, err
		}
	}
	node, err := document.Parse(value, maxDefinition)
	if err != nil {
		return record{}, err
	}
	d := model.Definition{Service: service}
	if err := setDefinition(&d, node); err != nil {
		return record{}, firstLine(err)
	}
	s, err := newShape(d)
	if err != nil {
		return record{}, err
	}
	return record{service: service, shape: s}, nil
}

// setDefinition reads the mapping that describes a service. All its mistakes are in the error.
func setDefinition(d *model.Definition, node ast.Node) error {
	all, err := fields(node)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range all {
		var err error
		switch f.name {
		case "group":
			d.Group, err = f.text()
		case "version":
			d.Version, err = f.text()
		case "methods":
			d.Methods, err = each(f, parseMethod)
		case "classes":
			d.Classes, err = parseClasses(f.value)
		default:
			err = f.unknown(definitionFields)
		}
		errs = append(errs, err)
	}
	if len(d.Methods) == 0 && errors.Join(errs...) == nil {
		errs = append(errs, document.Errorf(node, "methods is missing; write at least one, such as {name: hello, parameters: [java.lang.String]}"))
	}
	return errors.Join(errs...)
}

// each reads the elements of a list.
func each[T any](f field, parse func(ast.Node) (T, error)) ([]T, error) {
	if _, null := f.value.(*ast.NullNode); null || f.value == nil {
		return nil, nil
	}
	list, ok := f.value.(*ast.SequenceNode)
	if !ok {
		return nil, document.Errorf(f.value, "%s must be a list, found %s", f.name, document.Describe(f.value))
	}
	out := make([]T, 0, len(list.Values))
	var errs []error
	for _, n := range list.Values {
		item, err := parse(n)
		out, errs = append(out, item), append(errs, err)
	}
	return out, errors.Join(errs...)
}

func parseMethod(node ast.Node) (m config.Method, err error) {
	all, err := fields(node)
	errs := []error{err}
	for _, f := range all {
		var err error
		switch f.name {
		case "name":
			m.Name, err = f.text()
		case "parameters":
			m.Parameters, err = each(f, parseParameter)
		case "returns":
			m.Returns, err = f.javaType()
		case "oneWay":
			m.OneWay, err = f.yes()
		case "invoke":
			m.Invoke, err = f.oneOf([]string{"typed", "generic"})
		default:
			err = f.unknown(methodFields)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return m, err
	}
	if m.Name == "" {
		return m, document.Errorf(node, "name is missing; write the method's")
	}
	return m, nil
}

// parseParameter reads {name: id, type: long}, or the type alone.
func parseParameter(node ast.Node) (p config.Parameter, err error) {
	if _, alone := document.Scalar(node); alone {
		p.Type, err = field{name: "type", key: node, value: node}.javaType()
		return p, err
	}
	all, err := fields(node)
	errs := []error{err}
	for _, f := range all {
		var err error
		switch f.name {
		case "name":
			p.Name, err = f.text()
		case "type":
			p.Type, err = f.javaType()
		default:
			err = f.unknown(parameterFields)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return p, err
	}
	if p.Type == "" {
		return p, document.Errorf(node, "type is missing; write a Java type such as long or java.util.List<com.example.User>")
	}
	return p, nil
}
