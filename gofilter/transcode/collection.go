package transcode

import (
	"encoding/base64"
	"math"
	"unicode/utf8"
)

// elements writes the array at hand as a Java array or collection. In a generic call arrays are untyped lists, but for
// those of primitives and strings.
func (a *arguments) elements(t *javaType, depth int) *fault {
	if t.base == charsType {
		return a.characters(t)
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	list, n := a.w.List(a.listType(t)), 0
	for a.dec.PeekKind() != ']' {
		if f := a.value(t.elem, depth+1); f != nil {
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

func (a *arguments) listType(t *javaType) string {
	if a.generic && t.base == arrayType && !t.simple() {
		return ""
	}
	return t.list
}

// entries writes the object at hand as a Java map. Its keys become what the map has for keys.
func (a *arguments) entries(t *javaType, depth int) *fault {
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	if t.list == "" {
		a.w.UntypedMap()
	} else {
		a.w.TypedMap(t.list)
	}
	for a.dec.PeekKind() != '}' {
		name, err := a.dec.ReadValue()
		if err != nil {
			return a.syntax(err)
		}
		if ok, f := a.plain(t.key, a.unquote(name)); f != nil {
			return f
		} else if !ok {
			return a.unfit(len(name), "a key that is "+expected(t.key), shown(name))
		}
		if f := a.value(t.elem, depth+1); f != nil {
			return f
		}
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	a.w.End()
	return nil
}

// plain writes a text that is not JSON itself, such as a map's key or a query parameter, as a t, and reports whether
// it is one: true, 12, ADMIN, 2024-02-29.
func (a *arguments) plain(t *javaType, text []byte) (bool, *fault) {
	switch t.base {
	case anyType, otherType:
		a.w.StringBytes(text)
		return true, nil
	case boolType:
		yes := string(text) == "true"
		if yes || string(text) == "false" {
			a.w.Bool(yes)
			return true, nil
		}
		return false, nil
	case byteType, shortType, intType, longType, floatType, doubleType, numberType:
		if !isNumber(text) {
			return false, nil
		}
		return a.scalar(t, '0', text)
	case dateType, sqlType:
		if _, ok := parseInt(text); ok {
			return a.scalar(t, '0', text)
		}
	case timeType:
		if t.time.number && isNumber(text) {
			return a.scalar(t, '0', text)
		}
	}
	return a.scalar(t, '"', text)
}

// base64 writes bytes.
func (a *arguments) base64(text []byte) (bool, *fault) {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	if err == nil {
		a.w.Bytes(b)
	}
	return err == nil, nil
}

// characters writes an array of strings of one character as a string, which is what Hessian has for a char[].
func (a *arguments) characters(t *javaType) *fault {
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	a.texts = a.texts[:0]
	for a.dec.PeekKind() != ']' {
		v, err := a.dec.ReadValue()
		if err != nil {
			return a.syntax(err)
		}
		if v.Kind() != '"' || !oneUnit(a.unquote(v)) {
			return a.unfit(len(v), expected(t.elem), found(v.Kind(), v))
		}
		a.texts = append(a.texts, a.unquote(v)...)
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	a.w.StringBytes(a.texts)
	return nil
}

// oneUnit reports whether text is one UTF-16 unit, as a char is.
func oneUnit(text []byte) bool { return utf8.RuneCount(text) == 1 && len(text) <= 3 }

// byteArray writes an array of numbers as a binary.
func (a *arguments) byteArray() *fault {
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	a.scratch = a.scratch[:0]
	for a.dec.PeekKind() != ']' {
		v, err := a.dec.ReadValue()
		if err != nil {
			return a.syntax(err)
		}
		i, ok := parseInt(v)
		if !ok || i < math.MinInt8 || i > math.MaxUint8 {
			return a.unfit(len(v), "a byte from -128 to 255", shown(v))
		}
		a.scratch = append(a.scratch, byte(i))
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	a.w.Bytes(a.scratch)
	return nil
}
