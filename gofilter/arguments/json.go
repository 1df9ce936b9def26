package arguments

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// fromJSON looks at a body whose array has the arguments, or that is the only one.
func (f *Finder) fromJSON(body []byte) {
	f.read(body)
	if f.dec.PeekKind() != '[' {
		f.value(f.plan.of(0), 0)
		return
	}
	_, _ = f.dec.ReadToken() // it was peeked at
	for i := 0; i <= f.plan.last && f.more(']'); i++ {
		if !f.value(f.plan.of(i), 0) {
			return
		}
	}
}

// read starts on a new JSON text.
func (f *Finder) read(text []byte) {
	f.src = *bytes.NewBuffer(text)
	f.dec.Reset(&f.src)
}

// more reports whether another value comes before the end of a list or object.
func (f *Finder) more(end jsontext.Kind) bool {
	k := f.dec.PeekKind()
	return k != end && k != 0
}

// value looks at the next value, into which paths lead, and reports whether it could be read.
func (f *Finder) value(s set, depth int) bool {
	here, deeper := f.plan.part(s, depth)
	switch k := f.dec.PeekKind(); k {
	case 0:
		return false
	case '{', '[':
		if k == '{' {
			f.set(here, anObject)
		} else {
			f.set(here, aList)
		}
		if deeper == 0 {
			return f.dec.SkipValue() == nil
		}
		return f.parts(k, deeper, depth)
	case 'n':
		return f.dec.SkipValue() == nil
	}
	raw, err := f.dec.ReadValue()
	if err != nil {
		return false
	}
	if here != 0 && raw[0] == '"' {
		f.scratch, _ = jsontext.AppendUnquote(f.scratch[:0], raw)
		raw = f.scratch
	}
	f.set(here, raw)
	return true
}

// parts looks at the members of an object or the elements of a list.
func (f *Finder) parts(k jsontext.Kind, s set, depth int) bool {
	_, _ = f.dec.ReadToken() // it was peeked at
	end := jsontext.Kind('}')
	if k == '[' {
		end = ']'
	}
	for i := 0; f.more(end); i++ {
		if k == '[' {
			f.scratch = strconv.AppendInt(f.scratch[:0], int64(i), 10)
		} else if !f.member() {
			return false
		}
		if !f.value(f.plan.named(s, depth, f.scratch), depth+1) {
			return false
		}
	}
	_, err := f.dec.ReadToken()
	return err == nil
}

// member reads the name of an object's member.
func (f *Finder) member() bool {
	raw, err := f.dec.ReadValue()
	if err != nil {
		return false
	}
	f.scratch, err = jsontext.AppendUnquote(f.scratch[:0], raw)
	return err == nil
}
