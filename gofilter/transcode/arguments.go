package transcode

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// arguments writes the frame of a call: JSON tokens, or the fields of a form, become Hessian values as they are read.
type arguments struct {
	w       dubbo.Writer
	dec     jsontext.Decoder
	src     bytes.Buffer
	types   typeList
	typed   bool // the types are known
	generic bool // the call goes through $invoke
	scratch []byte
	form    form

	count int // of arguments written
	field int // the form's parameter being read; -1 when the body is JSON
}

func (a *arguments) reset() {
	a.types.reset()
	a.form.reset()
	a.w.Reset(shrink(a.w.Buf))
	a.scratch = shrink(a.scratch)
	a.typed, a.generic, a.count, a.field = false, false, 0, -1
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
		return faultf(badRequest, "%sbyte %d: another value follows the JSON text; put several arguments into one array", a.where(), a.dec.InputOffset()-1)
	}
	return nil
}

// argument writes the next argument.
func (a *arguments) argument() *fault {
	if !a.typed {
		a.count++
		return a.infer(0)
	}
	if a.count >= len(a.types.types) {
		return a.mismatch()
	}
	t := a.types.types[a.count]
	a.count++
	return a.value(t, t.dims, 0)
}

// mismatch says that there are not as many arguments as types.
func (a *arguments) mismatch() *fault {
	more := ""
	if a.count >= len(a.types.types) {
		more = "more than "
	}
	return faultf(badRequest, "%s%d arguments were given for %d types; a JSON array holds the arguments in order, so a list that is one argument is an array in the array", more, a.count, len(a.types.types))
}

// where names the form's parameter being read.
func (a *arguments) where() string {
	if a.field < 0 {
		return ""
	}
	return faultf(badRequest, "form field parameter %d: ", a.field).detail
}

// syntax says what is wrong with the JSON text.
func (a *arguments) syntax(err error) *fault {
	var s *jsontext.SyntacticError
	switch {
	case errors.As(err, &s) && errors.Is(err, jsontext.ErrDuplicateName):
		return faultf(badRequest, "%sbyte %d: the name at %q occurs twice", a.where(), s.ByteOffset, s.JSONPointer)
	case errors.As(err, &s):
		return faultf(badRequest, "%sbyte %d (at %q): malformed JSON: %v", a.where(), s.ByteOffset, s.JSONPointer, s.Err)
	}
	return faultf(badRequest, "%sbyte %d: malformed JSON: %v", a.where(), a.dec.InputOffset(), err)
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
	return faultf(badRequest, "%sargument %d, byte %d (at %q): expected %s, found %s",
		a.where(), a.count-1, a.dec.InputOffset()-int64(n), a.dec.StackPointer(), expected, found)
}
