package transcode

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// maxTypedDepth leaves room for what a single value of java.time nests.
const maxTypedDepth = dubbo.MaxDepth - 8

// value writes the next JSON value as a t, or says why it is none. It never rounds, cuts or converts what the caller
// wrote.
func (a *arguments) value(t *javaType, depth int) *fault {
	k, err := a.peek()
	switch {
	case err != nil:
		return a.syntax(err)
	case k == 'n' && !t.nullable():
		return a.unfit(0, expected(t), "null")
	case t.base >= anyType || k == 'n':
		return a.infer(depth)
	case depth > maxTypedDepth && (k == '[' || k == '{'):
		return a.unfit(0, "values nested less deeply", "one more level")
	case k == '[':
		switch t.base {
		case bytesType:
			return a.byteArray()
		case arrayType, charsType, collectionType:
			return a.elements(t, depth)
		}
	case k == '{' && t.base == mapType:
		return a.entries(t, depth)
	case k == '{' && t.base == objectType:
		return a.fields(t, depth)
	}
	if k == '[' || k == '{' {
		return a.unfit(0, expected(t), found(k, nil))
	}
	v, err := a.dec.ReadValue()
	if err != nil {
		return a.syntax(err)
	}
	text := []byte(v)
	if k == '"' {
		text = a.unquote(v)
	}
	if ok, f := a.scalar(t, k, text); f != nil {
		return f
	} else if !ok {
		return a.unfit(len(v), expected(t), found(k, v))
	}
	return nil
}

// scalar writes a string (its text), a number or a boolean of JSON, and reports whether it is a t.
func (a *arguments) scalar(t *javaType, k jsontext.Kind, text []byte) (ok bool, f *fault) {
	number, isText := k == '0', k == '"'
	switch t.base {
	case boolType:
		if k == 't' || k == 'f' {
			a.w.Bool(k == 't')
			return true, nil
		}
	case byteType, shortType, intType, longType:
		return number && a.integer(t.base, text), nil
	case floatType, doubleType:
		if number {
			return a.floating(t, text)
		}
	case stringType:
		if isText {
			a.w.StringBytes(text)
		}
		return isText, nil
	case charType:
		if isText && oneUnit(text) {
			a.w.StringBytes(text)
			return true, nil
		}
	case charsType:
		if isText {
			a.w.StringBytes(text)
		}
		return isText, nil
	case bytesType:
		if isText {
			return a.base64(text)
		}
	case decimalType, integerType:
		return (number || isText) && a.big(t, text), nil
	case dateType, sqlType:
		return a.date(t, k, text), nil
	case timeType:
		return a.temporal(t, k, text), nil
	case textType:
		if isText {
			return true, a.around(t.class, text)
		}
	case enumType:
		if isText {
			return a.constant(t, text)
		}
	case numberType:
		if number {
			return true, a.number(text)
		}
	}
	return false, nil
}

// constant writes an enum's constant, which a generic call takes by its name.
func (a *arguments) constant(t *javaType, text []byte) (bool, *fault) {
	known := false
	for _, name := range t.class.enum {
		known = known || name == string(text)
	}
	switch {
	case !known:
		return false, nil
	case a.generic:
		a.w.StringBytes(text)
		return true, nil
	}
	return true, a.around(t.class, text)
}

// around writes an object with one field, a text.
func (a *arguments) around(c *class, text []byte) *fault {
	o := a.begin(c)
	a.member(&o, 0)
	a.w.StringBytes(text)
	return a.end(o)
}
