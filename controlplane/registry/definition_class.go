package registry

import (
	"errors"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// parseClasses reads a mapping from class names to their shapes.
func parseClasses(node ast.Node) (map[string]config.Class, error) {
	all, err := fields(node)
	if err != nil {
		return nil, err
	}
	classes := make(map[string]config.Class, len(all))
	var errs []error
	for _, f := range all {
		java, err := config.ParseJavaType(f.name)
		if err != nil || java.String() != java.Name {
			errs = append(errs, document.Errorf(f.key, "%s is no class; write a name such as com.example.User", document.Quote(f.name)))
			continue
		}
		c, err := parseClass(f.value)
		classes[java.Name] = c
		errs = append(errs, err)
	}
	return classes, errors.Join(errs...)
}

func parseClass(node ast.Node) (c config.Class, err error) {
	all, err := fields(node)
	errs := []error{err}
	for _, f := range all {
		var err error
		switch f.name {
		case "enum":
			c.Enum, err = each(f, func(n ast.Node) (string, error) { return field{name: "enum", key: n, value: n}.text() })
		case "fields":
			c.Fields, err = parseClassFields(f)
		case "naming":
			c.Naming, err = f.labels()
		default:
			err = f.unknown(classFields)
		}
		errs = append(errs, err)
	}
	return c, errors.Join(errs...)
}

// parseClassFields reads {id: long, name: java.lang.String}, or a list of {name: id, type: long}.
func parseClassFields(f field) ([]config.Parameter, error) {
	if _, list := f.value.(*ast.SequenceNode); list {
		return each(f, parseParameter)
	}
	all, err := fields(f.value)
	if err != nil {
		return nil, err
	}
	out := make([]config.Parameter, 0, len(all))
	var errs []error
	for _, one := range all {
		text, err := one.javaType()
		out, errs = append(out, config.Parameter{Name: one.name, Type: text}), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// javaType reads a field that is a Java type, and spells it as the filter does.
func (f field) javaType() (string, error) {
	text, err := f.text()
	if err != nil {
		return "", err
	}
	java, err := config.ParseJavaType(text)
	if err != nil {
		return "", document.Errorf(f.value, "%s %v", f.name, err)
	}
	return java.String(), nil
}

// yes reads a field that is true or false.
func (f field) yes() (bool, error) {
	word, err := f.oneOf([]string{"true", "false"})
	return word == "true", err
}
