package transcode

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Values turns Hessian values into JSON and JSON into Hessian by the rules of a Call, for callers that have one
// without the other: package rest. The zero value is ready; it is used by one goroutine at a time and keeps its buffers.
type Values struct {
	from  result
	to    arguments
	types typeList
}

// Arguments says how Values.Array reads the arguments of a call.
type Arguments struct {
	MaxBytes   int     // of the JSON; a small input may not even become so large
	Descriptor string  // the JVM descriptor of the parameters, "" when it is not known: floats come as doubles
	Schema     *Schema // nil for none: names of fields, and which objects are enums
	DropClass  bool    // leave the entry "class" of maps out, with which generic callers name what a map stands for
}

// Array returns the values that data holds one behind the other as a JSON array, valid until the next call of
// Array. The error says where data is wrong.
func (v *Values) Array(data []byte, how Arguments) ([]byte, error) {
	d := &v.from
	d.reset()
	d.begin(data, how.MaxBytes, &head{}, false)
	d.dropClass = how.DropClass
	if how.Schema != nil {
		d.answers = how.Schema.answers
	}
	v.types.reset()
	if !v.types.descriptors([]byte(how.Descriptor)) {
		v.types.reset() // whatever it is, it says nothing of floats
	}
	d.out = append(d.out, '[')
	for i := 0; d.r.Offset() < len(data); i++ {
		if i > 0 {
			d.out = append(d.out, ',')
		}
		d.single = i < len(v.types.types) && isFloat(v.types.types[i].name)
		if err := d.value(); err != nil {
			return nil, err
		}
	}
	d.out = append(d.out, ']')
	return d.out, d.room(0)
}

// AppendValue appends the one value of a JSON text to dst as Hessian: as a t, or by the value's own form when t is nil.
// Generic says that the consumer knows no classes: objects become maps with their class as an entry, and enums text, as
// providers send them. The error says where the text
// is wrong.
func (v *Values) AppendValue(dst, text []byte, t *Type, generic bool) ([]byte, error) {
	a := &v.to
	out, f := a.alone(dst, text, t, generic)
	if f != nil && a.varied {
		out, f = a.alone(dst, text, nil, generic)
	}
	if f != nil {
		return dst, &ValueError{strings.TrimPrefix(f.detail, "argument 0, ")}
	}
	return out, nil
}

// alone writes a value behind dst.
func (a *arguments) alone(dst, text []byte, t *Type, generic bool) ([]byte, *fault) {
	a.reset()
	a.w.Reset(dst)
	defer func() { a.w.Reset(nil) }()
	java := anyJava
	if t != nil {
		java, a.schema = t.java, t.schema
	}
	a.generic, a.result, a.count = generic, true, 1
	a.read(text)
	f := a.value(java, 0)
	if f == nil {
		f = a.complete()
	}
	if f == nil {
		f = a.atEnd()
	}
	return a.w.Buf, f
}

// ValueError says why a JSON text is no value of the type wanted, and where.
type ValueError struct{ Reason string }

// Error gives the reason.
func (e *ValueError) Error() string { return e.Reason }

// Quote appends s, which is UTF-8, to dst as a JSON string.
func Quote[T string | []byte](dst []byte, s T) []byte { return appendQuoted(dst, s) }

// Type is the Java type that a method of a schema returns.
type Type struct {
	name   string
	java   *javaType
	schema *Schema
}

// Name is the type as the schema has it, with its generic arguments.
func (t *Type) Name() string { return t.name }

// signature tells methods apart for what they return.
type signature struct {
	method string
	arity  int
}

// makeReturns finds what the methods of s return. Overloads with as many parameters that differ in it return nothing
// that is known.
func (c *compiler) makeReturns(s *Schema) {
	s.returns = map[signature]*Type{}
	for _, m := range s.def.Methods {
		key := signature{m.Name, len(m.Parameters)}
		switch other, taken := s.returns[key]; {
		case taken && (other == nil || other.name != m.Returns):
			s.returns[key] = nil
		case m.Returns == "void":
			s.returns[key] = &Type{m.Returns, anyJava, s}
		case m.Returns != "":
			s.returns[key] = &Type{m.Returns, c.text(m.Returns), s}
		default:
			s.returns[key] = nil
		}
	}
}

// Returns is the type that a method with that many parameters returns, nil when it is not known.
func (s *Schema) Returns(method string, arity int) *Type { return s.returns[signature{method, arity}] }

// Def is what the schema was made of. It must not be changed.
func (s *Schema) Def() *config.Schema { return &s.def }

// Template is the path of the operation with this index. It must not be changed.
func (s *Schema) Template(operation int) []config.Segment { return s.operations[operation].segments }
