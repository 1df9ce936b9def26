package transcode

import (
	"bytes"
	"math/big"
	"strconv"
)

// Bounds of java.math.BigDecimal and BigInteger: Java takes more than linear time to make a number of its digits, and of
// an exponent as many digits as that says.
const (
	maxBigDigits   = 10_000 // characters of the text
	maxBigExponent = 10_000
)

// big writes a number of any size within the bounds, if text is one. A generic call takes the text; a typed one an object of the fields
// that peers read: the text of a BigDecimal, sign and 32-bit digits of a BigInteger, the highest first.
func (a *arguments) big(t *javaType, text []byte) bool {
	if len(text) > maxBigDigits || !isNumber(text) || t.base == integerType && !isInteger(text) {
		return false
	}
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.Atoi(string(bytes.TrimPrefix(text[i+1:], []byte("+"))))
		if err != nil || n > maxBigExponent || n < -maxBigExponent {
			return false
		}
	}
	switch {
	case a.generic && !a.result:
		a.w.StringBytes(text)
	case t.base == decimalType:
		a.varied = a.around(t.class, text) != nil || a.varied
	default:
		a.bigInteger(text)
	}
	return true
}

func (a *arguments) bigInteger(text []byte) {
	n, _ := new(big.Int).SetString(string(text), 10) // a JSON integer is one
	o := a.begin(integerClass)
	a.member(&o, 0)
	a.w.Int(int32(n.Sign()))
	a.member(&o, 1)
	digits := n.Bytes()
	a.w.TypedListN("[int", (len(digits)+3)/4)
	for len(digits) > 0 {
		size := (len(digits)-1)%4 + 1
		var d uint32
		for _, b := range digits[:size] {
			d = d<<8 | uint32(b)
		}
		a.w.Int(int32(d))
		digits = digits[size:]
	}
	a.finish(o)
}
