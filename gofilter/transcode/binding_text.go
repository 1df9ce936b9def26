package transcode

import (
	"bytes"
	"unicode/utf8"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// find gathers the texts that a request has for a parameter in its path, query, headers, cookies or form.
func (a *arguments) find(b *binding, h *head, body []byte) *fault {
	switch b.from {
	case config.FromPath:
		return a.fromPath(b, h.get(h.path))
	case config.FromQuery:
		return a.fromPairs(b, h.get(h.query))
	case config.FromField:
		return a.fromPairs(b, body)
	case config.FromHeader:
		for _, other := range h.others {
			if bytes.EqualFold(h.get(other.key), []byte(b.name)) {
				a.addText(h.get(other.value))
			}
		}
	case config.FromCookie:
		for _, other := range h.others {
			if string(h.get(other.key)) == "cookie" {
				a.fromCookies(b, h.get(other.value))
			}
		}
	}
	return a.checkTexts()
}

func (a *arguments) addText(text []byte) {
	from := len(a.texts)
	a.texts = append(a.texts, text...)
	a.values = append(a.values, span{from, len(a.texts)})
}

// addEscaped adds a text with percent escapes.
func (a *arguments) addEscaped(raw []byte, form bool) *fault {
	from := len(a.texts)
	var ok bool
	if a.texts, ok = appendUnescaped(a.texts, raw, form); !ok {
		return faultf(badRequest, "%sincomplete %%-escape in %.40q", a.where(), raw)
	}
	a.values = append(a.values, span{from, len(a.texts)})
	return nil
}

func (a *arguments) checkTexts() *fault {
	if !utf8.Valid(a.texts) {
		return faultf(badRequest, "%sit is not UTF-8", a.where())
	}
	return nil
}

func (a *arguments) fromPath(b *binding, path []byte) *fault {
	path, _, _ = bytes.Cut(path, []byte("?"))
	for range b.index + 1 {
		_, path, _ = bytes.Cut(path, []byte("/"))
	}
	if !a.operation.segments[b.index].Rest {
		path, _, _ = bytes.Cut(path, []byte("/"))
	}
	if f := a.addEscaped(path, false); f != nil {
		return f
	}
	return a.checkTexts()
}

// fromPairs finds a parameter in a=b&c=d.
func (a *arguments) fromPairs(b *binding, pairs []byte) *fault {
	for len(pairs) > 0 {
		var pair []byte
		pair, pairs, _ = bytes.Cut(pairs, []byte("&"))
		name, value, _ := bytes.Cut(pair, []byte("="))
		mark := len(a.texts)
		plain, ok := appendUnescaped(a.texts, name, true)
		same := ok && string(plain[mark:]) == b.name
		a.texts = plain[:mark]
		if !same {
			continue
		}
		for more := true; more; { // an escaped comma is part of a text
			var part []byte
			part, value, more = cutComma(value, a.apart)
			if f := a.addEscaped(part, true); f != nil {
				return f
			}
		}
	}
	return a.checkTexts()
}

// cutComma takes what stands before the first comma, or the whole text when commas do not separate. More reports whether
// there was a comma.
func cutComma(text []byte, separates bool) (part, rest []byte, more bool) {
	if !separates {
		return text, nil, false
	}
	return bytes.Cut(text, []byte(","))
}

func (a *arguments) fromCookies(b *binding, header []byte) {
	for len(header) > 0 {
		var pair []byte
		pair, header, _ = bytes.Cut(header, []byte(";"))
		if name, value, ok := bytes.Cut(bytes.TrimSpace(pair), []byte("=")); ok && string(name) == b.name {
			a.addText(bytes.Trim(value, `"`))
		}
	}
}

// texted writes the argument that the texts found are: all of them, and what commas separate in them, for an array or
// collection; JSON for an object; else the one text.
func (a *arguments) texted(t *javaType) *fault {
	switch t.base {
	case arrayType, collectionType:
		return a.listed(t)
	}
	if n := len(a.values); n > 1 {
		return faultf(badRequest, "%sit is given %d times; %s takes one value", a.where(), n, t.name)
	}
	text := a.texts[a.values[0].from:a.values[0].to]
	switch t.base {
	case mapType, objectType:
		return a.json(t, text, 0)
	}
	return a.element(t, text)
}

func (a *arguments) element(t *javaType, text []byte) *fault {
	if t.nullable() && t.base != stringType && t.base != anyType && len(text) == 0 {
		a.w.Null() // as in ?since=
		return nil
	}
	a.plainText = true
	defer func() { a.plainText = false }()
	ok, f := a.plain(t, text)
	if f == nil && !ok {
		f = a.unfit(len(text), expected(t), "the text "+shown(text))
	}
	return f
}

// simple reports whether a type is a list of values that are each a text.
func simple(t *javaType) bool {
	if t.base != arrayType && t.base != collectionType {
		return false
	}
	b := t.elem.base
	return b < arrayType || b == enumType || b >= numberType
}

func (a *arguments) listed(t *javaType) *fault {
	if !simple(t) {
		if len(a.values) == 1 {
			return a.json(t, a.texts[a.values[0].from:a.values[0].to], 0)
		}
		return faultf(badRequest, "%sit is given %d times; write one JSON array for %s", a.where(), len(a.values), t.name)
	}
	list, n := a.w.List(a.listType(t)), 0
	for _, v := range a.values {
		rest := a.texts[v.from:v.to]
		more := len(rest) > 0 || a.apart && len(a.values) > 1
		for ; more; n++ {
			var part []byte
			part, rest, more = cutComma(rest, !a.apart)
			if f := a.element(t.elem, part); f != nil {
				return f
			}
		}
	}
	a.w.EndList(list, n)
	return nil
}
