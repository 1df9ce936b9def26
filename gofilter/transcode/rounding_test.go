package transcode

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
)

func TestHolds(t *testing.T) {
	for text, want := range map[string]bool{
		"0": true, "-0": true, "0.0": true, "0.00e5": true, "0.1": true, "1.50": true, "-2.5E+3": true, "1e23": true, "123456789012345.6": true,
		"0.30000000000000004": true, "0.10000000000000001": true, "0.1000000000000000055511151231257827021181583404541015625": true,
		"1.7976931348623157e308": true, "4.9e-324": true, "5e-324": true, "2.2250738585072014e-308": true,
		"1e-400": false, "0.12345678901234567890": false, "12345678901234567890.123456789": false, "1234567890123456.7": false,
		"0.1000000000000000055511151231257827021181583404541015626": false, "3e-324": false, "1e-999999999999999999999": false,
		"9007199254740992": true, "9007199254740993": false, "9223372036854775807": false, "9223372036854775808": true, "90071992547409940": false,
		"100000000000000000000": true, "100000000000000000001": false,
		"0." + strings.Repeat("1", 1000): false, "1" + strings.Repeat("0", 308): false,
	} {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := holds([]byte(text), f, 64); got != want {
			t.Errorf("%s, %v: %v", text, f, got)
		}
	}
}

// FuzzHolds checks that every double is held as it is usually written and with 17 digits, that its exact value is, and
// that what is held differs by less than one in its last digit.
func FuzzHolds(f *testing.F) {
	for _, v := range []float64{0, 1, 0.1, 1e23, 5e-324, math.MaxFloat64, 1 << 53, -123.456} {
		f.Add(math.Float64bits(v), 3)
	}
	f.Fuzz(func(t *testing.T, bits uint64, digits int) {
		v := math.Float64frombits(bits)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		for _, text := range []string{
			strconv.FormatFloat(v, 'e', -1, 64), strconv.FormatFloat(v, 'e', 16, 64), strconv.FormatFloat(v, 'e', 766, 64),
			strings.TrimRight(strconv.FormatFloat(v, 'f', 1100, 64), "0") + "0",
		} {
			if !holds([]byte(text), v, 64) {
				t.Errorf("%s is not held", text)
			}
		}
		text := strconv.FormatFloat(v, 'e', max(1, min(digits, 40)), 64)
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || !holds([]byte(text), back, 64) {
			return
		}
		want, _, _ := big.ParseFloat(text, 10, 4000, big.ToNearestEven)
		difference := new(big.Float).Sub(want, new(big.Float).SetPrec(4000).SetFloat64(back))
		_, e, _ := strings.Cut(text, "e")
		exponent, _ := strconv.Atoi(e)
		unit, _, _ := big.ParseFloat("1e"+strconv.Itoa(exponent-max(1, min(digits, 40))), 10, 4000, big.ToNearestEven)
		if difference.Abs(difference).Cmp(unit) >= 0 {
			t.Errorf("%s became %v", text, back)
		}
	})
}
