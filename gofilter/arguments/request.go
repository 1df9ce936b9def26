package arguments

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// textual keeps a value that stands as text in a request: a path into it reads it as JSON.
func (f *Finder) textual(s set, text []byte) {
	here, deeper := f.plan.part(s, 0)
	f.set(here, text)
	if deeper != 0 {
		f.read(text)
		f.value(deeper, 0)
	}
}

// fromOperation looks for the parameters of a mapped operation, each where its binding says.
func (f *Finder) fromOperation(kind int, body []byte) {
	for j, b := range f.plan.bindings {
		s := f.plan.of(j)
		if s == 0 {
			continue
		}
		text, there := "", false
		switch {
		case b.From == config.FromBody && kind == jsonBody:
			f.read(body)
			f.value(s, 0)
			there = len(bytes.TrimSpace(body)) > 0
		case b.From == config.FromField && kind == jsonBody:
			there = f.field(s, b.Name, body)
		default:
			if text, there = f.find(b, kind, body); there {
				f.textual(s, []byte(text))
			}
		}
		if !there && b.Default != "" {
			f.read([]byte(b.Default))
			f.value(s, 0)
		}
	}
}

// field looks at a member of the JSON object in a body.
func (f *Finder) field(s set, name string, body []byte) (there bool) {
	f.read(body)
	if f.dec.PeekKind() != '{' {
		return false
	}
	_, _ = f.dec.ReadToken() // it was peeked at
	for f.more('}') && f.member() {
		if string(f.scratch) == name {
			f.value(s, 0)
			return true
		}
		if f.dec.SkipValue() != nil {
			return true
		}
	}
	return false
}

// find is the first text that a request has for a parameter in its path, query, headers, cookies or form.
func (f *Finder) find(b config.Binding, kind int, body []byte) (string, bool) {
	path, query, _ := strings.Cut(string(f.path), "?")
	switch b.From {
	case config.FromPath:
		return f.segment(b.Name, path)
	case config.FromQuery:
		return pair(query, b.Name)
	case config.FromField:
		if kind == formBody {
			return pair(string(body), b.Name)
		}
	case config.FromHeader:
		for _, h := range f.head {
			if strings.EqualFold(string(h.name), b.Name) {
				return string(h.value), true
			}
		}
	case config.FromCookie:
		for _, h := range f.head {
			if string(h.name) != "cookie" {
				continue
			}
			for part := range strings.SplitSeq(string(h.value), ";") {
				if name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name == b.Name {
					return strings.Trim(value, `"`), true
				}
			}
		}
	}
	return "", false
}

// segment is a variable of the operation's path.
func (f *Finder) segment(name, path string) (string, bool) {
	for _, s := range f.plan.segments {
		rest, below := strings.CutPrefix(path, "/")
		if !below {
			return "", false
		}
		part, _, _ := strings.Cut(rest, "/")
		path = rest[len(part):]
		if s.Variable != name {
			continue
		}
		if s.Rest {
			part = rest
		}
		plain, err := url.PathUnescape(part)
		return plain, err == nil
	}
	return "", false
}

// pair finds the first value of a name in a=b&c=d.
func pair(pairs, name string) (string, bool) {
	for part := range strings.SplitSeq(pairs, "&") {
		n, v, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(n); err != nil || plain != name || part == "" {
			continue
		}
		plain, err := url.QueryUnescape(v)
		return plain, err == nil
	}
	return "", false
}

// fromQuery looks at a call whose arguments are in its query, by the names of an overload that has all of them.
func (f *Finder) fromQuery() {
	path, query, there := strings.Cut(string(f.path), "?")
	if !there || len(f.plan.queries) == 0 {
		return
	}
	method, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return
	}
	for _, names := range f.plan.queries[method] {
		if !hasAll(names, query) {
			continue
		}
		for i, name := range names {
			if text, there := pair(query, name); there {
				f.textual(f.plan.of(i), []byte(text))
			}
		}
		return
	}
}

func hasAll(names []string, query string) bool {
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); part != "" && (err != nil || !slices.Contains(names, plain)) {
			return false
		}
	}
	return true
}

// fromForm looks at the fields parameter of a form: a java.lang.String as it is, others as JSON.
func (f *Finder) fromForm(body []byte) {
	types := string(f.types)
	if types == "" {
		types, _ = pair(string(body), "parameterTypesString")
	}
	i := 0
	for part := range strings.SplitSeq(string(body), "&") {
		name, value, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err != nil || plain != "parameter" {
			continue
		}
		text, err := url.QueryUnescape(value)
		if err != nil {
			return
		}
		f.formed(f.plan.of(i), []byte(text), isText(types, i))
		i++
	}
}

// formed keeps a parameter of a form. Where its type is not told, what is no JSON is taken for text.
func (f *Finder) formed(s set, text []byte, plain bool) {
	if plain || !jsontext.Value(text).IsValid() {
		here, _ := f.plan.part(s, 0)
		f.set(here, text)
		return
	}
	f.read(text)
	f.value(s, 0)
}

// isText reports whether the i-th of types, names with commas or descriptors, is java.lang.String.
func isText(types string, i int) bool {
	for n := 0; types != ""; n++ {
		types = strings.TrimLeft(types, ", ")
		end := strings.IndexByte(types, ',')
		if end < 0 {
			end = len(types)
		}
		one := strings.TrimSpace(types[:end])
		if d := descriptor(types); d > 0 {
			end, one = d, types[:d]
		}
		if n == i {
			return one == "java.lang.String" || one == "Ljava/lang/String;" || one == "String"
		}
		types = types[end:]
	}
	return false
}

// descriptor is the length of the JVM descriptor that a list of types begins with, 0 when it begins with a name.
func descriptor(types string) int {
	at := strings.IndexFunc(types, func(r rune) bool { return r != '[' })
	switch {
	case at < 0:
		return 0
	case types[at] == 'L':
		return strings.IndexByte(types, ';') + 1
	case strings.IndexByte("ZBCSIJFD", types[at]) >= 0 && (at+1 == len(types) || strings.IndexByte("ZBCSIJFDL[,", types[at+1]) >= 0):
		return at + 1
	}
	return 0
}
