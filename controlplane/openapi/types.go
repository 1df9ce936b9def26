package openapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func of(name string) *node              { return &node{Type: name} }
func formatted(name, form string) *node { return &node{Type: name, Format: form} }
func pointer[T any](v T) *T             { return &v }

func ranged(low, high int) *node {
	return &node{Type: "integer", Minimum: &low, Maximum: &high}
}

// lists are the types whose JSON is an array of what their argument says.
var lists = []string{
	"java.lang.Iterable", "java.util.Collection", "java.util.List", "java.util.ArrayList", "java.util.LinkedList", "java.util.Vector",
	"java.util.Set", "java.util.HashSet", "java.util.LinkedHashSet", "java.util.SortedSet", "java.util.NavigableSet", "java.util.TreeSet",
	"java.util.EnumSet", "java.util.Queue", "java.util.Deque", "java.util.ArrayDeque", "java.util.PriorityQueue", "java.util.Stack",
	"java.util.concurrent.CopyOnWriteArrayList", "java.util.concurrent.CopyOnWriteArraySet", "java.util.stream.Stream",
}

// dictionaries are the types whose JSON is an object of what their second argument says.
var dictionaries = []string{
	"java.util.Map", "java.util.HashMap", "java.util.LinkedHashMap", "java.util.SortedMap", "java.util.NavigableMap", "java.util.TreeMap",
	"java.util.EnumMap", "java.util.Hashtable", "java.util.Properties", "java.util.concurrent.ConcurrentMap", "java.util.concurrent.ConcurrentHashMap",
}

// primitive is the schema of a type that is never null, nil for any other.
func primitive(name string) *node {
	switch name {
	case "boolean":
		return of("boolean")
	case "byte":
		return ranged(-128, 127)
	case "short":
		return ranged(-32768, 32767)
	case "int":
		return formatted("integer", "int32")
	case "long":
		return formatted("integer", "int64")
	case "float":
		return formatted("number", "float")
	case "double":
		return formatted("number", "double")
	case "char":
		return &node{Type: "string", MinLength: pointer(1), MaxLength: pointer(1)}
	case "void":
		return of("null")
	}
	return nil
}

var boxes = map[string]string{
	"java.lang.Boolean": "boolean", "java.lang.Byte": "byte", "java.lang.Short": "short", "java.lang.Integer": "int", "java.lang.Long": "long",
	"java.lang.Float": "float", "java.lang.Double": "double", "java.lang.Character": "char", "java.lang.Void": "void",
}

// value is the schema of a class of Java itself that is one JSON value, nil for any other.
func value(name string) *node {
	switch name {
	case "java.lang.String", "java.lang.CharSequence":
		return of("string")
	case "java.util.UUID":
		return formatted("string", "uuid")
	case "java.util.Locale", "java.util.Currency", "java.net.URI", "java.io.File", "java.lang.Class":
		return of("string")
	case "java.time.LocalDate":
		return formatted("string", "date")
	case "java.util.Date", "java.util.Calendar", "java.sql.Timestamp", "java.sql.Date", "java.sql.Time", "java.time.Instant":
		return formatted("string", "date-time")
	case "java.math.BigDecimal":
		return &node{Type: []string{"number", "string"}}
	case "java.math.BigInteger":
		return &node{Type: []string{"integer", "string"}}
	case "java.lang.Number":
		return of("number")
	}
	if strings.HasPrefix(name, "java.time.") { // as its toString, which not every zone or fraction makes a format of RFC 3339
		return of("string")
	}
	return primitive(boxes[name])
}

// node returns the schema of a Java type: nullable, where Java has it so.
func (b *builder) node(text string) *node {
	java, err := config.ParseJavaType(text)
	if err != nil {
		return &node{} // Check has refused it
	}
	return b.javaNode(java)
}

// present is the schema of a type that is not null here.
func (b *builder) present(text string) *node {
	java, err := config.ParseJavaType(text)
	if err != nil {
		return &node{}
	}
	return b.plain(java)
}

func (b *builder) javaNode(java config.JavaType) *node {
	n := b.plain(java)
	if java.Dims == 0 && primitive(java.Name) != nil {
		return n
	}
	return nullable(n)
}

// plain is the schema of a type without null.
func (b *builder) plain(java config.JavaType) *node {
	if java.Dims > 0 {
		element := java
		element.Dims--
		switch {
		case java.Erased() == "byte[]":
			return &node{Type: "string", ContentEncoding: "base64"}
		case java.Erased() == "char[]":
			return of("string")
		}
		return &node{Type: "array", Items: b.javaNode(element)}
	}
	if n := primitive(java.Name); n != nil {
		return b.long(java.Name, n)
	}
	if class, known := b.schema.Classes[java.Name]; known {
		return &node{Ref: schemaRef + b.component(java, class)}
	}
	if n := value(java.Name); n != nil {
		return b.long(boxes[java.Name], n)
	}
	switch {
	case slices.Contains(lists, java.Name):
		return &node{Type: "array", Items: b.argument(java, 0, 1)}
	case slices.Contains(dictionaries, java.Name):
		return &node{Type: "object", AdditionalProperties: b.argument(java, 1, 2)}
	case java.Name == "java.util.Optional" && len(java.Args) == 1:
		return b.plain(java.Args[0])
	case java.Name == "java.lang.Object", !strings.Contains(java.Name, "."): // or a type variable
		return &node{}
	}
	return &node{Description: "The Java class " + java.Name + ", whose shape is not known."}
}

// long lets a long be text where results are written so.
func (b *builder) long(name string, n *node) *node {
	if name == "long" && b.schema.Results.Longs == "string" {
		return &node{Type: []string{"integer", "string"}, Format: "int64"}
	}
	return n
}

// argument is the schema of a generic argument, nil when it is not known.
func (b *builder) argument(java config.JavaType, i, arity int) *node {
	if len(java.Args) != arity {
		return nil
	}
	return b.javaNode(java.Args[i])
}

// nullable adds null to a schema.
func nullable(n *node) *node {
	switch t := n.Type.(type) {
	case string:
		if t == "null" {
			return n
		}
		c := *n
		c.Type = []string{t, "null"}
		return &c
	case []string:
		c := *n
		c.Type = slices.Concat(t, []string{"null"})
		return &c
	}
	if n.Ref == "" {
		return n // anything, null included
	}
	return &node{AnyOf: []*node{n, of("null")}}
}

// classes are the components: those of the schema, those that stand for a generic class with its argument, and the problem.
func (b *builder) classes() map[string]*node {
	out := map[string]*node{problemName: problemSchema()}
	for _, name := range slices.Sorted(maps.Keys(b.schema.Classes)) {
		out[b.names[name]] = b.class(config.JavaType{Name: name})
	}
	for ; len(b.generic) > 0; b.generic = b.generic[1:] {
		out[b.names[b.generic[0].String()]] = b.class(b.generic[0])
	}
	return out
}

func (b *builder) class(java config.JavaType) *node {
	c := b.schema.Classes[java.Name]
	if len(c.Enum) > 0 {
		return &node{Title: java.Name, Type: "string", Enum: c.Enum}
	}
	n := &node{Title: java.String(), Type: "object", Properties: map[string]*node{}}
	if b.schema.Results.Class {
		n.Properties["class"] = of("string")
	}
	for _, f := range c.Fields {
		n.Properties[c.JSONName(f.Name)] = b.fieldNode(java, c, f)
	}
	return n
}
