package openapi

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const jsonType = "application/json"

// methods adds POST /{interface}/{method} for each method, overloads together.
func (b *builder) methods() {
	byName := map[string][]*config.Method{}
	var order []string
	for i := range b.schema.Methods {
		m := &b.schema.Methods[i]
		if byName[m.Name] == nil {
			order = append(order, m.Name)
		}
		byName[m.Name] = append(byName[m.Name], m)
	}
	for _, name := range order {
		overloads := byName[name]
		op := &operation{
			Summary: summary(overloads), Tags: []string{tagMethods},
			Parameters: b.variant(), RequestBody: b.arguments(overloads), Responses: b.responses(overloads),
		}
		if len(overloads) > 1 {
			op.Parameters = append(op.Parameters, typesParameter(overloads))
		}
		b.add("/"+url.PathEscape(b.schema.Service)+"/"+url.PathEscape(name), "post", name, op)
	}
}

func summary(overloads []*config.Method) string {
	lines := make([]string, len(overloads))
	for i, m := range overloads {
		lines[i] = signature(m)
	}
	return strings.Join(lines, "; ")
}

// variant are the headers that name group and version, which a service with several variants needs.
func (b *builder) variant() []parameter {
	var out []parameter
	for name, value := range map[string]string{"tri-service-group": b.opt.Group, "tri-service-version": b.opt.Version} {
		if value != "" {
			out = append(out, parameter{Name: name, In: config.FromHeader, Schema: &node{Type: "string", Const: pointer(value)}})
		}
	}
	slices.SortFunc(out, func(a, b parameter) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// typesParameter is the header that chooses one of several overloads.
func typesParameter(overloads []*config.Method) parameter {
	var types []string
	for _, m := range overloads {
		erased := make([]string, len(m.Parameters))
		for i, p := range m.Parameters {
			erased[i] = p.Type
			if java, err := config.ParseJavaType(p.Type); err == nil {
				erased[i] = java.Erased()
			}
		}
		if len(erased) > 0 {
			types = append(types, strings.Join(erased, ","))
		}
	}
	return parameter{
		Name: "x-dubbo-parameter-types", In: config.FromHeader, Schema: &node{Type: "string", Enum: types},
		Description: "Chooses the overload, where the arguments do not.",
	}
}

// arguments is the body that calls one of the overloads. They are alternatives of which more than one may fit (1 is an int
// and a long), hence anyOf.
func (b *builder) arguments(overloads []*config.Method) *body {
	var forms []*node
	required := true
	for _, m := range overloads {
		forms = append(forms, b.positional(m))
		switch len(m.Parameters) {
		case 0:
			required = false
		case 1:
			if n, ok := b.alone(m.Parameters[0]); ok {
				forms = append(forms, n)
			}
		}
	}
	n := forms[0]
	if len(forms) > 1 {
		n = &node{AnyOf: forms}
	}
	return &body{Required: required, Content: map[string]media{jsonType: {Schema: n}}}
}

// positional is the array of a method's arguments.
func (b *builder) positional(m *config.Method) *node {
	n := &node{Type: "array", Title: signature(m), MinItems: pointer(len(m.Parameters)), MaxItems: pointer(len(m.Parameters))}
	for i, p := range m.Parameters {
		one := b.node(p.Type)
		if p.Name != "" {
			one = titled(one, p.Name)
		} else if len(m.Parameters) > 1 {
			one = titled(one, fmt.Sprintf("%s %d", short(p.Type), i))
		}
		n.PrefixItems = append(n.PrefixItems, one)
	}
	return n
}

// titled gives a schema a title, in a copy of it.
func titled(n *node, title string) *node {
	c := *n
	c.Title = title
	return &c
}

// alone is the only argument without an array around it: possible when it is not an array itself.
func (b *builder) alone(p config.Parameter) (*node, bool) {
	n := b.present(p.Type)
	if n.Type == "array" || n.Type == nil && n.Ref == "" {
		return nil, false
	}
	title := p.Name
	if title == "" {
		title = short(p.Type)
	}
	return titled(n, title), true
}

// responses are what a call is answered with.
func (b *builder) responses(overloads []*config.Method) map[string]response {
	out := map[string]response{}
	b.exceptions(out, b.schema.Exceptions)
	var results []*node
	for _, m := range overloads {
		if m.OneWay {
			out["202"] = response{Description: "The call is on its way; its result is not waited for."}
			continue
		}
		n := b.result(m)
		if !slices.ContainsFunc(results, func(o *node) bool { return same(o, n) }) {
			results = append(results, n)
		}
	}
	if len(results) > 0 {
		out["200"] = success(alternatives(results))
	}
	return out
}

// result is the schema of what a method returns: anything, when that is not known.
func (b *builder) result(m *config.Method) *node {
	if m.Returns == "" {
		return &node{}
	}
	return b.node(m.Returns)
}

func alternatives(list []*node) *node {
	if len(list) == 1 {
		return list[0]
	}
	return &node{AnyOf: list}
}

func success(n *node) response {
	return response{Description: "The result.", Content: map[string]media{jsonType: {Schema: n}}}
}
