package transcode

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// form is the fields of a call in application/x-www-form-urlencoded.
type form struct {
	text       []byte
	service    span
	call       span
	types      span
	parameters []span

	hasService, hasCall, hasTypes bool
}

func (m *form) reset() {
	*m = form{text: shrink(m.text), parameters: m.parameters[:0]}
}

func (m *form) get(s span) []byte { return m.text[s.from:s.to] }

// jsonHint ends refusals of what curl -d makes of a JSON body: a form.
const jsonHint = "; send content-type: application/json for a JSON body"

// read decodes the fields interface, method, parameterTypesString and parameter; others are passed over. A body with
// none of the four is refused: most likely it is JSON, and taken as a form it would be a call without arguments.
func (m *form) read(body []byte) *fault {
	for at := 0; at < len(body); {
		end := len(body)
		if i := bytes.IndexByte(body[at:], '&'); i >= 0 {
			end = at + i
		}
		name, value, _ := bytes.Cut(body[at:end], []byte("="))
		from := len(m.text)
		var ok bool
		if m.text, ok = appendUnescaped(m.text, name, true); !ok {
			return faultf(badRequest, "form: byte %d: incomplete %%-escape in the field name %.40q%s", at, name, jsonHint)
		}
		to := len(m.text)
		if m.text, ok = appendUnescaped(m.text, value, true); !ok {
			return faultf(badRequest, "form: byte %d: incomplete %%-escape in the value of field %.40q%s", at, name, jsonHint)
		}
		if f := m.set(string(m.text[from:to]), span{to, len(m.text)}, at); f != nil {
			return f
		}
		at = end + 1
	}
	if len(body) > 0 && !m.hasService && !m.hasCall && !m.hasTypes && len(m.parameters) == 0 {
		return faultf(badRequest, "the form has none of the fields interface, method, parameterTypesString and parameter%s", jsonHint)
	}
	return nil
}

func (m *form) set(name string, v span, at int) *fault {
	var field *span
	var has *bool
	switch name {
	case "interface":
		field, has = &m.service, &m.hasService
	case "method":
		field, has = &m.call, &m.hasCall
	case "parameterTypesString":
		field, has = &m.types, &m.hasTypes
	case "parameter":
		if !utf8.Valid(m.get(v)) {
			return faultf(badRequest, "form: byte %d: parameter %d is not UTF-8", at, len(m.parameters))
		}
		m.parameters = append(m.parameters, v)
		return nil
	default:
		return nil
	}
	if *has {
		return faultf(badRequest, "form: byte %d: field %s occurs twice", at, name)
	}
	*field, *has = v, true
	return nil
}

// parse reads a form and checks that it means the call that the path names.
func (m *form) parse(body []byte, h *head) *fault {
	if f := m.read(body); f != nil {
		return f
	}
	if m.hasService && !bytes.Equal(m.get(m.service), h.get(h.service)) {
		return faultf(badRequest, "form field interface is %.100q, but the path names %.100q", m.get(m.service), h.get(h.service))
	}
	if m.hasCall && !bytes.Equal(m.get(m.call), h.get(h.call)) {
		return faultf(badRequest, "form field method is %.100q, but the path names %.100q", m.get(m.call), h.get(h.call))
	}
	return nil
}

// fromForm writes the parameters of the form: strings as they are, other types from JSON.
func (a *arguments) fromForm() *fault {
	if n := len(a.form.parameters); n != len(a.params) {
		return faultf(badRequest, "form: %d fields parameter for %d types; give one parameter for each type", n, len(a.params))
	}
	for i, p := range a.form.parameters {
		if t := a.params[i]; t.base == stringType {
			a.w.StringBytes(a.form.get(p))
			a.count++
			continue
		}
		a.place, a.label = "form field parameter", strconv.Itoa(i)
		a.read(a.form.get(p))
		if f := a.argument(); f != nil {
			return f
		}
		if f := a.atEnd(); f != nil {
			return f
		}
	}
	return nil
}

// chooseForm finds the overload of a form that names no types: the only one with as many parameters.
func (a *arguments) chooseForm(overloads []*method) *fault {
	n := len(a.form.parameters)
	var one *method
	count := 0
	for _, m := range overloads {
		if len(m.params) == n {
			one = m
			count++
		}
	}
	switch {
	case count == 1:
		a.take(one)
	case n > 0:
		return faultf(badRequest, "form field parameterTypesString is missing; give one type for each parameter")
	}
	return nil
}

// FormPath returns the path "/{interface}/{method}" that a form body on POST / names, or the response (400) to send.
func FormPath(body []byte) (path string, bad *Response) {
	var m form
	f := m.read(body)
	switch {
	case f != nil:
	case len(m.get(m.service)) == 0:
		f = faultf(badRequest, "form field interface is missing")
	case len(m.get(m.call)) == 0:
		f = faultf(badRequest, "form field method is missing")
	}
	if f != nil {
		return "", new(Call).fail(f)
	}
	return string(appendSegment(appendSegment(nil, m.get(m.service)), m.get(m.call))), nil
}

// appendSegment appends a slash and name, with all but the characters of usual names escaped.
func appendSegment(dst, name []byte) []byte {
	dst = append(dst, '/')
	for _, b := range name {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '.', b == '_', b == '$', b == '-', b == '~':
			dst = append(dst, b)
		default:
			dst = append(dst, '%', hexUpper[b>>4], hexUpper[b&15])
		}
	}
	return dst
}

const hexUpper = "0123456789ABCDEF"
