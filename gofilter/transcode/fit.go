package transcode

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// fitter judges arguments for overloads.
type fitter struct {
	schema *Schema
	left   int // bytes inside arrays and objects that are still looked at
}

// maxLooks bounds what all overloads of a call look at, in bytes: what stands further back in large arguments does not
// decide.
const maxLooks = 1 << 20

// fit says how well a JSON value fits a type: 0 to 100, or noFit. Types that say more of the value fit it better.
func (j *fitter) fit(t *javaType, v jsontext.Value, depth int) int {
	k := v.Kind()
	switch {
	case k == 'n':
		if t.nullable() {
			return 10
		}
		return noFit
	case t.base == anyType, t.base == otherType:
		return 1
	}
	switch k {
	case 't', 'f':
		if t.base == boolType {
			return ranked(t, 100)
		}
	case '0':
		return fitNumber(t, v)
	case '"':
		return fitText(t, v)
	case '[':
		return j.array(t, v, depth)
	case '{':
		return j.object(t, v)
	}
	return noFit
}

// ranked prefers a primitive to its box.
func ranked(t *javaType, score int) int {
	if t.boxed && score > 0 {
		return score - 1
	}
	return score
}

// fitNumber prefers the smallest of int, long and BigInteger that holds an integer, and for other numbers double, unless
// only BigDecimal keeps all digits.
func fitNumber(t *javaType, v []byte) int {
	whole := isInteger(v)
	i, isLong := parseInt(v)
	fits := func(bits int, score int) int {
		if whole && isLong && i<<(64-bits)>>(64-bits) == i {
			return ranked(t, score)
		}
		return noFit
	}
	switch t.base {
	case byteType:
		return fits(8, 50)
	case shortType:
		return fits(16, 60)
	case intType:
		return fits(32, 100)
	case longType:
		return fits(64, 90)
	case integerType:
		if whole {
			return 80
		}
	case doubleType:
		return ranked(t, fitDouble(v, 64, 70))
	case decimalType:
		return 65
	case floatType:
		return ranked(t, fitDouble(v, 32, 40))
	case numberType:
		if isLong && whole {
			return 30
		}
		return fitDouble(v, 64, 30)
	case dateType, sqlType:
		if isLong {
			return 5
		}
	case timeType:
		if t.time.number && isLong {
			return 5
		}
	}
	return noFit
}

// fitDouble is score for a number that a double, or a float of 32 bits, has all digits of. One that is not how programs
// write the double may be meant for a BigDecimal.
func fitDouble(v []byte, bits, score int) int {
	f, err := strconv.ParseFloat(string(v), bits)
	switch {
	case err != nil || !holds(v, f, bits):
		return noFit
	case !isInteger(v) && !shortest(v, f):
		return score - 10
	}
	return score
}

// fitText prefers a type that only such a text has, then String.
func fitText(t *javaType, v jsontext.Value) int {
	text := []byte(v[1 : len(v)-1])
	if bytes.IndexByte(text, '\\') >= 0 {
		text, _ = jsontext.AppendUnquote(nil, v) // v was read as a whole before: there is no error
	}
	switch t.base {
	case stringType:
		return 80
	case enumType:
		for _, name := range t.class.enum {
			if name == string(text) {
				return 90
			}
		}
	case timeType:
		if fits(t.time, string(text)) {
			return 90
		}
	case dateType, sqlType:
		if _, err := time.Parse(time.RFC3339, string(text)); err == nil {
			return 90
		}
	case charType:
		if oneUnit(text) {
			return ranked(t, 70)
		}
	case textType:
		return 60
	case charsType:
		return 50
	case decimalType:
		if isNumber(text) {
			return 20
		}
	case integerType:
		if isNumber(text) && isInteger(text) {
			return 20
		}
	case bytesType:
		return 10
	}
	return noFit
}
