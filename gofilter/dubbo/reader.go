package dubbo

import (
	"encoding/binary"
	"fmt"
	"math"
)

// MaxDepth is how deeply lists, maps and objects may be nested.
const MaxDepth = 128

// Error says what is wrong with Hessian 2 input, and where.
type Error struct {
	Offset int // in bytes, from the start of the input
	Reason string

	cause error // errCycle, errExpansion or nil
}

// Error gives the position and the reason.
func (e *Error) Error() string { return fmt.Sprintf("hessian: byte %d: %s", e.Offset, e.Reason) }

// Unwrap is for IsCycle and IsExpansion.
func (e *Error) Unwrap() error { return e.cause }

// Reader reads Hessian 2 values one after another. Kind tells what comes next; the method of that kind takes it.
// Every error is an *Error; after one the Reader must be Reset. It is used by one goroutine at a time. What it
// returns as []byte is valid until the next Reset.
type Reader struct {
	data  []byte
	pos   int
	depth int

	// The tables that type, class and object references point into. Only the first types, classes and refs entries
	// are in force: a referenced value is read again as it was read first (see Enter).
	text     []byte // the names, as UTF-8
	typeTab  []named
	classTab []class
	fieldTab []span
	refTab   []target
	types    int
	classes  int
	refs     int

	expansion int // bytes that Enter may still read again
}

type span struct{ from, to int }

// named is a name that begins and ends at these places of the input.
type named struct{ name, at span }

type class struct {
	named
	fields span // of fieldTab
}

// target is a value that a reference may point to: where it begins, and how many entries the tables had there.
// There may be one for every few bytes of the input, so it is small: the input is never larger than an int32 tells.
type target struct {
	pos, types, classes int32
	open                bool // being read now: a reference to it is a cycle
}

// Reset makes r read data, which it borrows. Values that are referenced more than once are read again each time;
// in total that may take up to expansion bytes.
func (r *Reader) Reset(data []byte, expansion int) {
	*r = Reader{
		data: data, expansion: expansion,
		text: r.text[:0], typeTab: r.typeTab[:0], classTab: r.classTab[:0], fieldTab: r.fieldTab[:0], refTab: r.refTab[:0],
	}
}

// Offset is the position of the next byte.
func (r *Reader) Offset() int { return r.pos }

// Kind tells what the next value is, without taking it.
func (r *Reader) Kind() Kind {
	if r.pos >= len(r.data) {
		return Invalid
	}
	return kinds[r.data[r.pos]]
}

// Null takes a null.
func (r *Reader) Null() error {
	if r.Kind() != Null {
		return r.unexpected(Null)
	}
	r.pos++
	return nil
}

// Bool takes a boolean.
func (r *Reader) Bool() (bool, error) {
	if r.Kind() != Bool {
		return false, r.unexpected(Bool)
	}
	r.pos++
	return r.data[r.pos-1] == tagTrue, nil
}

// Int takes a 32-bit integer.
func (r *Reader) Int() (int32, error) {
	if r.Kind() != Int {
		return 0, r.unexpected(Int)
	}
	switch t := r.data[r.pos]; {
	case t == tagInt:
		b, err := r.take(5)
		if err != nil {
			return 0, err
		}
		return int32(binary.BigEndian.Uint32(b[1:])), nil
	case t <= 0xbf:
		r.pos++
		return int32(t) - 0x90, nil
	case t <= 0xcf:
		b, err := r.take(2)
		if err != nil {
			return 0, err
		}
		return (int32(t)-0xc8)<<8 | int32(b[1]), nil
	default:
		b, err := r.take(3)
		if err != nil {
			return 0, err
		}
		return (int32(t)-0xd4)<<16 | int32(b[1])<<8 | int32(b[2]), nil
	}
}

// Long takes a 64-bit integer.
func (r *Reader) Long() (int64, error) {
	if r.Kind() != Long {
		return 0, r.unexpected(Long)
	}
	switch t := r.data[r.pos]; {
	case t == tagLong:
		b, err := r.take(9)
		if err != nil {
			return 0, err
		}
		return int64(binary.BigEndian.Uint64(b[1:])), nil
	case t == tagLongInt:
		b, err := r.take(5)
		if err != nil {
			return 0, err
		}
		return int64(int32(binary.BigEndian.Uint32(b[1:]))), nil
	case t <= 0x3f:
		b, err := r.take(3)
		if err != nil {
			return 0, err
		}
		return (int64(t)-0x3c)<<16 | int64(b[1])<<8 | int64(b[2]), nil
	case t <= 0xef:
		r.pos++
		return int64(t) - 0xe0, nil
	default:
		b, err := r.take(2)
		if err != nil {
			return 0, err
		}
		return (int64(t)-0xf8)<<8 | int64(b[1]), nil
	}
}

// Double takes a 64-bit floating point number.
func (r *Reader) Double() (float64, error) {
	if r.Kind() != Double {
		return 0, r.unexpected(Double)
	}
	size := [...]int{tagDoubleZero: 1, tagDoubleOne: 1, tagDoubleByte: 2, tagDoubleShort: 3, tagDoubleMilli: 5, tagDouble: 9}
	b, err := r.take(size[r.data[r.pos]])
	if err != nil {
		return 0, err
	}
	switch b[0] {
	case tagDoubleZero:
		return 0, nil
	case tagDoubleOne:
		return 1, nil
	case tagDoubleByte:
		return float64(int8(b[1])), nil
	case tagDoubleShort:
		return float64(int16(binary.BigEndian.Uint16(b[1:]))), nil
	case tagDoubleMilli:
		// Multiplied, not divided: writers choose this form when the product is exactly the value.
		return 0.001 * float64(int32(binary.BigEndian.Uint32(b[1:]))), nil
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), nil
}

// Date takes a point in time, in milliseconds since 1970 UTC.
func (r *Reader) Date() (int64, error) {
	if r.Kind() != Date {
		return 0, r.unexpected(Date)
	}
	if r.data[r.pos] == tagDateMinutes {
		b, err := r.take(5)
		if err != nil {
			return 0, err
		}
		return int64(int32(binary.BigEndian.Uint32(b[1:]))) * 60_000, nil
	}
	b, err := r.take(9)
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b[1:])), nil
}

// take returns the next n bytes.
func (r *Reader) take(n int) ([]byte, error) {
	if n > len(r.data)-r.pos {
		return nil, r.errorf("%d bytes are missing at the end", n-(len(r.data)-r.pos))
	}
	r.pos += n
	return r.data[r.pos-n : r.pos], nil
}

func (r *Reader) unexpected(want Kind) error {
	if r.pos >= len(r.data) {
		return r.errorf("the input ends where a value (%v) is expected", want)
	}
	if r.Kind() == Invalid {
		return r.errorf("0x%02x begins no value; expected %v", r.data[r.pos], want)
	}
	return r.errorf("found %v, expected %v", r.Kind(), want)
}

func (r *Reader) errorf(format string, args ...any) error {
	return &Error{Offset: r.pos, Reason: fmt.Sprintf(format, args...)}
}
