package rest

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// findOperation is the mapping of the called method: the one the route names, or else the first of the schema with as
// many parameters as the call has arguments. It is nil when the method is not mapped.
func (c *Call) findOperation() *config.Operation {
	all := c.schema.Operations
	if i, err := strconv.Atoi(c.operationIndex); err == nil && i >= 0 && i < len(all) && c.fits(&all[i]) {
		return &all[i]
	}
	for i := range all {
		if c.fits(&all[i]) {
			return &all[i]
		}
	}
	return nil
}

func (c *Call) fits(o *config.Operation) bool {
	return o.Method == c.method && len(o.Parameters) == c.arity
}

// filling is a request under construction.
type filling struct {
	c         *Call
	arguments []jsontext.Value
	query     []byte
	fields    []byte
	hasBody   bool
}

// fill makes the request that the call's mapping describes.
func (c *Call) fill(arguments []jsontext.Value) *fault {
	m := filling{c: c, arguments: arguments}
	cookies := c.cookies
	for i, b := range c.operation.Parameters {
		v := arguments[i]
		var f *fault
		switch b.From {
		case config.FromQuery:
			f = m.addQuery(b, v)
		case config.FromHeader:
			f = m.addHeader(b, v)
		case config.FromCookie:
			cookies, f = m.addCookie(b, v, cookies)
		case config.FromField:
			m.addField(b, v)
		case config.FromBody:
			c.msg.Body, m.hasBody = v, true
		}
		if f != nil {
			return f
		}
	}
	path, f := m.path()
	if f != nil {
		return f
	}
	c.set(":method", c.operation.Verb)
	c.set(":path", string(append(path, m.query...)))
	if cookies != c.cookies {
		c.set("cookie", cookies)
	}
	switch {
	case m.fields != nil:
		c.msg.Body = append(m.fields, '}')
		c.set("content-type", "application/json")
	case m.hasBody:
		c.set("content-type", "application/json")
	default:
		c.msg.Body = nil
		c.set("content-type", "")
	}
	return nil
}

// path fills the path's template.
func (m *filling) path() ([]byte, *fault) {
	var out []byte
	rest := m.c.operation.Path
	for {
		literal, after, found := strings.Cut(rest, "{")
		out = append(out, literal...)
		if !found {
			return out, nil
		}
		name, tail, _ := strings.Cut(after, "}")
		text, b, ok := m.inPath(name)
		// An empty segment, or one that servers take for a folder, would be a request for something else.
		if !ok || text == "" || text == "." || text == ".." {
			return nil, badCall("argument %s of %s is %.40q, which cannot stand in the path %s", b.Name, m.c.method, text, m.c.operation.Path)
		}
		out = append(out, escape(text)...)
		rest = tail
	}
}

// inPath finds the argument that stands in the path under a name.
func (m *filling) inPath(name string) (text string, b config.Binding, ok bool) {
	for i, b := range m.c.operation.Parameters {
		if b.From == config.FromPath && b.Name == name {
			text, ok = m.text(b, m.arguments[i])
			return text, b, ok
		}
	}
	return "", config.Binding{Name: name}, false
}

// addQuery adds a parameter to the query string, one for each element of a list, none for null.
func (m *filling) addQuery(b config.Binding, v jsontext.Value) *fault {
	list := []jsontext.Value{v}
	if v.Kind() == '[' {
		var err error
		if list, err = elements(v); err != nil {
			return badCall("argument %s of %s: %v", b.Name, m.c.method, err)
		}
	}
	for _, v := range list {
		text, ok := m.text(b, v)
		if !ok {
			continue
		}
		mark := byte('&')
		if m.query == nil && !strings.Contains(m.c.operation.Path, "?") {
			mark = '?'
		}
		m.query = append(append(m.query, mark), escape(b.Name)...)
		m.query = append(append(m.query, '='), escape(text)...)
	}
	return nil
}

// addHeader sets a header, unless the argument is null.
func (m *filling) addHeader(b config.Binding, v jsontext.Value) *fault {
	text, ok := m.text(b, v)
	if !ok {
		return nil
	}
	for i := range len(text) {
		if text[i] < ' ' && text[i] != '\t' || text[i] == 0x7f {
			return badCall("argument %s of %s has control characters, which cannot stand in a header", b.Name, m.c.method)
		}
	}
	m.c.set(strings.ToLower(b.Name), text)
	return nil
}

// addCookie adds a cookie to those of the request, unless the argument is null.
func (m *filling) addCookie(b config.Binding, v jsontext.Value, cookies string) (string, *fault) {
	text, ok := m.text(b, v)
	if !ok {
		return cookies, nil
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f || strings.IndexByte(`",;\`, text[i]) >= 0 {
			return "", badCall("argument %s of %s is %.40q, which cannot stand in a cookie", b.Name, m.c.method, text)
		}
	}
	if cookies != "" {
		cookies += "; "
	}
	return cookies + b.Name + "=" + text, nil
}

// addField adds a member to the body.
func (m *filling) addField(b config.Binding, v jsontext.Value) {
	mark := byte(',')
	if m.fields == nil {
		mark = '{'
	}
	m.fields = append(transcode.Quote(append(m.fields, mark), b.Name), ':')
	m.fields = append(m.fields, v...)
}

// text is an argument as it stands outside of a body: a string without its quotes, an enum's constant by its name, other
// values as their JSON. It is not ok for null.
func (m *filling) text(b config.Binding, v jsontext.Value) (string, bool) {
	if v.Kind() == '{' && len(m.c.schema.Classes[b.Type].Enum) > 0 {
		// A typed call carries a constant as an object with the field name.
		if name, ok := bytes.CutPrefix(v, []byte(`{"name":`)); ok {
			v = jsontext.Value(bytes.TrimSuffix(name, []byte("}")))
		}
	}
	switch v.Kind() {
	case 'n':
		return "", false
	case '"':
		text, err := jsontext.AppendUnquote(nil, v)
		return string(text), err == nil
	}
	return string(v), true
}

// escape percent-encodes all but the unreserved characters.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
