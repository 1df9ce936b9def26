package openapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const (
	schemaRef   = "#/components/schemas/"
	problemName = "Problem"
)

// builder makes one document.
type builder struct {
	schema config.Schema
	opt    Options
	names  map[string]string // of components, by Java type
	taken  map[string]bool   // names of components
	ids    map[string]bool   // operation IDs that are taken
	paths  map[string]pathItem
	shapes map[string]string // paths by their shape: what is not a variable, and where one is

	generic   []config.JavaType // generic classes with an argument that have a name, and no component yet
	instances int               // how many of them there were
}

func newBuilder(s config.Schema, opt Options) *builder {
	b := &builder{
		schema: s, opt: opt, names: map[string]string{}, ids: map[string]bool{},
		paths: map[string]pathItem{}, shapes: map[string]string{}, taken: map[string]bool{problemName: true},
	}
	for _, class := range slices.Sorted(maps.Keys(s.Classes)) {
		b.names[class] = unique(b.taken, componentName(class))
	}
	return b
}

// componentName keeps what OpenAPI allows in the name of a component.
func componentName(class string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		case r == '$':
			return '.'
		}
		return '_'
	}, class)
}

// unique returns the name, with a number behind it when it is taken, and takes it.
func unique(taken map[string]bool, name string) string {
	free := name
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	taken[free] = true
	return free
}

// add puts an operation at a path.
func (b *builder) add(path, verb, id string, op *operation) {
	if b.paths[path] == nil {
		b.paths[path] = pathItem{}
	}
	op.OperationID = unique(b.ids, id)
	b.paths[path][strings.ToLower(verb)] = op
}

// signature is a method as Java writes it, without packages.
func signature(m *config.Method) string {
	parts := make([]string, len(m.Parameters))
	for i, p := range m.Parameters {
		parts[i] = strings.TrimSpace(short(p.Type) + " " + p.Name)
	}
	return strings.TrimSpace(short(m.Returns) + " " + m.Name + "(" + strings.Join(parts, ", ") + ")")
}

// short cuts the packages off a type.
func short(text string) string {
	var b strings.Builder
	start := 0
	flush := func(end int) {
		name := text[start:end]
		b.WriteString(name[strings.LastIndexByte(name, '.')+1:])
	}
	for i, c := range text {
		if c == '<' || c == '>' || c == ',' || c == '[' || c == ']' {
			flush(i)
			b.WriteRune(c)
			start = i + 1
		}
	}
	flush(len(text))
	return b.String()
}
