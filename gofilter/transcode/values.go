package transcode

import (
	"encoding/base64"
	"math"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// value writes the next JSON value as a t of dims dimensions, or says why it is none. It never rounds, cuts or
// converts what the caller wrote.
func (a *arguments) value(t javaType, dims, depth int) *fault {
	k, err := a.peek()
	if err != nil {
		return a.syntax(err)
	}
	switch {
	case k == 'n' && (dims > 0 || t.base > doubleType || t.boxed):
		return a.infer(depth)
	case k == 'n':
		return a.unfit(0, a.expected(t, dims), "null")
	case dims > 0:
		return a.array(t, dims, k, depth)
	case t.base == otherType:
		return a.infer(depth)
	case k == '[' || k == '{':
		return a.unfit(0, a.expected(t, dims), found(k, nil))
	}
	v, err := a.dec.ReadValue()
	if err != nil {
		return a.syntax(err)
	}
	return a.scalar(t, k, v)
}

// scalar writes a JSON string, number or boolean.
func (a *arguments) scalar(t javaType, k jsontext.Kind, v jsontext.Value) *fault {
	switch {
	case t.base == boolType && (k == 't' || k == 'f'):
		a.w.Bool(k == 't')
		return nil
	case t.base >= byteType && t.base <= longType && t.base != charType && k == '0':
		return a.integer(t, v)
	case (t.base == floatType || t.base == doubleType) && k == '0':
		f, fault := a.float(v, a.expected(t, 0))
		if fault != nil {
			return fault
		}
		if t.base == floatType && math.Abs(f) > math.MaxFloat32 {
			return a.unfit(len(v), a.expected(t, 0), shown(v))
		}
		a.w.Double(f)
		return nil
	case t.base == stringType && k == '"':
		a.text(v)
		return nil
	case t.base == charType && k == '"':
		if s := a.unquote(v); utf8.RuneCount(s) == 1 && len(s) <= 3 {
			a.w.StringBytes(s)
			return nil
		}
	case (t.base == decimalType || t.base == integerType) && (k == '0' || k == '"'):
		return a.big(t, k, v)
	case t.base == dateType:
		return a.date(t, k, v)
	}
	return a.unfit(len(v), a.expected(t, 0), found(k, v))
}

func (a *arguments) integer(t javaType, v jsontext.Value) *fault {
	bits := [...]int{byteType: 8, shortType: 16, intType: 32, longType: 64}[t.base]
	i, ok := parseInt(v)
	if !ok || i<<(64-bits)>>(64-bits) != i {
		return a.unfit(len(v), a.expected(t, 0), shown(v))
	}
	if t.base == longType {
		a.w.Long(i)
	} else {
		a.w.Int(int32(i))
	}
	return nil
}

// big writes a number of any size. Generic calls take its text; in a typed call it is the object that Dubbo's
// Hessian library reads a BigDecimal from, and there is none for a BigInteger that all peers read.
func (a *arguments) big(t javaType, k jsontext.Kind, v jsontext.Value) *fault {
	text := []byte(v)
	if k == '"' {
		text = a.unquote(v)
	}
	if !isNumber(text) || t.base == integerType && !isInteger(text) {
		return a.unfit(len(v), a.expected(t, 0), found(k, v))
	}
	switch {
	case a.generic:
		a.w.StringBytes(text)
	case t.base == decimalType:
		a.w.Object("java.math.BigDecimal", "value")
		a.w.StringBytes(text)
	default:
		return a.unfit(len(v), "a generic call (remove x-dubbo-invoke: typed) for java.math.BigInteger", shown(v))
	}
	return nil
}

// date writes milliseconds since 1970 or RFC 3339 text. The form 2006-01-02 15:04:05, whose time zone only the
// provider knows, goes through as text in a generic call.
func (a *arguments) date(t javaType, k jsontext.Kind, v jsontext.Value) *fault {
	switch k {
	case '0':
		if ms, ok := parseInt(v); ok {
			a.w.Date(ms)
			return nil
		}
	case '"':
		s := string(a.unquote(v))
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			a.w.Date(at.UnixMilli())
			return nil
		}
		if _, err := time.Parse(time.DateTime, s); err == nil && a.generic {
			a.w.String(s)
			return nil
		}
	}
	return a.unfit(len(v), a.expected(t, 0), found(k, v))
}

// array writes an array: bytes as a binary (from base64 or numbers), chars as a string, other primitives and
// strings as a typed list, the rest as an untyped list.
func (a *arguments) array(t javaType, dims int, k jsontext.Kind, depth int) *fault {
	switch {
	case depth > dubbo.MaxDepth-2:
		return a.unfit(0, "values nested less deeply", "one more level")
	case dims == 1 && !t.boxed && k == '"' && (t.base == byteType || t.base == charType):
		v, err := a.dec.ReadValue()
		if err != nil {
			return a.syntax(err)
		}
		if t.base == charType {
			a.text(v)
			return nil
		}
		b, err := base64.StdEncoding.AppendDecode(nil, a.unquote(v))
		if err != nil {
			return a.unfit(len(v), a.expected(t, dims), "a string that is no base64")
		}
		a.w.Bytes(b)
		return nil
	case k != '[':
		return a.unfit(0, a.expected(t, dims), found(k, nil))
	case dims == 1 && !t.boxed && t.base == byteType:
		return a.byteArray()
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	typ := ""
	switch {
	case dims > 1 || t.boxed:
	case t.base <= doubleType:
		typ = primitives[t.base].array
	case t.base == stringType:
		typ = "[string"
	}
	list, n := a.w.List(typ), 0
	for a.dec.PeekKind() != ']' {
		if f := a.value(t, dims-1, depth+1); f != nil {
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
