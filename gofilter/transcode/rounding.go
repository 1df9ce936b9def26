package transcode

import (
	"bytes"
	"math"
	"strconv"
)

// exactDigits is how many digits a double always keeps.
const exactDigits = 15

// maxDoubleDigits is how many digits the decimal text of a double has at most.
const maxDoubleDigits = 767

// holds reports whether f, to which the JSON number v was rounded, has its digits: an integer is equal to it, and any
// other number is f written with as many digits as v has. So 0.1 is held, which no double is, and 0.30000000000000004
// and 0.10000000000000001 are, as programs write doubles. bits is 32 where f has to be a float.
func holds(v []byte, f float64, bits int) bool {
	if isInteger(v) {
		return holdsInteger(v, f)
	}
	d, exponent := significant(v)
	switch {
	case len(d) == 0:
		return f == 0
	case len(d) > maxDoubleDigits || f == 0:
		return false
	case len(d) <= exactDigits && bits == 64 && math.Abs(f) > 1e-290:
		return true
	}
	return sameDigits(d, exponent, strconv.AppendFloat(nil, f, 'e', len(d)-1, bits))
}

// shortest reports whether v is what f is usually written as, or has fewer digits.
func shortest(v []byte, f float64) bool {
	d, exponent := significant(v)
	if len(d) <= exactDigits {
		return true
	}
	return sameDigits(d, exponent, strconv.AppendFloat(nil, f, 'e', -1, 64))
}

func holdsInteger(v []byte, f float64) bool {
	if i, ok := parseInt(v); ok && f > -1<<63 && f < 1<<63 {
		return int64(f) == i
	}
	return len(v) <= 310 && string(strconv.AppendFloat(nil, f, 'f', 0, 64)) == string(v)
}

// significant gives the digits of a JSON number without the zeros around them, none for 0, and the exponent of the
// first of them.
func significant(v []byte) (digits []byte, exponent int) {
	v = bytes.TrimPrefix(v, []byte("-"))
	if i := bytes.IndexAny(v, "eE"); i >= 0 {
		exponent, _ = strconv.Atoi(string(bytes.TrimPrefix(v[i+1:], []byte("+")))) // the largest there is, if it is larger
		v = v[:i]
	}
	whole, fraction, _ := bytes.Cut(v, []byte("."))
	switch first := bytes.TrimLeft(whole, "0"); {
	case len(first) > 0 && len(bytes.TrimRight(fraction, "0")) == 0:
		digits, exponent = first, exponent+len(first)-1
	case len(first) > 0:
		digits, exponent = append(append(make([]byte, 0, len(v)), first...), fraction...), exponent+len(first)-1
	default:
		digits = bytes.TrimLeft(fraction, "0")
		exponent -= len(fraction) - len(digits) + 1
	}
	return bytes.TrimRight(digits, "0"), exponent
}

// sameDigits reports whether a number that strconv wrote with an exponent has these digits and this exponent.
func sameDigits(digits []byte, exponent int, written []byte) bool {
	d, e := significant(written)
	return e == exponent && bytes.Equal(d, digits)
}
