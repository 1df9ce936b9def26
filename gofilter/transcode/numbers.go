package transcode

import (
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// number writes a JSON number by its form. In an answer, which the one that made it cannot be told to write in another
// way, a fraction that no double holds becomes a java.math.BigDecimal.
func (a *arguments) number(v jsontext.Value) *fault {
	if !isInteger(v) {
		f, fault := a.float(v, "a number for a double", 64)
		switch {
		case fault == nil:
			a.w.Double(f)
		case a.result && a.big(builtins[decimalClass.name], v):
			return nil
		}
		return fault
	}
	i, ok := parseInt(v)
	switch {
	case !ok:
		return a.unfit(len(v), "an integer of at most 64 bits (name the type java.math.BigInteger or java.math.BigDecimal in x-dubbo-parameter-types for larger ones, or send a string)", shown(v))
	case i >= math.MinInt32 && i <= math.MaxInt32:
		a.w.Int(int32(i))
	default:
		a.w.Long(i)
	}
	return nil
}

// integer writes a whole number if it fits.
func (a *arguments) integer(t base, text []byte) bool {
	bits := [...]int{byteType: 8, shortType: 16, intType: 32, longType: 64}[t]
	i, ok := parseInt(text)
	if !ok || i<<(64-bits)>>(64-bits) != i {
		return false
	}
	if t == longType {
		a.w.Long(i)
	} else {
		a.w.Int(int32(i))
	}
	return true
}

// floating writes a number for a float or double. In an answer it is rounded to what the method returns.
func (a *arguments) floating(t *javaType, text []byte) (bool, *fault) {
	bits := 64
	if t.base == floatType {
		bits = 32
	}
	f, fault := a.float(text, expected(t), bits)
	if fault != nil && !(a.result && f != 0) {
		return false, fault
	}
	a.w.Double(f)
	return true, nil
}

// float reads a number for a float or double. With the fault of one that has to be rounded it gives what that would be,
// with that of one that is too large 0.
func (a *arguments) float(v jsontext.Value, expected string, bits int) (float64, *fault) {
	f, err := strconv.ParseFloat(string(v), 64)
	kept := f
	if bits == 32 {
		kept = float64(float32(f)) // rather than parsed with 32 bits: the largest float is written as a decimal that is a little larger
	}
	if err != nil || math.IsInf(kept, 0) {
		return 0, a.unfit(len(v), expected+" (a java.math.BigDecimal takes larger numbers: name that type, or send a string)", shown(v))
	}
	if !holds(v, kept, bits) {
		return f, a.unfit(len(v), expected+" that holds all digits (it would become "+strconv.FormatFloat(f, 'g', -1, bits)+
			": send that; or name the type java.math.BigDecimal in x-dubbo-parameter-types, or send a string)", shown(v))
	}
	return f, nil
}
