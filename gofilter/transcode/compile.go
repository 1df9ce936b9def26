package transcode

import (
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// compiler makes the types of one schema.
type compiler struct {
	def   map[string]config.Class // by Java's own name
	texts map[string]config.JavaType
	types map[string]*javaType // by the type's text
	todo  []todo               // classes whose fields are not made yet
	all   []*class
}

// todo is a class and what its type variables stand for.
type todo struct {
	class *class
	def   config.Class
	args  []config.JavaType
}

func newCompiler(s *config.Schema) *compiler {
	c := &compiler{def: map[string]config.Class{}, texts: map[string]config.JavaType{}, types: map[string]*javaType{}}
	for name, k := range s.Classes {
		if t, err := config.ParseJavaType(name); err == nil {
			c.def[t.Name] = k
		}
	}
	return c
}

func (c *compiler) method(def *config.Method) *method {
	m := &method{def: def, params: make([]*javaType, len(def.Parameters))}
	for i, p := range def.Parameters {
		m.params[i] = c.text(p.Type)
	}
	return m
}

// text is the type of a text that config.Schema.Check has accepted.
func (c *compiler) text(text string) *javaType {
	return c.top(c.resolve(c.parse(text), nil, config.JavaType{Name: objectName}))
}

// parse reads a type's text once; most occur often.
func (c *compiler) parse(text string) config.JavaType {
	t, ok := c.texts[text]
	if !ok {
		t, _ = config.ParseJavaType(text)
		c.texts[text] = t
	}
	return t
}

// top makes a type and the fields of all classes that it leads to.
func (c *compiler) top(t config.JavaType) *javaType {
	made := c.javaType(t, 0)
	for len(c.todo) > 0 {
		next := c.todo[0]
		c.todo = c.todo[1:]
		c.fields(next)
	}
	return made
}

// resolve replaces type variables by what they stand for, those not in env by other.
func (c *compiler) resolve(t config.JavaType, env map[string]config.JavaType, other config.JavaType) config.JavaType {
	out := config.JavaType{Name: t.Name, Dims: t.Dims}
	if c.variable(t.Name) {
		bound, ok := env[t.Name]
		if !ok {
			bound = other
		}
		bound.Dims += t.Dims
		return bound
	}
	for _, arg := range t.Args {
		out.Args = append(out.Args, c.resolve(arg, env, other))
	}
	return out
}

// variable reports whether a name is that of a type variable: T rather than com.example.T.
func (c *compiler) variable(name string) bool {
	_, class := c.def[name]
	return !class && builtins[name] == nil && !strings.Contains(name, ".") && name != nothing
}

// nothing is the name of a type of which nothing is known.
const nothing = "?"

func unknown(name string) *javaType {
	return &javaType{base: otherType, name: name, desc: descriptor(name)}
}

// Bounds of what classes with type variables may lead to: how deep, and how many.
const (
	maxInstances = 16
	maxClasses   = 20_000
)

func (c *compiler) javaType(t config.JavaType, depth int) *javaType {
	key := t.String()
	if known := c.types[key]; known != nil {
		return known
	}
	var made *javaType
	switch {
	case t.Dims > 0:
		element := t
		element.Dims--
		if made = builtins[key]; made == nil {
			made = c.javaType(element, depth).array()
		}
	case builtins[t.Name] != nil:
		made = c.builtin(t, depth)
	default:
		return c.class(t, key, depth)
	}
	c.types[key] = made
	return made
}

// builtin is a type of Java's library with its generic arguments.
func (c *compiler) builtin(t config.JavaType, depth int) *javaType {
	made := *builtins[t.Name]
	switch {
	case made.base == collectionType && len(t.Args) == 1:
		made.elem = c.javaType(t.Args[0], depth+1)
	case made.base == mapType && len(t.Args) == 2:
		made.key, made.elem = c.javaType(t.Args[0], depth+1), c.javaType(t.Args[1], depth+1)
		if b := made.key.base; b == bytesType || b >= arrayType && b != enumType && b < numberType {
			return unknown(t.Name) // such keys have no text
		}
	default:
		return builtins[t.Name]
	}
	return &made
}

// class is an object's or enum's type. What begins with java is known to be what it is in this package or not at all:
// classes of the library have no fields that could be relied on.
func (c *compiler) class(t config.JavaType, key string, depth int) *javaType {
	def, ok := c.def[t.Name]
	library := strings.HasPrefix(t.Name, "java.") || strings.HasPrefix(t.Name, "javax.")
	made := unknown(t.Name)
	c.types[key] = made
	if !ok || library && len(def.Enum) == 0 || depth+nesting(t) > maxInstances || len(c.all) > maxClasses {
		return made
	}
	k := &class{name: t.Name}
	made.class = k
	c.all = append(c.all, k)
	if len(def.Enum) > 0 {
		made.base, k.enum, k.fields = enumType, def.Enum, []field{{name: "name"}}
		return made
	}
	made.base = objectType
	c.todo = append(c.todo, todo{k, def, t.Args})
	return made
}

func nesting(t config.JavaType) int {
	most := 0
	for _, arg := range t.Args {
		most = max(most, 1+nesting(arg))
	}
	return most
}

// fields makes the fields of a class. The generic arguments stand for its type variables in the order in which the fields
// first use them, if there are as many; else it is not known which is which.
func (c *compiler) fields(t todo) {
	types := make([]config.JavaType, len(t.def.Fields))
	var variables []string
	for i, f := range t.def.Fields {
		types[i] = c.parse(f.Type)
		variables = c.variables(types[i], variables)
	}
	env := map[string]config.JavaType{}
	other := config.JavaType{Name: objectName}
	switch {
	case len(t.args) == 0:
	case len(t.args) == len(variables):
		for i, name := range variables {
			env[name] = t.args[i]
		}
	default:
		other.Name = nothing
	}
	t.class.byJSON = make(map[string]int, len(t.def.Fields))
	t.class.fields = make([]field, len(t.def.Fields))
	for i, f := range t.def.Fields {
		t.class.byJSON[t.def.JSONName(f.Name)] = i
		t.class.fields[i] = field{f.Name, c.javaType(c.resolve(types[i], env, other), 0)}
	}
}

// variables adds the type variables in t to those that are known.
func (c *compiler) variables(t config.JavaType, known []string) []string {
	if c.variable(t.Name) && !slices.Contains(known, t.Name) {
		known = append(known, t.Name)
	}
	for _, arg := range t.Args {
		known = c.variables(arg, known)
	}
	return known
}

// settle finds the classes that lead to something unknown, or have a float: Dubbo 3.3.6 reads it wrongly in a typed call
// and overwrites the fields beside it.
func (c *compiler) settle() {
	for changed := true; changed; {
		changed = false
		for _, k := range c.all {
			for _, f := range k.fields {
				if !k.opaque && f.typ != nil && (f.typ.opaque() || f.typ.base == floatType && !f.typ.boxed) {
					k.opaque, changed = true, true
				}
			}
		}
	}
}
