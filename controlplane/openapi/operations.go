package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// operations adds the requests that a mapping turns into calls.
func (b *builder) operations() {
	for i := range b.schema.Operations {
		o := &b.schema.Operations[i]
		segments, err := config.ParseTemplate(o.Path)
		if err != nil {
			continue // Check has refused it
		}
		path, names := b.path(segments)
		m := b.called(o)
		op := &operation{
			Summary: signature(&m), Tags: []string{tagREST},
			Parameters: b.bound(o, segments, names), RequestBody: b.bodyOf(o), Responses: b.answers(o, m),
		}
		b.add(path, o.Verb, strings.ToLower(o.Verb)+"_"+o.Method, op)
	}
}

// path writes a template as OpenAPI does. Templates that differ only in the names of variables are one path there, with the
// names of the first; names tells how a variable of this one is called.
func (b *builder) path(segments []config.Segment) (path string, names map[string]string) {
	var written, shape strings.Builder
	for _, s := range segments {
		if s.Variable == "" {
			written.WriteString("/" + s.Literal)
			shape.WriteString("/" + s.Literal)
			continue
		}
		written.WriteString("/{" + s.Variable + "}")
		shape.WriteString("/{}")
	}
	path, known := b.shapes[shape.String()]
	if !known {
		path = written.String()
		b.shapes[shape.String()] = path
	}
	names = map[string]string{}
	first, err := config.ParseTemplate(path)
	for i, s := range segments {
		if s.Variable != "" && err == nil {
			names[s.Variable] = first[i].Variable
		}
	}
	return path, names
}

// called is the method of an operation: the overload with as many parameters, and of those the one with the same types.
func (b *builder) called(o *config.Operation) config.Method {
	found := config.Method{Name: o.Method}
	for _, p := range o.Parameters {
		found.Parameters = append(found.Parameters, config.Parameter{Name: p.Name, Type: p.Type})
	}
	best := 0
	for _, m := range b.schema.Methods {
		if m.Name != o.Method || len(m.Parameters) != len(o.Parameters) {
			continue
		}
		score := 1
		for i, p := range m.Parameters {
			if p.Type == o.Parameters[i].Type {
				score++
			}
		}
		if score > best {
			best, found = score, m
		}
	}
	return found
}

// bound are the parameters of a request, its body apart.
func (b *builder) bound(o *config.Operation, segments []config.Segment, names map[string]string) []parameter {
	var out []parameter
	for _, s := range segments {
		if s.Variable == "" {
			continue
		}
		p := parameter{Name: names[s.Variable], In: config.FromPath, Required: true, Schema: of("string")}
		if i := slices.IndexFunc(o.Parameters, func(x config.Binding) bool { return x.From == config.FromPath && x.Name == s.Variable }); i >= 0 {
			p.Schema = b.present(o.Parameters[i].Type)
		}
		if s.Rest {
			p.Description = "The rest of the path, slashes included."
		}
		out = append(out, p)
	}
	for _, x := range o.Parameters {
		switch x.From {
		case config.FromQuery, config.FromHeader, config.FromCookie:
			// Two parameters of a method may come from the same place, which is one parameter of the request.
			if slices.ContainsFunc(out, func(p parameter) bool { return p.In == x.From && p.Name == x.Name }) {
				continue
			}
			out = append(out, parameter{Name: x.Name, In: x.From, Required: required(x), Schema: withDefault(b.present(x.Type), x.Default)})
		}
	}
	return out
}

// bodyOf is the body of a request, nil when it has none.
func (b *builder) bodyOf(o *config.Operation) *body {
	object := &node{Type: "object", Properties: map[string]*node{}}
	var whole *body
	for _, x := range o.Parameters {
		switch x.From {
		case config.FromBody:
			whole = &body{Required: required(x), Content: map[string]media{jsonType: {Schema: withDefault(b.node(x.Type), x.Default)}}}
		case config.FromField:
			object.Properties[x.Name] = withDefault(b.node(x.Type), x.Default)
			if required(x) && !slices.Contains(object.Required, x.Name) {
				object.Required = append(object.Required, x.Name)
			}
		}
	}
	if whole != nil || len(object.Properties) == 0 {
		return whole
	}
	return &body{Required: len(object.Required) > 0, Content: map[string]media{jsonType: {Schema: object}}}
}

// required reports whether a request has to have a parameter: a primitive cannot be null.
func required(x config.Binding) bool {
	return x.Required || x.Default == "" && primitive(x.Type) != nil
}

// withDefault says what is used when a value is absent, in a copy.
func withDefault(n *node, text string) *node {
	if text == "" {
		return n
	}
	c := *n
	c.Default = json.RawMessage(text)
	return &c
}

// answers are the responses of an operation.
func (b *builder) answers(o *config.Operation, m config.Method) map[string]response {
	out := map[string]response{}
	b.exceptions(out, o.Exceptions, b.schema.Exceptions)
	if m.OneWay {
		out["202"] = response{Description: "The call is on its way; its result is not waited for."}
		return out
	}
	n := b.result(&m)
	if o.Unwrap != "" {
		n = b.member(m.Returns, o.Unwrap)
	}
	status := cmp.Or(o.Status, 200)
	r := success(n)
	if status == 204 || status == 205 {
		r = response{Description: fmt.Sprintf("The call has succeeded; %s has no content.", strconv.Itoa(status))}
	}
	out[strconv.Itoa(status)] = r
	return out
}

// member is the schema of a member of a result: anything, when that is not known.
func (b *builder) member(result, path string) *node {
	java, err := config.ParseJavaType(result)
	for name := range strings.SplitSeq(path, ".") {
		class := b.schema.Classes[java.Name]
		field, found := class.Field(name)
		if err != nil || java.Dims > 0 || !found {
			return &node{}
		}
		argument := java.Args
		java, err = config.ParseJavaType(field.Type)
		if variable, generic := b.variable(class); generic && len(argument) == 1 {
			java = bind(java, variable, argument[0])
		}
	}
	return b.javaNode(java)
}
