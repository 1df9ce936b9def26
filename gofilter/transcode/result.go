package transcode

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// result reads an answer and writes its value as JSON.
type result struct {
	r       dubbo.Reader
	out     []byte // the value as JSON
	body    []byte // a problem
	scratch []byte
	limit   int // of out, in bytes
	reread  int // bytes of out

	answers   *answers // what a schema says, nil for nothing
	unwrap    string   // the member of the result that is written, with dots between levels; "" for all of it
	showClass bool     // objects get their class as a field
	generic   bool     // the answer is that of a generic call: maps may stand for objects
	dropClass bool     // generic answers carry classes as map entries: they are left out
	textLongs bool     // integers of 2^53 and more are written as strings
	dropNulls bool     // members that are null are left out
	single    bool     // doubles at hand were floats
	asEnum    bool     // an object at hand with the one field name is an enum
	more      bool     // attachments follow the value

	plans plans
	keys  []span // of the maps at hand, for renaming

	exc exception
}

func (d *result) reset() {
	d.out, d.body, d.scratch = shrink(d.out), shrink(d.body), shrink(d.scratch)
	d.answers, d.unwrap, d.single, d.asEnum, d.textLongs, d.dropNulls = nil, "", false, false, false, false
	d.exc.reset()
}

// begin makes d read the body of an answer to the request with this head. Neither its JSON nor what is read again
// because of references gets larger than maxBytes, or than jsonLimit allows for the body's size.
func (d *result) begin(body []byte, maxBytes int, h *head, generic bool) {
	d.limit, d.reread = jsonLimit(len(body), maxBytes), 0
	d.r.Reset(body, d.limit)
	d.out = d.out[:0]
	if n := len(body); n > keepBytes { // growing step by step would take several times as much
		d.out = slices.Grow(d.out, min(n+n/2, d.limit))
	}
	d.plans.reset()
	d.showClass = string(h.get(h.class)) == "include"
	d.keys, d.generic = d.keys[:0], generic
	d.dropClass = generic && !d.showClass
}

// read reads the value, or the exception that was thrown. What stands behind the value and its attachments is
// ignored: dubbo-go sends a null there.
func (d *result) read() (thrown bool, f *fault) {
	form, err := d.r.Int()
	if err != nil {
		return false, unreadable(err)
	}
	d.more = form >= dubbo.ResponseExceptionWithAttachments
	switch form {
	case dubbo.ResponseValue, dubbo.ResponseValueWithAttachments:
		err = d.member(d.unwrap)
	case dubbo.ResponseNull, dubbo.ResponseNullWithAttachments:
		d.out = append(d.out, "null"...)
	case dubbo.ResponseException, dubbo.ResponseExceptionWithAttachments:
		thrown, err = true, d.exception()
	default:
		return false, unknownForm(form)
	}
	if err == nil && !thrown {
		err = d.room(0)
	}
	if err != nil {
		return false, unreadable(err)
	}
	return thrown, nil
}

func unknownForm(form int32) *fault {
	return faultf(badAnswer, "the provider's answer has the unknown form %d", form)
}

// unreadable explains an answer that cannot become JSON.
func unreadable(err error) *fault {
	switch {
	case dubbo.IsCycle(err):
		return faultf(badAnswer, "the result cannot be written as JSON: %v", err)
	case dubbo.IsExpansion(err), errors.As(err, new(*noRoom)):
		return faultf(badAnswer, "the result is too large: %v", err)
	}
	return faultf(badAnswer, "the provider's answer cannot be read: %v", err)
}

// value writes the next value as JSON.
func (d *result) value() error {
	if len(d.out) > d.limit {
		return d.room(0)
	}
	switch d.r.Kind() {
	case dubbo.Null:
		d.out = append(d.out, "null"...)
		return d.r.Null()
	case dubbo.Bool:
		v, err := d.r.Bool()
		d.out = strconv.AppendBool(d.out, v)
		return err
	case dubbo.Int:
		v, err := d.r.Int()
		d.out = strconv.AppendInt(d.out, int64(v), 10)
		return err
	case dubbo.Long:
		v, err := d.r.Long()
		d.out = d.appendLong(d.out, v)
		return err
	case dubbo.Double:
		v, err := d.r.Double()
		d.out = appendDouble(d.out, v, d.single)
		return err
	case dubbo.Date:
		v, err := d.r.Date()
		d.out = appendDate(d.out, v)
		return err
	case dubbo.String:
		return d.text()
	case dubbo.Binary:
		return d.binary()
	case dubbo.List:
		return d.list()
	case dubbo.Map:
		return d.mapping()
	case dubbo.Object:
		return d.object()
	case dubbo.Ref:
		back, err := d.r.Enter()
		if err != nil {
			return err
		}
		if err := d.value(); err != nil {
			return err
		}
		return d.r.Leave(back)
	}
	return d.r.Skip() // says what is wrong here
}

// exact is the first integer that not every reader of JSON tells from the next.
const exact = 1 << 53

// appendLong writes a long, as text when that is asked for and it is needed.
func (d *result) appendLong(out []byte, v int64) []byte {
	if d.textLongs && (v >= exact || v <= -exact) {
		return append(strconv.AppendInt(append(out, '"'), v, 10), '"')
	}
	return strconv.AppendInt(out, v, 10)
}

// appendDouble writes a double so that it stays one: 1.0, not 1. One that was a float has the digits of a float. NaN
// and the infinities, which JSON does not have, become null.
func appendDouble(out []byte, v float64, single bool) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(out, "null"...)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	from := len(out)
	bits := 64
	if single && (float64(float32(v)) == v) {
		bits = 32
	}
	out = strconv.AppendFloat(out, v, format, -1, bits)
	if isInteger(out[from:]) {
		out = append(out, '.', '0')
	}
	return out
}

// appendDate writes a point in time in UTC, with milliseconds.
func appendDate(out []byte, millis int64) []byte {
	out = append(out, '"')
	out = time.UnixMilli(millis).UTC().AppendFormat(out, "2006-01-02T15:04:05.000Z")
	return append(out, '"')
}

func (d *result) text() (err error) {
	d.out = append(d.out, '"')
	from := len(d.out)
	if d.out, err = d.r.AppendString(d.out); err != nil {
		return err
	}
	d.out = append(escape(d.out, from), '"')
	return nil
}

func (d *result) binary() (err error) {
	if d.scratch, err = d.r.AppendBytes(d.scratch[:0]); err != nil {
		return err
	}
	d.out = append(d.out, '"')
	d.out = base64.StdEncoding.AppendEncode(d.out, d.scratch)
	d.out = append(d.out, '"')
	return nil
}

func (d *result) list() error {
	n, err := d.r.List()
	if err != nil {
		return err
	}
	single := d.single
	d.single = single || string(n.Type) == "[float"
	d.out = append(d.out, '[')
	for i := 0; ; i++ {
		more, err := d.r.More(&n)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if i > 0 {
			d.out = append(d.out, ',')
		}
		if err := d.value(); err != nil {
			return err
		}
	}
	d.single = single
	d.r.Close(n)
	d.out = append(d.out, ']')
	return nil
}
