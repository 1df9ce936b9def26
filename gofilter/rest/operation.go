package rest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// findOperation finds the mapping of the called method: the one the route names, or else the first of the schema with
// as many parameters as the call has arguments. There is none when the method is not mapped.
func (c *Call) findOperation() {
	all := c.schema.Def().Operations
	at, err := strconv.Atoi(c.operationIndex)
	if err != nil || at < 0 || at >= len(all) || !c.fits(&all[at]) {
		at = slices.IndexFunc(all, func(o config.Operation) bool { return c.fits(&o) })
	}
	if at >= 0 {
		c.operation, c.template = &all[at], c.schema.Template(at)
	}
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
		m.fields = append(m.fields, '}')
		c.msg.Body = m.fields
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
	for _, segment := range m.c.template {
		out = append(out, '/')
		if segment.Variable == "" {
			out = appendLiteral(out, segment.Literal)
			continue
		}
		text, ok := m.inPath(segment.Variable)
		parts := []string{text}
		if segment.Rest {
			parts = strings.Split(text, "/")
		}
		for i, part := range parts {
			// An empty segment, or one that servers take for a folder, would be a request for something else.
			if !ok || part == "" || part == "." || part == ".." {
				return nil, badCall("argument %s of %s is %.40q, which cannot stand in the path %s", segment.Variable, m.c.method, text, m.c.operation.Path)
			}
			if i > 0 {
				out = append(out, '/')
			}
			out = append(out, escape(part)...)
		}
	}
	return out, nil
}

// inPath is the argument that stands in the path under a name. It is not ok for null.
func (m *filling) inPath(name string) (text string, ok bool) {
	for i, b := range m.c.operation.Parameters {
		if b.From == config.FromPath && b.Name == name {
			return m.text(m.arguments[i])
		}
	}
	return "", false
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
		text, ok := m.text(v)
		if !ok {
			continue
		}
		mark := byte('&')
		if m.query == nil {
			mark = '?'
		}
		m.query = append(append(m.query, mark), escape(b.Name)...)
		m.query = append(append(m.query, '='), escape(text)...)
	}
	return nil
}

// addHeader sets a header, unless the argument is null.
func (m *filling) addHeader(b config.Binding, v jsontext.Value) *fault {
	text, ok := m.text(v)
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
	text, ok := m.text(v)
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

// text is an argument as it stands outside of a body: a string without its quotes, other values as their JSON. It is not
// ok for null.
func (m *filling) text(v jsontext.Value) (string, bool) {
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

// appendLiteral appends a part of a path as its mapping has it, with escapes for what cannot stand in a request.
func appendLiteral(out []byte, text string) []byte {
	for i := range len(text) {
		if b := text[i]; b <= ' ' || b >= 0x7f || strings.IndexByte(`"<>\^{|}?#`+"`", b) >= 0 {
			out = append(out, '%', hexDigits[b>>4], hexDigits[b&15])
			continue
		}
		out = append(out, text[i])
	}
	return out
}

const hexDigits = "0123456789ABCDEF"
