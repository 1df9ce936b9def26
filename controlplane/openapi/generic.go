package openapi

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Bounds of the components that generic classes may make: Node<T> with a field of type Node<List<T>> has no end.
const (
	maxGeneric      = 200
	maxGenericDepth = 4 // of the argument
)

// component names the component of a class. A generic class with its argument has one of its own, if its fields use one
// type variable: then the argument is what it stands for, as the filter has it.
func (b *builder) component(java config.JavaType, class config.Class) string {
	key := java.String()
	if name, made := b.names[key]; made {
		return name
	}
	_, generic := b.variable(class)
	if !generic || len(java.Args) != 1 || b.instances >= maxGeneric || strings.Count(key, "<") > maxGenericDepth {
		return b.names[java.Name]
	}
	unbound := map[string]bool{}
	if b.variables(java.Args[0], unbound); len(unbound) > 0 {
		return b.names[java.Name]
	}
	b.instances++
	name := unique(b.taken, b.names[java.Name]+"_"+componentName(java.Args[0].String()))
	b.names[key] = name
	b.generic = append(b.generic, java)
	return name
}

// variable returns the only type variable that the fields of a class use. It is false when there is none, or several.
func (b *builder) variable(class config.Class) (string, bool) {
	found := map[string]bool{}
	for _, f := range class.Fields {
		if java, err := config.ParseJavaType(f.Type); err == nil {
			b.variables(java, found)
		}
	}
	for name := range found {
		return name, len(found) == 1
	}
	return "", false
}

func (b *builder) variables(java config.JavaType, found map[string]bool) {
	if b.isVariable(java.Name) {
		found[java.Name] = true
	}
	for _, arg := range java.Args {
		b.variables(arg, found)
	}
}

// isVariable tells T from com.example.T.
func (b *builder) isVariable(name string) bool {
	_, class := b.schema.Classes[name]
	return !class && primitive(name) == nil && !strings.Contains(name, ".")
}

// fieldNode is the schema of a field of a class, with the class's argument for its type variable.
func (b *builder) fieldNode(of config.JavaType, class config.Class, f config.Parameter) *node {
	java, err := config.ParseJavaType(f.Type)
	if err != nil {
		return &node{} // Check has refused it
	}
	if name, generic := b.variable(class); generic && len(of.Args) == 1 {
		java = bind(java, name, of.Args[0])
	}
	return b.javaNode(java)
}

// bind replaces a type variable.
func bind(java config.JavaType, variable string, by config.JavaType) config.JavaType {
	if java.Name == variable {
		by.Dims += java.Dims
		return by
	}
	args := make([]config.JavaType, len(java.Args))
	for i, arg := range java.Args {
		args[i] = bind(arg, variable, by)
	}
	return config.JavaType{Name: java.Name, Args: args, Dims: java.Dims}
}
