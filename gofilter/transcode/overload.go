package transcode

import (
	"bytes"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// candidate is an overload that may be meant, and how well the arguments fit it.
type candidate struct {
	method *method
	score  int // noFit when an argument cannot be what it declares
}

const noFit = -1

// choose finds the overload that a JSON body is for: by the number of arguments, then by their form. The one method
// of a name is taken whatever the arguments are, so that the error tells what is wrong with them.
func (a *arguments) choose(overloads []*method, body []byte) *fault {
	if len(overloads) == 1 {
		a.take(overloads[0])
		return nil
	}
	a.scores = a.scores[:0]
	for _, m := range overloads {
		a.scores = append(a.scores, candidate{method: m})
	}
	n, f := a.scoreBody(body)
	if f != nil {
		return f
	}
	var best *candidate
	tie := false
	for i := range a.scores {
		c := &a.scores[i]
		if len(c.method.params) != n || c.score == noFit {
			continue
		}
		tie = best != nil && c.score == best.score || tie && c.score < best.score
		if best == nil || c.score > best.score {
			best = c
		}
	}
	switch {
	case best == nil:
		return a.unclear("no overload of %s takes these %d arguments", n)
	case tie:
		return a.unclear("several overloads of %s take these %d arguments", n)
	}
	a.take(best.method)
	return nil
}

// take decides for a method.
func (a *arguments) take(m *method) { a.method, a.params, a.known = m, m.params, true }

// unclear is the refusal of a call whose overload cannot be told.
func (a *arguments) unclear(format string, n int) *fault {
	var names []string
	for _, c := range a.scores {
		names = append(names, c.method.String())
	}
	return faultf(badRequest, format+"; name the types in x-dubbo-parameter-types for one of: %s", a.scores[0].method.def.Name, n, strings.Join(names, ", "))
}

// scoreBody scores each candidate by the arguments in a JSON body, and counts them.
func (a *arguments) scoreBody(body []byte) (n int, f *fault) {
	a.read(body)
	switch k := a.dec.PeekKind(); k {
	case '[':
		if _, err := a.dec.ReadToken(); err != nil {
			return 0, a.syntax(err)
		}
		for a.dec.PeekKind() != ']' {
			if f := a.scoreNext(n); f != nil {
				return 0, f
			}
			n++
		}
		return n, nil
	case 0:
		return 0, nil // empty, or no JSON: writing it will tell
	}
	return 1, a.scoreNext(0)
}

func (a *arguments) scoreNext(i int) *fault {
	v, err := a.dec.ReadValue()
	if err != nil {
		return a.syntax(err)
	}
	for k := range a.scores {
		c := &a.scores[k]
		if c.score == noFit || i >= len(c.method.params) {
			continue
		}
		if s := fit(c.method.params[i], v, 0); s == noFit {
			c.score = noFit
		} else {
			c.score += s
		}
	}
	return nil
}

// fit says how well a JSON value fits a type: 0 to 100, or noFit. Types that say more of the value fit it better.
func fit(t *javaType, v jsontext.Value, depth int) int {
	k := v.Kind()
	switch {
	case k == 'n':
		if t.nullable() {
			return 10
		}
		return noFit
	case t.base == anyType, t.base == otherType:
		return 1
	}
	switch k {
	case 't', 'f':
		if t.base == boolType {
			return ranked(t, 100)
		}
	case '0':
		return fitNumber(t, v)
	case '"':
		return fitText(t, v)
	case '[':
		return fitArray(t, v, depth)
	case '{':
		return fitObject(t, v)
	}
	return noFit
}

// ranked prefers a primitive to its box.
func ranked(t *javaType, score int) int {
	if t.boxed {
		return score - 1
	}
	return score
}

// fitNumber prefers the smallest of int, long and BigInteger that holds an integer, and double for other numbers.
func fitNumber(t *javaType, v []byte) int {
	whole := isInteger(v)
	i, isLong := parseInt(v)
	fits := func(bits int, score int) int {
		if whole && isLong && i<<(64-bits)>>(64-bits) == i {
			return ranked(t, score)
		}
		return noFit
	}
	switch t.base {
	case byteType:
		return fits(8, 50)
	case shortType:
		return fits(16, 60)
	case intType:
		return fits(32, 100)
	case longType:
		return fits(64, 90)
	case integerType:
		if whole {
			return 80
		}
	case doubleType:
		return ranked(t, 70)
	case decimalType:
		return 65
	case floatType:
		return ranked(t, 40)
	case numberType:
		return 30
	case dateType, sqlType:
		if isLong {
			return 5
		}
	case timeType:
		if t.time.number && isLong {
			return 5
		}
	}
	return noFit
}

// fitText prefers a type that only such a text has, then String.
func fitText(t *javaType, v jsontext.Value) int {
	text := v[1 : len(v)-1]
	switch t.base {
	case stringType:
		return 80
	case enumType:
		for _, name := range t.class.enum {
			if name == string(text) {
				return 90
			}
		}
	case timeType:
		if fits(t.time, string(text)) {
			return 90
		}
	case dateType, sqlType:
		if _, err := time.Parse(time.RFC3339, string(text)); err == nil {
			return 90
		}
	case charType:
		if len(text) == 1 {
			return ranked(t, 70)
		}
	case textType:
		return 60
	case charsType:
		return 50
	case decimalType:
		if isNumber(text) {
			return 20
		}
	case integerType:
		if isNumber(text) && isInteger(text) {
			return 20
		}
	case bytesType:
		return 10
	}
	return noFit
}

// fitArray looks at the first element.
func fitArray(t *javaType, v jsontext.Value, depth int) int {
	elem := t.elem
	switch t.base {
	case bytesType, charsType, arrayType, collectionType:
	default:
		return noFit
	}
	var d jsontext.Decoder
	d.Reset(bytes.NewBuffer(v))
	_, _ = d.ReadToken() // v was read as a whole before: there is no error
	if d.PeekKind() == ']' || elem == nil || depth > 8 {
		return 50
	}
	first, err := d.ReadValue()
	if err != nil {
		return noFit
	}
	if s := fit(elem, first, depth+1); s != noFit {
		return 50 + s/2
	}
	return noFit
}

// fitObject prefers the class that has most of the members, and a class to a map.
func fitObject(t *javaType, v jsontext.Value) int {
	switch t.base {
	case mapType:
		return 30
	case objectType:
	default:
		return noFit
	}
	var d jsontext.Decoder
	d.Reset(bytes.NewBuffer(v))
	_, _ = d.ReadToken()
	own, all := 0, 0
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return noFit
		}
		if _, ok := t.class.byJSON[name.String()]; ok {
			own++
		}
		all++
		if d.SkipValue() != nil {
			return noFit
		}
	}
	if all == 0 {
		return 60
	}
	return 20 + 80*own/all
}
