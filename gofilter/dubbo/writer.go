package dubbo

import (
	"encoding/binary"
	"math"
	"slices"
)

// Writer appends Hessian 2 values to Buf. It writes the shortest form of each value, as Dubbo's own library does.
// It never fails; it is used by one goroutine at a time.
type Writer struct {
	Buf []byte // what was written; the caller may append to it, cut it and take it

	classes []string // defined in this stream, in order
}

// Reset starts a new stream of values into buf.
func (w *Writer) Reset(buf []byte) {
	w.Buf, w.classes = buf, w.classes[:0]
}

// Null writes null.
func (w *Writer) Null() { w.Buf = append(w.Buf, tagNull) }

// Bool writes a boolean.
func (w *Writer) Bool(v bool) {
	if v {
		w.Buf = append(w.Buf, tagTrue)
	} else {
		w.Buf = append(w.Buf, tagFalse)
	}
}

// Int writes a 32-bit integer.
func (w *Writer) Int(v int32) {
	switch {
	case v >= -0x10 && v <= 0x2f:
		w.Buf = append(w.Buf, byte(0x90+v))
	case v >= -0x800 && v <= 0x7ff:
		w.Buf = append(w.Buf, byte(0xc8+v>>8), byte(v))
	case v >= -0x40000 && v <= 0x3ffff:
		w.Buf = append(w.Buf, byte(0xd4+v>>16), byte(v>>8), byte(v))
	default:
		w.Buf = binary.BigEndian.AppendUint32(append(w.Buf, tagInt), uint32(v))
	}
}

// Long writes a 64-bit integer.
func (w *Writer) Long(v int64) {
	switch {
	case v >= -0x08 && v <= 0x0f:
		w.Buf = append(w.Buf, byte(0xe0+v))
	case v >= -0x800 && v <= 0x7ff:
		w.Buf = append(w.Buf, byte(0xf8+v>>8), byte(v))
	case v >= -0x40000 && v <= 0x3ffff:
		w.Buf = append(w.Buf, byte(0x3c+v>>16), byte(v>>8), byte(v))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		w.Buf = binary.BigEndian.AppendUint32(append(w.Buf, tagLongInt), uint32(v))
	default:
		w.Buf = binary.BigEndian.AppendUint64(append(w.Buf, tagLong), uint64(v))
	}
}

// Double writes a 64-bit floating point number.
func (w *Writer) Double(v float64) {
	bits := math.Float64bits(v)
	switch i := int32(v); {
	case bits == 0:
		w.Buf = append(w.Buf, tagDoubleZero)
	case v == 1:
		w.Buf = append(w.Buf, tagDoubleOne)
	// A negative zero keeps its sign only in the long form.
	case v != 0 && v >= -0x80 && v <= 0x7f && float64(i) == v:
		w.Buf = append(w.Buf, tagDoubleByte, byte(i))
	case v != 0 && v >= -0x8000 && v <= 0x7fff && float64(i) == v:
		w.Buf = append(w.Buf, tagDoubleShort, byte(i>>8), byte(i))
	default:
		w.Buf = binary.BigEndian.AppendUint64(append(w.Buf, tagDouble), bits)
	}
}

// Date writes a point in time, in milliseconds since 1970 UTC.
func (w *Writer) Date(millis int64) {
	w.Buf = binary.BigEndian.AppendUint64(append(w.Buf, tagDateMillis), uint64(millis))
}

// chunk is the number of UTF-16 units or bytes after which peers cut a string or binary.
const chunk = 0x8000

// Bytes writes a binary.
func (w *Writer) Bytes(v []byte) {
	for len(v) > chunk {
		w.Buf = append(append(w.Buf, tagBinaryChunk, chunk>>8, chunk&0xff), v[:chunk]...)
		v = v[chunk:]
	}
	switch n := len(v); {
	case n <= 0x0f:
		w.Buf = append(w.Buf, byte(0x20+n))
	case n <= 0x3ff:
		w.Buf = append(w.Buf, byte(0x34+n>>8), byte(n))
	default:
		w.Buf = append(w.Buf, tagBinary, byte(n>>8), byte(n))
	}
	w.Buf = append(w.Buf, v...)
}

// ListN begins an untyped list of exactly n values.
func (w *Writer) ListN(n int) {
	if n <= 7 {
		w.Buf = append(w.Buf, byte(tagUntypedShort+n))
		return
	}
	w.Buf = append(w.Buf, tagUntypedList)
	w.Int(int32(n))
}

// TypedListN begins a list of exactly n values with a type such as "[string".
func (w *Writer) TypedListN(typ string, n int) {
	if n <= 7 {
		w.Buf = append(w.Buf, byte(tagListShort+n))
		w.String(typ)
		return
	}
	w.Buf = append(w.Buf, tagList)
	w.String(typ)
	w.Int(int32(n))
}

// OpenList marks a list begun before its length is known. See Writer.List.
type OpenList int

// List begins a list whose length is not known yet: room for it is left and filled in by EndList. An empty type
// makes the list untyped. Peers read this form everywhere, unlike the one with an end mark.
func (w *Writer) List(typ string) OpenList {
	if typ == "" {
		w.Buf = append(w.Buf, tagUntypedList)
	} else {
		w.Buf = append(w.Buf, tagList)
		w.String(typ)
	}
	at := OpenList(len(w.Buf))
	w.Buf = append(w.Buf, tagInt, 0, 0, 0, 0)
	return at
}

// EndList sets the length of the list to n, the number of values written since List.
func (w *Writer) EndList(at OpenList, n int) {
	binary.BigEndian.PutUint32(w.Buf[at+1:], uint32(n))
}

// UntypedMap begins a map, read as java.util.HashMap; keys and values follow in turn, then End.
func (w *Writer) UntypedMap() { w.Buf = append(w.Buf, tagUntypedMap) }

// TypedMap begins a map of the given Java class; keys and values follow in turn, then End.
func (w *Writer) TypedMap(class string) {
	w.Buf = append(w.Buf, tagMap)
	w.String(class)
}

// End closes a map.
func (w *Writer) End() { w.Buf = append(w.Buf, tagEnd) }

// Object begins an object; the values of its fields follow in the order given. The class is defined in the stream
// the first time it is used; its fields are the same each time.
func (w *Writer) Object(class string, fields ...string) {
	i := slices.Index(w.classes, class)
	if i < 0 {
		i = len(w.classes)
		w.classes = append(w.classes, class)
		w.Buf = append(w.Buf, tagClass)
		w.String(class)
		w.Int(int32(len(fields)))
		for _, f := range fields {
			w.String(f)
		}
	}
	if i <= 0x0f {
		w.Buf = append(w.Buf, byte(tagObjectShort+i))
		return
	}
	w.Buf = append(w.Buf, tagObject)
	w.Int(int32(i))
}

// Ref writes a reference to the n-th list, map or object of the stream, counted from 0 as they begin.
func (w *Writer) Ref(n int) {
	w.Buf = append(w.Buf, tagRef)
	w.Int(int32(n))
}
