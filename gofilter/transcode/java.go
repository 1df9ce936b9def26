package transcode

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"strconv"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// java8 begins the classes in whose place Dubbo's Hessian library sends java.time values.
const java8 = "com.alibaba.com.caucho.hessian.io.java8."

// known writes an object of a class that stands for one value: numbers of any size and java.time. It reports whether
// the object was one.
func (d *result) known(n *dubbo.Nested) (bool, error) {
	if rest, ok := bytes.CutPrefix(n.Type, []byte(java8)); ok {
		switch string(rest) {
		case "LocalDateHandle":
			return true, d.parts(n, appendLocalDate, "year", "month", "day")
		case "LocalTimeHandle":
			return true, d.parts(n, appendLocalTime, "hour", "minute", "second", "nano")
		case "InstantHandle":
			return true, d.parts(n, appendInstant, "seconds", "nanos")
		case "LocalDateTimeHandle":
			return true, d.dateTime(n)
		}
		return false, nil
	}
	switch string(n.Type) {
	case "java.math.BigDecimal", "java.math.BigInteger":
		return true, d.big(n)
	}
	return false, nil
}

// parts reads the named integer fields of an object and writes what they mean. Absent ones are 0.
func (d *result) parts(n *dubbo.Nested, write func([]byte, [4]int64) []byte, names ...string) error {
	var values [4]int64
	for i := range d.r.Fields(*n) {
		at := -1
		for k, name := range names {
			if d.r.FieldIs(*n, i, name) {
				at = k
			}
		}
		v, isInt, err := d.integer()
		if err != nil {
			return err
		}
		if at >= 0 && isInt {
			values[at] = v
		}
	}
	d.r.Close(*n)
	d.out = append(write(append(d.out, '"'), values), '"')
	return nil
}

// integer takes the next value and gives its number if it is an integer.
func (d *result) integer() (v int64, ok bool, err error) {
	switch d.r.Kind() {
	case dubbo.Int:
		i, err := d.r.Int()
		return int64(i), true, err
	case dubbo.Long:
		v, err = d.r.Long()
		return v, true, err
	}
	return 0, false, d.r.Skip()
}

func appendLocalDate(out []byte, v [4]int64) []byte {
	out = append(appendPadded(out, v[0], 4), '-')
	out = append(appendPadded(out, v[1], 2), '-')
	return appendPadded(out, v[2], 2)
}

func appendLocalTime(out []byte, v [4]int64) []byte {
	out = append(appendPadded(out, v[0], 2), ':')
	out = append(appendPadded(out, v[1], 2), ':')
	return appendFraction(appendPadded(out, v[2], 2), v[3])
}

func appendInstant(out []byte, v [4]int64) []byte {
	out = time.Unix(v[0], 0).UTC().AppendFormat(out, "2006-01-02T15:04:05")
	return append(appendFraction(out, v[1]), 'Z')
}

// appendFraction appends nanoseconds as three, six or nine digits; nothing for none.
func appendFraction(out []byte, nanos int64) []byte {
	switch {
	case nanos == 0:
		return out
	case nanos%1_000_000 == 0:
		return appendPadded(append(out, '.'), nanos/1_000_000, 3)
	case nanos%1_000 == 0:
		return appendPadded(append(out, '.'), nanos/1_000, 6)
	}
	return appendPadded(append(out, '.'), nanos, 9)
}

// appendPadded appends v with at least width digits.
func appendPadded(out []byte, v int64, width int) []byte {
	if v < 0 {
		out, v = append(out, '-'), -v
	}
	for limit := int64(10); width > 1; width-- {
		if v < limit {
			out = append(out, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(out, v, 10)
}

// dateTime writes a LocalDateTime, whose fields are a date and a time.
func (d *result) dateTime(n *dubbo.Nested) error {
	from := len(d.out)
	var date, clock []byte
	for i := range d.r.Fields(*n) {
		at := len(d.out)
		if err := d.value(); err != nil {
			return err
		}
		text := bytes.Trim(d.out[at:], `"`)
		switch {
		case d.r.FieldIs(*n, i, "date"):
			date = text
		case d.r.FieldIs(*n, i, "time"):
			clock = text
		}
	}
	d.r.Close(*n)
	d.scratch = append(d.scratch[:0], '"')
	d.scratch = append(d.scratch, date...)
	d.scratch = append(d.scratch, 'T')
	d.scratch = append(d.scratch, clock...)
	d.scratch = append(d.scratch, '"')
	d.out = append(d.out[:from], d.scratch...)
	return nil
}

// big writes a BigDecimal or BigInteger as a number with all its digits. Peers send its text in the field value or,
// for a BigInteger, its sign and 32-bit digits, the highest first.
func (d *result) big(n *dubbo.Nested) error {
	from := len(d.out)
	var sign int64
	var magnitude []byte
	hasText := false
	for i := range d.r.Fields(*n) {
		var err error
		switch {
		case d.r.FieldIs(*n, i, "value") && d.r.Kind() == dubbo.String:
			d.out, err = d.r.AppendString(d.out[:from])
			hasText = true
		case d.r.FieldIs(*n, i, "signum"):
			sign, _, err = d.integer()
		case d.r.FieldIs(*n, i, "mag") && d.r.Kind() == dubbo.List:
			magnitude, err = d.digits()
		default:
			err = d.r.Skip()
		}
		if err != nil {
			return err
		}
	}
	d.r.Close(*n)
	switch {
	case !hasText && magnitude != nil:
		v := new(big.Int).SetBytes(magnitude)
		if sign < 0 {
			v.Neg(v)
		}
		d.out = v.Append(d.out, 10)
	case !hasText:
		d.out = append(d.out, "null"...)
	case !isNumber(d.out[from:]):
		d.scratch = append(d.scratch[:0], d.out[from:]...)
		d.out = appendQuoted(d.out[:from], d.scratch)
	}
	return nil
}

// maxDigits bounds a BigInteger: making decimal text of it takes more than linear time.
const maxDigits = 4 << 10

func (d *result) digits() ([]byte, error) {
	n, err := d.r.List()
	if err != nil {
		return nil, err
	}
	out := []byte{}
	for {
		more, err := d.r.More(&n)
		if err != nil {
			return nil, err
		}
		if !more {
			d.r.Close(n)
			return out, nil
		}
		v, err := d.r.Int()
		if err != nil {
			return nil, err
		}
		if out = binary.BigEndian.AppendUint32(out, uint32(v)); len(out) > maxDigits {
			return nil, &dubbo.Error{Offset: d.r.Offset(), Reason: "a BigInteger has more than " + strconv.Itoa(8*maxDigits) + " bits"}
		}
	}
}
