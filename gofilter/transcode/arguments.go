package transcode

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// arguments writes the frame of a call: JSON tokens, or the fields of a form, become Hessian values as they are read.
type arguments struct {
	w       dubbo.Writer
	dec     jsontext.Decoder
	src     bytes.Buffer
	types   typeList // that the request names
	scratch []byte
	form    form

	schema    *Schema     // nil for none
	operation *operation  // nil unless the request is mapped to a method
	method    *method     // nil when the schema does not tell which it is
	known     bool        // params are the types of the arguments
	params    []*javaType // of the method's or of types
	generic   bool        // the call goes through $invoke
	varied    bool        // the objects have too many shapes for a call that is not generic
	result    bool        // a value for a consumer, who gets of a generic call what a provider would send

	shapes shapes
	defs   dubbo.Writer
	order  []int32
	first  int // where the first object of the argument is; none before
	scores []candidate

	count int    // of arguments written
	place string // what the argument is, when it is no element of a JSON array: "query parameter"
	label string // and its name
	base  int    // where the JSON text begins in the request's body

	plainText bool   // the argument is text, not JSON
	texts     []byte // what find found
	values    []span // of texts
	apart     bool   // texts were separated at commas
	members   []span // of a JSON body: the argument of each binding that is a field
}

func (a *arguments) reset() {
	a.types.reset()
	a.form.reset()
	a.scratch, a.texts = shrink(a.scratch), shrink(a.texts)
	if cap(a.values) > keepItems {
		a.values = nil
	}
	clear(a.scores[:cap(a.scores)]) // which point into a schema
	a.schema, a.operation, a.method, a.known, a.params, a.generic = nil, nil, nil, false, nil, false
	a.restart()
}

// keepItems is the largest list an arguments keeps from one request to the next.
const keepItems = 4 << 10

// restart drops what was written.
func (a *arguments) restart() {
	a.w.Reset(shrink(a.w.Buf))
	a.defs.Reset(shrink(a.defs.Buf))
	a.shapes.reset()
	a.varied, a.first, a.count, a.place = false, none, 0, ""
}

// fromJSON writes the arguments that a JSON body holds: the elements of an array, any other value as the only
// argument, nothing for an empty body.
func (a *arguments) fromJSON(body []byte) *fault {
	a.read(body)
	switch a.dec.PeekKind() {
	case '[':
		if _, err := a.dec.ReadToken(); err != nil {
			return a.syntax(err)
		}
		for a.dec.PeekKind() != ']' {
			if f := a.argument(); f != nil {
				return f
			}
		}
		if _, err := a.dec.ReadToken(); err != nil {
			return a.syntax(err)
		}
	default:
		if _, err := a.peek(); errors.Is(err, io.EOF) {
			break
		}
		if f := a.argument(); f != nil {
			return f
		}
	}
	return a.atEnd()
}

// read starts on a new JSON text.
func (a *arguments) read(text []byte) {
	a.src = *bytes.NewBuffer(text)
	a.dec.Reset(&a.src)
}

// peek tells the kind of the next value, or what stands in its place.
func (a *arguments) peek() (jsontext.Kind, error) {
	k := a.dec.PeekKind()
	if k != 0 {
		return k, nil
	}
	_, err := a.dec.ReadToken() // PeekKind keeps the error for the next read
	return 0, err
}

// atEnd checks that nothing follows the JSON text and that no argument is missing.
func (a *arguments) atEnd() *fault {
	if _, err := a.dec.ReadToken(); !errors.Is(err, io.EOF) {
		if err != nil {
			return a.syntax(err)
		}
		return faultf(badRequest, "%sbyte %d: another value follows the JSON text; put several arguments into one array", a.where(), a.dec.InputOffset()-1+int64(a.base))
	}
	return nil
}

// argument writes the next argument.
func (a *arguments) argument() *fault {
	t := anyJava
	if a.known {
		if a.count >= len(a.params) {
			if _, err := a.peek(); err != nil {
				return a.syntax(err) // the text ends where another argument could stand
			}
			return a.mismatch()
		}
		t = a.params[a.count]
	}
	a.count++
	a.first = none
	if f := a.value(t, 0); f != nil {
		return f
	}
	return a.complete()
}

// complete ends an argument.
func (a *arguments) complete() *fault {
	if a.varied {
		return onlyGeneric
	}
	a.define()
	return nil
}

// mismatch says that there are not as many arguments as types.
func (a *arguments) mismatch() *fault {
	more := ""
	if a.count >= len(a.params) {
		more = "more than "
	}
	of := ""
	if a.method != nil {
		of = " of " + a.method.String()
	}
	return faultf(badRequest, "%s%d arguments were given for %d types%s; a JSON array holds the arguments in order, so a list that is one argument is an array in the array", more, a.count, len(a.params), of)
}

// where names the parameter being read, unless it is an element of a JSON array.
func (a *arguments) where() string {
	if a.place == "" {
		return ""
	}
	return strings.TrimSpace(a.place+" "+a.label) + ": "
}

// syntax says what is wrong with the JSON text.
func (a *arguments) syntax(err error) *fault {
	var s *jsontext.SyntacticError
	switch {
	case errors.As(err, &s) && errors.Is(err, jsontext.ErrDuplicateName):
		return faultf(badRequest, "%sbyte %d: the name at %q occurs twice", a.where(), s.ByteOffset+int64(a.base), s.JSONPointer)
	case errors.As(err, &s):
		return faultf(badRequest, "%sbyte %d (at %q): malformed JSON: %v", a.where(), s.ByteOffset+int64(a.base), s.JSONPointer, s.Err)
	}
	return faultf(badRequest, "%sbyte %d: malformed JSON: %v", a.where(), a.dec.InputOffset()+int64(a.base), err)
}

// unfit says that the value of n bytes just read does not fit, or the one at hand when n is 0.
func (a *arguments) unfit(n int, expected, found string) *fault {
	if n == 0 {
		// The decoder tells the place of what it has read.
		switch a.dec.PeekKind() {
		case '[', '{':
			if _, err := a.dec.ReadToken(); err == nil {
				n = 1
			}
		default:
			if v, err := a.dec.ReadValue(); err == nil {
				n = len(v)
			}
		}
	}
	if a.plainText {
		return faultf(badRequest, "%sexpected %s, found %s", a.where(), expected, found)
	}
	return faultf(badRequest, "%sargument %d, byte %d (at %q): expected %s, found %s",
		a.where(), a.count-1, a.dec.InputOffset()-int64(n)+int64(a.base), a.dec.StackPointer(), expected, found)
}
