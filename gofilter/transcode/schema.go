package transcode

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Schema is what is known of a service, ready for use. Calls read it at the same time; it never changes.
type Schema struct {
	id         string
	def        config.Schema
	methods    map[string][]*method // overloads in the schema's order
	classes    map[string]*class    // by Java's own name
	operations []*operation
	returns    map[signature]*Type
	answers    *answers
}

// NewSchema makes a schema ready for use. The error tells all that is wrong with it.
func NewSchema(def config.Schema) (*Schema, error) {
	if err := def.Check(); err != nil {
		return nil, err
	}
	return compile(def), nil
}

// compile makes a schema of a definition that has been checked.
func compile(def config.Schema) *Schema {
	s := &Schema{id: def.ID(), def: def, methods: map[string][]*method{}, classes: map[string]*class{}}
	s.answers = newAnswers(&s.def)
	c := newCompiler(&s.def)
	for i := range s.def.Methods {
		m := c.method(&s.def.Methods[i])
		s.methods[m.def.Name] = append(s.methods[m.def.Name], m)
	}
	for name := range s.def.Classes {
		if t := c.text(name); t.class != nil && t.base == objectType {
			s.classes[t.name] = t.class
		}
	}
	for i := range s.def.Operations {
		s.operations = append(s.operations, c.operation(s, &s.def.Operations[i]))
	}
	c.makeReturns(s)
	c.settle()
	for _, overloads := range s.methods {
		for _, m := range overloads {
			m.typed, m.named = typed(m.params), byName(m)
		}
	}
	for _, o := range s.operations {
		o.method.typed = typed(o.method.params)
	}
	return s
}

// ID is the schema's ID, as config.Schema.ID gives it.
func (s *Schema) ID() string { return s.id }

// class finds a class by its Java name. It is nil without a schema.
func (s *Schema) class(name []byte) *class {
	if s == nil {
		return nil
	}
	return s.classes[string(name)]
}

// overloads are the methods of a name. There are none without a schema.
func (s *Schema) overloads(name []byte) []*method {
	if s == nil {
		return nil
	}
	return s.methods[string(name)]
}

// operation is the one with this index in decimal, nil when there is none.
func (s *Schema) operation(index []byte) *operation {
	if i, ok := parseInt(index); s != nil && ok && i >= 0 && i < int64(len(s.operations)) {
		return s.operations[i]
	}
	return nil
}

// method is one overload of a method.
type method struct {
	def    *config.Method
	params []*javaType
	named  []binding // its parameters by their names, nil when they have none
	typed  bool      // all that its arguments consist of is known, so that they can be written as their Java caller would
}

// String is the method as Java declares it: find(long, java.lang.String).
func (m *method) String() string {
	names := make([]string, len(m.params))
	for i, t := range m.params {
		names[i] = t.name
	}
	return m.def.Name + "(" + strings.Join(names, ", ") + ")"
}

// takes reports whether the method has exactly these parameters.
func (m *method) takes(types []*javaType) bool {
	if len(types) != len(m.params) {
		return false
	}
	for i, t := range types {
		if t.desc != m.params[i].desc {
			return false
		}
	}
	return true
}

func typed(types []*javaType) bool {
	for _, t := range types {
		if t.opaque() {
			return false
		}
	}
	return true
}

// opaque reports whether something in values of the type is not known, or only a generic call can carry it: what is
// smaller than an int or a double has no form of its own in Hessian, and in a collection nothing on the
// provider's side says what it should be.
func (t *javaType) opaque() bool {
	switch t.base {
	case arrayType:
		return t.elem.opaque()
	case collectionType:
		return t.elem.opaque() || t.elem.small()
	case mapType:
		return t.key.opaque() || t.elem.opaque() || t.key.small() || t.elem.small()
	case objectType:
		return t.class.opaque
	}
	return t.base == otherType
}

func (t *javaType) small() bool {
	return t.base == byteType || t.base == charType || t.base == shortType || t.base == floatType
}
