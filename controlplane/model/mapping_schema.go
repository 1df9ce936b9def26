package model

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// Schema is the method as the filter knows it.
func (m MappedMethod) Schema() config.Method {
	return config.Method{Name: m.Name, Parameters: schemaParameters(m.Parameters), Returns: m.Returns, OneWay: m.OneWay}
}

// Schema is the class as the filter knows it.
func (c MappedClass) Schema() config.Class {
	return config.Class{Enum: c.Enum, Fields: schemaParameters(c.Fields), Naming: c.Naming}
}

func schemaParameters(list []MappedParameter) (out []config.Parameter) {
	for _, p := range list {
		out = append(out, config.Parameter{Name: p.Name, Type: p.Type})
	}
	return out
}
