package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// reported are the types that a report describes.
type reported struct {
	report *report
	shapes map[string]*typeDefinition // those with fields or constants, by Java name
	order  []string                   // their names, sorted
}

// gather finds the types with a shape. Dubbo 2.7 nests them in each other, Dubbo 3 lists them all.
func (r *report) gather() *reported {
	out := &reported{report: r, shapes: map[string]*typeDefinition{}}
	for i := range r.Types {
		out.add(&r.Types[i])
	}
	for i := range r.Methods {
		for j := range r.Methods[i].Parameters {
			out.add(&r.Methods[i].Parameters[j])
		}
	}
	out.order = slices.Sorted(maps.Keys(out.shapes))
	return out
}

// add takes a type and those inside it. Of two descriptions of the same class the larger counts: Dubbo 2.7 cuts the
// recursion of a class that contains itself with an empty one.
func (t *reported) add(d *typeDefinition) {
	if d == nil { // null in the JSON
		return
	}
	for i := range d.Items {
		t.add(&d.Items[i])
	}
	for name := range d.Properties {
		t.add(d.Properties[name])
	}
	java, err := config.ParseJavaType(d.Type)
	if err != nil || java.Dims > 0 || len(d.constants())+len(d.Properties) == 0 {
		return
	}
	if len(d.constants()) == 0 && builtIn(java.Name) {
		return
	}
	if other := t.shapes[java.Name]; other == nil || len(other.Properties) < len(d.Properties) {
		t.shapes[java.Name] = d
	}
}

// builtIn reports whether a class belongs to Java: what its private fields are is nobody's business, because Hessian
// and the filter know how to write it.
func builtIn(name string) bool {
	for _, prefix := range []string{"java.", "javax.", "jdk.", "sun."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// classes returns the shapes as the filter takes them.
func (t *reported) classes() (map[string]config.Class, error) {
	out := make(map[string]config.Class, len(t.order))
	for _, name := range t.order {
		d := t.shapes[name]
		if constants := d.constants(); len(constants) > 0 {
			out[name] = config.Class{Enum: constants}
			continue
		}
		var fields []config.Parameter
		for _, field := range slices.Sorted(maps.Keys(d.Properties)) {
			text, err := t.typeOf(d.Properties[field])
			if err != nil {
				return nil, fmt.Errorf("field %s of %s: %w", document.Quote(field), name, err)
			}
			fields = append(fields, config.Parameter{Name: field, Type: text})
		}
		out[name] = config.Class{Fields: fields}
	}
	return out, nil
}

// typeOf is the Java type of a field.
func (t *reported) typeOf(d *typeDefinition) (string, error) {
	d = t.report.resolve(d)
	if d == nil || d.Type == "" {
		return object, nil // a reference that leads nowhere: its values speak for themselves
	}
	java, err := readType(d.Type) // with the class's type variables, for which a Mapping may have arguments
	return java.String(), err
}

// method returns a method as the filter takes it.
func (t *reported) method(m *methodDefinition) (config.Method, error) {
	out := config.Method{Name: m.Name}
	for i, text := range m.ParameterTypes {
		java, err := t.javaType(text)
		if err == nil {
			err = declared(text)
		}
		if err != nil {
			return out, fmt.Errorf("parameter %d of method %s: %w", i, document.Quote(m.Name), err)
		}
		out.Parameters = append(out.Parameters, config.Parameter{Type: java.String()})
	}
	if m.ReturnType == "" {
		return out, nil
	}
	java, err := t.javaType(m.ReturnType)
	if err != nil {
		return out, fmt.Errorf("result of method %s: %w", document.Quote(m.Name), err)
	}
	out.Returns = awaited(java)
	return out, nil
}

// compareMethods orders methods by name, number of parameters and their erased types, which tell overloads apart.
func compareMethods(a, b config.Method) int {
	return cmp.Or(
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(len(a.Parameters), len(b.Parameters)),
		slices.CompareFunc(a.Parameters, b.Parameters, func(a, b config.Parameter) int { return cmp.Compare(erased(a.Type), erased(b.Type)) }),
	)
}
