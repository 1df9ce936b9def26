package transcode

import (
	"bytes"
	"strconv"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// java8 begins the classes in whose place Dubbo's Hessian library sends java.time values.
const java8 = "com.alibaba.com.caucho.hessian.io.java8."

// knownClass finds what writes objects of a class that stands for one value: java.time, numbers of any size and what
// java_values.go has. It is nil for any other.
func (d *result) knownClass(n *dubbo.Nested) func(*result, *dubbo.Nested) error {
	rest, ok := bytes.CutPrefix(n.Type, []byte(java8))
	if !ok {
		return d.knownValue(n)
	}
	switch string(rest) {
	case "LocalDateHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendLocalDate, "year", "month", "day") }
	case "LocalTimeHandle":
		return func(d *result, n *dubbo.Nested) error {
			return d.parts(n, appendLocalTime, "hour", "minute", "second", "nano")
		}
	case "InstantHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendInstant, "seconds", "nanos") }
	case "DurationHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendDuration, "seconds", "nanos") }
	case "PeriodHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendPeriod, "years", "months", "days") }
	case "YearHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendYear, "year") }
	case "YearMonthHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendYearMonth, "year", "month") }
	case "MonthDayHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendMonthDay, "month", "day") }
	case "ZoneOffsetHandle":
		return func(d *result, n *dubbo.Nested) error { return d.parts(n, appendOffset, "seconds") }
	case "ZoneIdHandle":
		return func(d *result, n *dubbo.Nested) error { return d.only(n, "zoneId") }
	case "LocalDateTimeHandle":
		return func(d *result, n *dubbo.Nested) error { return d.joined(n, "T", "date", "time", "") }
	case "OffsetDateTimeHandle":
		return func(d *result, n *dubbo.Nested) error { return d.joined(n, "", "dateTime", "offset", "") }
	case "OffsetTimeHandle":
		return func(d *result, n *dubbo.Nested) error { return d.joined(n, "", "localTime", "zoneOffset", "") }
	case "ZonedDateTimeHandle":
		return func(d *result, n *dubbo.Nested) error { return d.joined(n, "", "dateTime", "offset", "zoneId") }
	}
	return nil
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

// The functions that follow write the values of java.time as its toString does, in ISO 8601.

func appendLocalDate(out []byte, v [4]int64) []byte {
	out = append(appendYearMonth(out, v), '-')
	return appendPadded(out, v[2], 2)
}

func appendYearMonth(out []byte, v [4]int64) []byte {
	if v[0] > 9999 {
		out = append(out, '+')
	}
	out = append(appendPadded(out, v[0], 4), '-')
	return appendPadded(out, v[1], 2)
}

func appendYear(out []byte, v [4]int64) []byte { return strconv.AppendInt(out, v[0], 10) }

func appendMonthDay(out []byte, v [4]int64) []byte {
	out = append(appendPadded(append(out, "--"...), v[0], 2), '-')
	return appendPadded(out, v[1], 2)
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

// joined writes an object whose fields are values of java.time themselves: two with the text between, and a zone in
// brackets unless it says what the offset before it does.
func (d *result) joined(n *dubbo.Nested, between, first, second, zone string) error {
	var texts [3][]byte
	from := len(d.out)
	for i := range d.r.Fields(*n) {
		at := len(d.out)
		if err := d.value(); err != nil {
			return err
		}
		text := d.out[at:]
		if text[0] != '"' {
			continue
		}
		switch text = text[1 : len(text)-1]; string(d.r.Field(*n, i)) {
		case first:
			texts[0] = text
		case second:
			texts[1] = text
		case zone:
			texts[2] = text
		}
	}
	d.r.Close(*n)
	d.scratch = append(append(d.scratch[:0], '"'), texts[0]...)
	d.scratch = append(append(d.scratch, between...), texts[1]...)
	if len(texts[2]) > 0 && !bytes.Equal(texts[1], texts[2]) {
		d.scratch = append(append(append(d.scratch, '['), texts[2]...), ']')
	}
	d.scratch = append(d.scratch, '"')
	d.out = append(d.out[:from], d.scratch...)
	return nil
}
