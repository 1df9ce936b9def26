package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of a schema: a Java method has at most 255 parameters; the others are far above what exists.
const (
	maxParameters = 255
	maxFields     = 4096
)

// checker gathers what is wrong with a schema.
type checker struct {
	errs  []error
	types map[string]bool // texts that are types
}

func (c *checker) fail(path, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("schema: %s: %s", path, fmt.Sprintf(format, args...)))
}

func (c *checker) schema(s *Schema) {
	if !javaName(s.Service) {
		c.fail("service", "%q is no Java interface; write a name such as com.example.Hello", s.Service)
	}
	overloads := map[string]string{}
	for i := range s.Methods {
		path := fmt.Sprintf("methods[%d]", i)
		c.method(path, &s.Methods[i])
		key := signature(&s.Methods[i])
		if other, ok := overloads[key]; ok {
			c.fail(path, "%s is the same method as %s; leave one out", key, other)
		}
		overloads[key] = path
	}
	for _, name := range slices.Sorted(maps.Keys(s.Classes)) {
		c.class("classes["+name+"]", name, s.Classes[name])
	}
	mapped := map[string]string{}
	for i := range s.Operations {
		path := fmt.Sprintf("operations[%d]", i)
		c.operation(path, &s.Operations[i])
		key := s.Operations[i].Verb + " " + pattern(s.Operations[i].Path)
		if other, ok := mapped[key]; ok {
			c.fail(path, "%s %s matches the same requests as %s; leave one out", s.Operations[i].Verb, s.Operations[i].Path, other)
		}
		mapped[key] = path
	}
	c.exceptions("exceptions", s.Exceptions)
	c.oneOf("results.longs", s.Results.Longs, "number", "string")
	c.oneOf("results.nulls", s.Results.Nulls, "keep", "drop")
}

// signature is a method's name and erased types, which tell overloads apart.
func signature(m *Method) string {
	types := make([]string, len(m.Parameters))
	for i, p := range m.Parameters {
		types[i] = p.Type
		if t, err := ParseJavaType(p.Type); err == nil {
			types[i] = t.Erased()
		}
	}
	return m.Name + "(" + strings.Join(types, ", ") + ")"
}

// pattern is a path template without the names of its variables.
func pattern(path string) string {
	segments, err := ParseTemplate(path)
	if err != nil {
		return path
	}
	var out strings.Builder
	for _, s := range segments {
		switch {
		case s.Rest:
			out.WriteString("/{**}")
		case s.Variable != "":
			out.WriteString("/{*}")
		default:
			out.WriteString("/" + s.Literal)
		}
	}
	return out.String()
}

func (c *checker) method(path string, m *Method) {
	if !identifier(m.Name) {
		c.fail(path+".name", "%q is no name of a Java method", m.Name)
	}
	c.oneOf(path+".invoke", m.Invoke, "typed", "generic")
	c.count(path+".parameters", len(m.Parameters), maxParameters)
	c.members(path+".parameters", m.Parameters, false)
	if m.Returns != "" {
		c.javaType(path+".returns", m.Returns)
	}
}

// members checks parameters, or fields, which have names.
func (c *checker) members(path string, list []Parameter, named bool) {
	seen := map[string]bool{}
	for i, p := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.javaType(at+".type", p.Type)
		switch {
		case p.Name == "" && !named:
		case !identifier(p.Name):
			c.fail(at+".name", "%q is no Java name", p.Name)
		case seen[p.Name]:
			c.fail(at+".name", "%s occurs twice", p.Name)
		}
		seen[p.Name] = true
	}
}

func (c *checker) class(path, name string, k Class) {
	if !javaName(name) {
		c.fail(path, "%q is no Java class", name)
	}
	if len(k.Enum) > 0 && len(k.Fields) > 0 {
		c.fail(path, "a class has either enum or fields")
	}
	constants := map[string]bool{}
	for i, constant := range k.Enum {
		switch {
		case !identifier(constant):
			c.fail(fmt.Sprintf("%s.enum[%d]", path, i), "%q is no Java name", constant)
		case constants[constant]:
			c.fail(fmt.Sprintf("%s.enum[%d]", path, i), "%s occurs twice", constant)
		}
		constants[constant] = true
	}
	c.count(path+".fields", len(k.Fields), maxFields)
	c.members(path+".fields", k.Fields, true)
	c.naming(path, k)
}

// naming checks that JSON names belong to fields and that no two fields have the same.
func (c *checker) naming(path string, k Class) {
	owner := map[string]string{}
	fields := map[string]bool{}
	for _, f := range k.Fields {
		fields[f.Name] = true
		name := k.JSONName(f.Name)
		if first, ok := owner[name]; ok && first != f.Name {
			c.fail(path+".naming", "fields %s and %s are both named %q in JSON", first, f.Name, name)
		}
		owner[name] = f.Name
	}
	for _, field := range slices.Sorted(maps.Keys(k.Naming)) {
		switch name := k.Naming[field]; {
		case !fields[field]:
			c.fail(path+".naming["+field+"]", "there is no field %q", field)
		case name == "" || !utf8.ValidString(name):
			c.fail(path+".naming["+field+"]", "%q is no JSON name", name)
		}
	}
}

func (c *checker) exceptions(path string, list []Exception) {
	for i, e := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !javaName(e.Class) {
			c.fail(at+".class", "%q is no Java class", e.Class)
		}
		if e.Status < 200 || e.Status > 599 {
			c.fail(at+".status", "%d is not from 200 to 599", e.Status)
		}
		if e.Body != "" && !jsontext.Value(e.Body).IsValid() {
			c.fail(at+".body", "it is no JSON text")
		}
	}
}

func (c *checker) javaType(path, text string) {
	if c.types[text] {
		return
	}
	if _, err := ParseJavaType(text); err != nil {
		c.fail(path, "%v", err)
		return
	}
	c.types[text] = true
}

func (c *checker) count(path string, n, most int) {
	if n > most {
		c.fail(path, "%d of them; at most %d are possible", n, most)
	}
}

func (c *checker) oneOf(path, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		c.fail(path, "%q is not known; write %s", value, strings.Join(allowed, " or "))
	}
}

// identifier reports whether s is a Java name without dots.
func identifier(s string) bool { return javaName(s) && !strings.Contains(s, ".") }
