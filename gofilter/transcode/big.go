package transcode

import "math/big"

// maxBigInteger is the longest text of a java.math.BigInteger in a typed call: making its binary form takes more than
// linear time.
const maxBigInteger = 10_000

// big writes a number of any size, if text is one. A generic call takes the text; a typed one an object of the fields
// that peers read: the text of a BigDecimal, sign and 32-bit digits of a BigInteger, the highest first.
func (a *arguments) big(t *javaType, text []byte) bool {
	if !isNumber(text) || t.base == integerType && !isInteger(text) {
		return false
	}
	switch {
	case a.generic && !a.result:
		a.w.StringBytes(text)
	case t.base == decimalType:
		a.varied = a.around(t.class, text) != nil || a.varied
	case len(text) > maxBigInteger:
		return false
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
