package transcode

import (
	"bytes"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// infer writes the next JSON value by its own form: integers as int or, when they need it, long, other numbers as
// double, objects as untyped maps, arrays as untyped lists.
func (a *arguments) infer(depth int) *fault {
	if depth > dubbo.MaxDepth-2 { // the call's own list and map are around it
		return a.unfit(0, "values nested less deeply", "more than "+strconv.Itoa(depth)+" levels")
	}
	k, err := a.peek()
	if err != nil {
		return a.syntax(err)
	}
	switch k {
	case '[':
		return a.list(depth)
	case '{':
		return a.object(depth)
	}
	v, err := a.dec.ReadValue()
	if err != nil {
		return a.syntax(err)
	}
	switch k {
	case 'n':
		a.w.Null()
	case 't', 'f':
		a.w.Bool(k == 't')
	case '"':
		a.text(v)
	default:
		return a.number(v)
	}
	return nil
}

// list writes the array at hand as an untyped list, with inferred elements.
func (a *arguments) list(depth int) *fault {
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	list, n := a.w.List(""), 0
	for a.dec.PeekKind() != ']' {
		if f := a.infer(depth + 1); f != nil {
			return f
		}
		n++
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	a.w.EndList(list, n)
	return nil
}

// object writes the object at hand as an untyped map, or as an object if its first member is "class" and names a
// class of the schema.
func (a *arguments) object(depth int) *fault {
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	at := len(a.w.Buf)
	a.w.UntypedMap()
	for a.dec.PeekKind() != '}' {
		name, err := a.dec.ReadValue()
		if err != nil {
			return a.syntax(err)
		}
		if a.schema != nil && string(name) == `"class"` && a.dec.PeekKind() == '"' {
			if done, f := a.classed(at, depth); done || f != nil {
				return f
			}
			continue
		}
		a.text(name)
		if f := a.infer(depth + 1); f != nil {
			return f
		}
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	a.w.End()
	return nil
}

// classed takes the value of the member "class" of an object that begins in the frame at that place, and writes the
// object if that is a class of the schema; else only the member. Behind other members such a class would come too late:
// they are in the frame as what they look like.
func (a *arguments) classed(at, depth int) (bool, *fault) {
	v, err := a.dec.ReadValue()
	if err != nil {
		return false, a.syntax(err)
	}
	c := a.schema.class(a.unquote(v))
	if c == nil || depth > maxTypedDepth {
		a.w.String("class")
		a.text(v)
		return false, nil
	}
	if len(a.w.Buf) > at+1 {
		return false, a.unfit(len(v), classFirst, shown(v))
	}
	if c.opaque && !a.generic {
		return false, onlyGeneric
	}
	a.w.Buf = a.w.Buf[:at]
	key, f := a.memberName()
	switch {
	case f != nil:
	case a.generic:
		f = a.asMap(c, true, key, depth)
	default:
		f = a.asObject(c, key, depth)
	}
	return true, f
}

// text writes a JSON string.
func (a *arguments) text(v jsontext.Value) { a.w.StringBytes(a.unquote(v)) }

// unquote gives the text of a JSON string, valid until the next call.
func (a *arguments) unquote(v jsontext.Value) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	// The decoder has checked v: there is no error.
	a.scratch, _ = jsontext.AppendUnquote(a.scratch[:0], v)
	return a.scratch
}

func isInteger(v []byte) bool { return !bytes.ContainsAny(v, ".eE") }

// parseInt reads a JSON integer; ok is false when it needs more than 64 bits.
func parseInt(v []byte) (n int64, ok bool) {
	digits := bytes.TrimPrefix(v, []byte("-"))
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	var u uint64 // 19 digits fit
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	if len(digits) < len(v) {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

// shown is a value as an error shows it.
func shown(v []byte) string {
	if len(v) > 40 {
		return string(cut(v, 40)) + "…"
	}
	return string(v)
}
