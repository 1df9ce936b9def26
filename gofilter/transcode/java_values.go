package transcode

import (
	"encoding/binary"
	"math/big"
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// knownValue is knownClass for classes outside java.time, with the fields that Dubbo's Hessian library gives them.
func (d *result) knownValue(n *dubbo.Nested) func(*result, *dubbo.Nested) error {
	field := ""
	switch string(n.Type) {
	case "java.math.BigDecimal", "java.math.BigInteger":
		return (*result).big
	case "java.util.OptionalInt", "java.util.OptionalLong", "java.util.OptionalDouble":
		return (*result).optional
	case "java.util.concurrent.atomic.AtomicBoolean":
		return (*result).atomicBoolean
	case "java.util.UUID":
		if d.hasField(n, "mostSigBits") {
			return (*result).uuid
		}
		field = "value"
	case "java.util.Optional", "java.io.File", "com.alibaba.com.caucho.hessian.io.LocaleHandle",
		"java.sql.Timestamp", "java.sql.Date", "java.sql.Time", "java.util.concurrent.atomic.AtomicLong",
		"java.util.concurrent.atomic.AtomicInteger", "java.util.concurrent.atomic.AtomicReference",
		"java.util.concurrent.atomic.LongAdder$SerializationProxy":
		field = "value"
	case "java.util.concurrent.atomic.AtomicLongArray", "java.util.concurrent.atomic.AtomicIntegerArray":
		field = "array"
	case "java.util.Currency":
		field = "currencyCode"
	case "java.lang.Class":
		field = "name"
	case "java.net.URI":
		field = "string"
	case "com.alibaba.com.caucho.hessian.io.CalendarHandle":
		field = "date"
	case "com.alibaba.com.caucho.hessian.io.EnumSetHandler":
		if d.hasField(n, "objects") {
			return (*result).enumSet
		}
	}
	if field == "" || !d.hasField(n, field) {
		return nil
	}
	return func(d *result, n *dubbo.Nested) error { return d.only(n, field) }
}

// optional writes an optional number, whose value is 0 when it has none.
func (d *result) optional(n *dubbo.Nested) error {
	from, present := len(d.out), true
	d.out = append(d.out, "null"...)
	for i := range d.r.Fields(*n) {
		var err error
		switch {
		case d.r.FieldIs(*n, i, "value"):
			d.out = d.out[:from]
			err = d.value()
		case d.r.FieldIs(*n, i, "isPresent") && d.r.Kind() == dubbo.Bool:
			present, err = d.r.Bool()
		default:
			err = d.r.Skip()
		}
		if err != nil {
			return err
		}
	}
	d.r.Close(*n)
	if !present {
		d.out = append(d.out[:from], "null"...)
	}
	return nil
}

// atomicBoolean writes what Java keeps as an int.
func (d *result) atomicBoolean(n *dubbo.Nested) error {
	from := len(d.out)
	if err := d.only(n, "value"); err != nil {
		return err
	}
	switch string(d.out[from:]) {
	case "0":
		d.out = append(d.out[:from], "false"...)
	case "1":
		d.out = append(d.out[:from], "true"...)
	}
	return nil
}

// enumSet writes the constants of an enum set.
func (d *result) enumSet(n *dubbo.Nested) error {
	d.asEnum = true
	err := d.only(n, "objects")
	d.asEnum = false
	return err
}

// uuid writes a UUID that came as its two halves.
func (d *result) uuid(n *dubbo.Nested) error {
	return d.parts(n, appendUUID, "mostSigBits", "leastSigBits")
}

func appendUUID(out []byte, v [4]int64) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(v[0]))
	binary.BigEndian.PutUint64(b[8:], uint64(v[1]))
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, hexDigits[c>>4], hexDigits[c&15])
	}
	return out
}

// appendBig writes a BigInteger, as text when that is asked for and it is needed.
func (d *result) appendBig(out []byte, v *big.Int) []byte {
	if d.textLongs && v.BitLen() > 53 {
		return append(v.Append(append(out, '"'), 10), '"')
	}
	return v.Append(out, 10)
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
		d.out = d.appendBig(d.out, v)
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
