package transcode

import (
	"strings"
)

// Values turns Hessian values into JSON and JSON into Hessian by the rules of a Call, for callers that have one
// without the other: package rest. The zero value is ready; it is used by one goroutine at a time and keeps its buffers.
type Values struct {
	from result
	to   arguments
}

// Array returns the values that data holds one behind the other as a JSON array, valid until the next call. The JSON,
// and what is read again because of references, may become four times maxBytes. DropClass leaves the entry "class" of
// maps out, with which generic callers name what a map stands for. The error says where data is wrong.
func (v *Values) Array(data []byte, maxBytes int, dropClass bool) ([]byte, error) {
	d := &v.from
	d.reset()
	d.begin(data, maxBytes, &head{}, false)
	d.dropClass = dropClass
	d.out = append(d.out, '[')
	for d.r.Offset() < len(data) {
		if len(d.out) > 1 {
			d.out = append(d.out, ',')
		}
		if err := d.value(); err != nil {
			return nil, err
		}
	}
	d.out = append(d.out, ']')
	return d.out, nil
}

// AppendValue appends the one value of a JSON text to dst as Hessian, by the value's own form. The error says where
// the text is wrong.
func (v *Values) AppendValue(dst, text []byte) ([]byte, error) {
	a := &v.to
	a.reset()
	a.w.Reset(dst)
	a.count = 1
	a.read(text)
	f := a.infer(0)
	if f == nil {
		f = a.atEnd()
	}
	out := a.w.Buf
	a.w.Reset(nil)
	if f != nil {
		return dst, &ValueError{strings.TrimPrefix(f.detail, "argument 0, ")}
	}
	return out, nil
}

// ValueError says why a JSON text is no value of the type wanted, and where.
type ValueError struct{ Reason string }

// Error gives the reason.
func (e *ValueError) Error() string { return e.Reason }

// Quote appends s, which is UTF-8, to dst as a JSON string.
func Quote[T string | []byte](dst []byte, s T) []byte { return appendQuoted(dst, s) }
