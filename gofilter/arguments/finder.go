package arguments

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Finder finds values in one request after another, each by Reset, Header for every header, Find. It is used by one
// goroutine at a time, and borrows what it is given until Find returns.
type Finder struct {
	plan *Plan
	head []header

	path, contentType, types, method, length []byte // headers

	dec     jsontext.Decoder
	src     bytes.Buffer
	hessian dubbo.Reader
	scratch []byte

	text  []byte // the values, one after another
	found []span // of text, by path
	has   set
}

type header struct{ name, value []byte }

type span struct{ from, to int }

// keepBytes is the largest buffer that is kept from one request to the next.
const keepBytes = 64 << 10

// Reset begins with a request.
func (f *Finder) Reset(p *Plan) {
	if cap(f.scratch) > keepBytes {
		f.scratch = nil
	}
	f.plan, f.head, f.has, f.text = p, f.head[:0], 0, f.text[:0]
	f.found = append(f.found[:0], make([]span, len(p.wanted))...)
	f.path, f.contentType, f.types, f.method, f.length = nil, nil, nil, nil, nil
}

// Header adds a header of the request, by lower-case name.
func (f *Finder) Header(name, value []byte) {
	switch string(name) {
	case ":path":
		f.path = value
	case "content-type":
		f.contentType = value
	case config.TypesHeader:
		f.types = value
	case config.MethodHeader:
		f.method = value
	case config.ArgumentsHeader:
		f.length = value
	}
	if f.plan.mapped {
		f.head = append(f.head, header{name, value})
	}
}

// Find looks at the request, whose body is all there.
func (f *Finder) Find(body []byte) {
	switch kind := kindOf(f.contentType); {
	case kind == hessianBody:
		f.fromHessian(body)
	case f.plan.mapped:
		f.fromOperation(kind, body)
	case kind == formBody:
		f.fromForm(body)
	case kind == jsonBody && len(body) > 0:
		f.fromJSON(body)
	case len(body) == 0:
		f.fromQuery()
	}
}

// Value is what was found at one of the plan's paths, as a header holds it. It is valid until the next Reset.
func (f *Finder) Value(i int) (text []byte, there bool) {
	return f.text[f.found[i].from:f.found[i].to], f.has&(1<<i) != 0
}

// set keeps a value for paths.
func (f *Finder) set(s set, text []byte) {
	if s == 0 {
		return
	}
	if len(text) > config.MaxArgumentText {
		text = text[:config.MaxArgumentText]
		for i := 1; i < utf8.UTFMax; i++ { // no half of a character
			if last := text[len(text)-i]; utf8.RuneStart(last) {
				if !utf8.FullRune(text[len(text)-i:]) {
					text = text[:len(text)-i]
				}
				break
			}
		}
	}
	from := len(f.text)
	f.text = config.AppendArgument(f.text, text)
	for i := range f.found {
		if s&(1<<i) != 0 {
			f.found[i] = span{from, len(f.text)}
		}
	}
	f.has |= s
}

// What stands for a value that has parts of its own.
var (
	anObject = []byte("{}")
	aList    = []byte("[]")
)

// appendDouble writes a number as it is in JSON results; false when JSON has none for it.
func appendDouble(dst []byte, v float64) ([]byte, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dst, false
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, v, format, -1, 64)
	if !bytes.ContainsAny(dst, ".e") {
		dst = append(dst, '.', '0')
	}
	return dst, true
}
