package transcode

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// maxFitDepth is how deep arrays in arrays are looked at.
const maxFitDepth = 8

// array is the mean of the elements; each has to fit. Nulls count when there is nothing else.
func (j *fitter) array(t *javaType, v jsontext.Value, depth int) int {
	switch t.base {
	case bytesType, charsType, arrayType, collectionType:
	default:
		return noFit
	}
	if t.elem == nil || depth > maxFitDepth {
		return 50
	}
	var d jsontext.Decoder
	d.Reset(bytes.NewBuffer(v))
	_, _ = d.ReadToken() // v was read as a whole before: there is no error
	sum, n, nulls := 0, 0, 0
	for d.PeekKind() != ']' && j.left > 0 {
		element, err := d.ReadValue()
		if err != nil {
			return noFit
		}
		j.left -= len(element) + 1
		s := j.fit(t.elem, element, depth+1)
		switch {
		case s == noFit:
			return noFit
		case element.Kind() == 'n':
			nulls = s
		default:
			sum += s
			n++
		}
	}
	if n == 0 {
		return 50 + nulls/2
	}
	return 50 + sum/n/2
}

// object prefers the class that the member "class" names, then the one that has most of the members, and a class to a
// map.
func (j *fitter) object(t *javaType, v jsontext.Value) int {
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
	for most := d.InputOffset() + int64(j.left); d.PeekKind() != '}' && d.InputOffset() < most; {
		token, err := d.ReadToken()
		if err != nil {
			return noFit
		}
		name := token.String()
		if _, ok := t.class.byJSON[name]; ok {
			own++
		} else if name == "class" && d.PeekKind() == '"' {
			class, err := d.ReadToken()
			if err != nil {
				return noFit
			}
			if s := j.class(t.class, class.String()); s != 0 {
				return s
			}
			continue
		}
		all++
		if d.SkipValue() != nil {
			return noFit
		}
	}
	j.left -= int(d.InputOffset())
	if all == 0 {
		return 60
	}
	return 20 + 80*own/all
}

// class says how well an object of the class of that name fits a parameter, 0 when there is no such class here.
func (j *fitter) class(declared *class, name string) int {
	switch c := j.schema.class([]byte(name)); {
	case name == declared.name:
		return 100
	case c == nil:
		return 0
	case c.extends(declared):
		return 95
	}
	return noFit
}
