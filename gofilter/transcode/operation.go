package transcode

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// operation is a mapping of HTTP requests to a method, ready for use.
type operation struct {
	def      *config.Operation
	method   *method
	segments []config.Segment // of the path template
	bindings []binding        // one for each parameter
}

// binding is where an argument is taken from.
type binding struct {
	from, name string
	initial    string // JSON text used when it is absent; "" for null
	required   bool
	index      int // of a path variable's segment
}

// places name where a parameter is, as errors do.
var places = map[string]string{
	config.FromPath: "path variable", config.FromQuery: "query parameter", config.FromHeader: "header", config.FromCookie: "cookie",
	config.FromField: "body field", config.FromBody: "request body",
}

// operation makes an operation that config.Schema.Check has accepted. Its method is the overload with the types that
// its parameters name.
func (c *compiler) operation(s *Schema, def *config.Operation) *operation {
	o := &operation{def: def}
	o.segments, _ = config.ParseTemplate(def.Path)
	types := make([]*javaType, len(def.Parameters))
	for i, b := range def.Parameters {
		types[i] = c.text(b.Type)
	}
	for _, m := range s.methods[def.Method] {
		if m.takes(types) {
			o.method = m
		}
	}
	if o.method == nil {
		o.method = &method{def: &config.Method{Name: def.Method}, params: types}
	}
	for i, b := range def.Parameters {
		made := binding{from: b.From, name: b.Name, initial: b.Default, index: none}
		// A primitive has no null to stand for an absent value.
		made.required = b.Required || b.Default == "" && !types[i].nullable()
		for n, segment := range o.segments {
			if b.From == config.FromPath && segment.Variable == b.Name {
				made.index = n
			}
		}
		o.bindings = append(o.bindings, made)
	}
	return o
}

// byName are bindings of a method's parameters to query parameters of their names, nil when one has no name.
func byName(m *method) []binding {
	made := make([]binding, 0, len(m.params))
	for i, p := range m.def.Parameters {
		if p.Name == "" {
			return nil
		}
		made = append(made, binding{from: config.FromQuery, name: p.Name, required: !m.params[i].nullable(), index: none})
	}
	return made
}

// checkOperation does for a mapped request what check does for others.
func (h *head) checkOperation(s *Schema, o *operation) *fault {
	if string(h.get(h.method)) != o.def.Verb {
		return faultf(badMethod, "%.20q is not what this path is for; use %s", h.get(h.method), o.def.Verb)
	}
	path, query, _ := bytes.Cut(h.get(h.path), []byte("?"))
	h.query = h.store(query)
	if !matches(o.segments, path) {
		return faultf(notFound, "path %.200q is not %s", path, o.def.Path)
	}
	h.service, h.call = h.store([]byte(s.def.Service)), h.store([]byte(o.def.Method))
	return h.checkHeaders()
}

// matches reports whether a path has the template's form.
func matches(segments []config.Segment, path []byte) bool {
	for i, s := range segments {
		rest, ok := bytes.CutPrefix(path, []byte("/"))
		if !ok {
			return false
		}
		if s.Rest {
			return true
		}
		part, _, _ := bytes.Cut(rest, []byte("/"))
		if s.Variable == "" && !sameSegment(part, s.Literal) || s.Variable != "" && len(part) == 0 {
			return false
		}
		path = rest[len(part):]
		if i == len(segments)-1 {
			return len(path) == 0
		}
	}
	return len(path) == 0
}

// sameSegment compares a part of a path, which may have percent escapes, with a literal one.
func sameSegment(part []byte, literal string) bool {
	if string(part) == literal {
		return true
	}
	var room [64]byte
	plain, ok := appendUnescaped(room[:0], part, false)
	return ok && string(plain) == literal
}

// fromBindings writes the arguments that are taken from the parts of the request.
func (a *arguments) fromBindings(bindings []binding, h *head, body []byte) *fault {
	if f := a.findMembers(bindings, h, body); f != nil {
		return f
	}
	for i := range bindings {
		b, t := &bindings[i], a.params[i]
		a.count++
		a.first = none
		a.place, a.label = places[b.from], b.name
		if f := a.bound(i, b, t, h, body); f != nil {
			return f
		}
		if f := a.complete(); f != nil {
			return f
		}
	}
	a.place = ""
	return nil
}

// bound writes one of them.
func (a *arguments) bound(i int, b *binding, t *javaType, h *head, body []byte) *fault {
	switch {
	case b.from == config.FromBody && len(bytes.TrimSpace(body)) > 0:
		return a.json(t, body, 0)
	case b.from == config.FromBody:
	case b.from == config.FromField && !h.isForm:
		if m := a.members[i]; m.to > 0 {
			return a.json(t, body[m.from:m.to], m.from)
		}
	default:
		a.texts, a.values = a.texts[:0], a.values[:0]
		a.apart = simple(t) && (b.from == config.FromQuery || b.from == config.FromField)
		if f := a.find(b, h, body); f != nil {
			return f
		}
		if len(a.values) > 0 {
			return a.texted(t)
		}
	}
	switch {
	case b.required:
		return faultf(badRequest, "%s%s is required", a.where(), expected(t))
	case b.initial == "":
		a.w.Null()
		return nil
	}
	a.place = "default of " + a.place
	return a.json(t, []byte(b.initial), 0)
}

// json writes an argument of a JSON text that begins at that place of the body.
func (a *arguments) json(t *javaType, text []byte, base int) *fault {
	a.base = base
	defer func() { a.base = 0 }()
	a.read(text)
	if f := a.value(t, 0); f != nil {
		return f
	}
	return a.atEnd()
}

// findMembers finds the members of a JSON body that are arguments.
func (a *arguments) findMembers(bindings []binding, h *head, body []byte) *fault {
	fields := false
	a.members = a.members[:0]
	for _, b := range bindings {
		fields = fields || b.from == config.FromField
		a.members = append(a.members, span{})
	}
	if !fields || h.isForm || len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	a.read(body)
	if k, err := a.peek(); err != nil {
		return a.syntax(err)
	} else if k != '{' {
		return faultf(badRequest, "request body: expected an object with the parameters as members, found %s", found(k, nil))
	}
	_, _ = a.dec.ReadToken() // it was peeked at
	for {
		key, f := a.memberName()
		if f != nil || key == nil {
			if f == nil {
				f = a.atEnd()
			}
			return f
		}
		at := none
		for i, b := range bindings {
			if b.from == config.FromField && b.name == string(key) {
				at = i
			}
		}
		v, err := a.dec.ReadValue()
		if err != nil {
			return a.syntax(err)
		}
		end := int(a.dec.InputOffset())
		for i, b := range bindings { // two parameters may be of one member
			if at != none && b.from == config.FromField && b.name == bindings[at].name {
				a.members[i] = span{end - len(v), end}
			}
		}
	}
}
