package model

import (
	"strconv"
	"strings"
)

// Pattern is an expression (RE2) for the numbers of the range, as Envoy reads those of headers: with a sign or without, and
// with any number of zeros in front.
func (r Range) Pattern() string {
	var forms []string
	if r.Max >= 0 {
		forms = append(forms, `\+?0*`+between(uint64(max(r.Min, 0)), uint64(r.Max)))
	}
	if r.Min <= 0 {
		forms = append(forms, `-0*`+between(-uint64(min(r.Max, 0)), -uint64(r.Min)))
	}
	return "(?:" + strings.Join(forms, "|") + ")"
}

// between is an expression for the whole numbers from least to most, without zeros in front. It grows with the square of their
// digits.
func between(least, most uint64) string {
	a, b := strconv.FormatUint(least, 10), strconv.FormatUint(most, 10)
	if len(a) == len(b) {
		return sameLength(a, b)
	}
	forms := []string{from(a)}
	if shorter, longer := len(a)+1, len(b)-1; shorter <= longer {
		forms = append(forms, `[1-9][0-9]{`+strconv.Itoa(shorter-1)+`,`+strconv.Itoa(longer-1)+`}`)
	}
	if len(a) < len(b) {
		forms = append(forms, sameLength("1"+strings.Repeat("0", len(b)-1), b))
	}
	return "(?:" + strings.Join(forms, "|") + ")"
}

// sameLength is an expression for numbers of as many digits as the least and the most of them have.
func sameLength(least, most string) string {
	n := 0
	for n < len(least) && least[n] == most[n] {
		n++
	}
	if n == len(least) {
		return least
	}
	forms := []string{least[n:n+1] + from(least[n+1:])}
	if inner := digits(least[n]+1, most[n]-1, len(least)-n-1); inner != "" {
		forms = append(forms, inner)
	}
	forms = append(forms, most[n:n+1]+upTo(most[n+1:]))
	return least[:n] + "(?:" + strings.Join(forms, "|") + ")"
}

// from is an expression for the numbers of as many digits that are no less.
func from(least string) string {
	if strings.Trim(least, "0") == "" {
		return any0To9(len(least))
	}
	out := least[:1] + from(least[1:])
	if more := digits(least[0]+1, '9', len(least)-1); more != "" {
		return "(?:" + out + "|" + more + ")"
	}
	return out
}

// upTo is an expression for the numbers of as many digits that are no more.
func upTo(most string) string {
	if strings.Trim(most, "9") == "" {
		return any0To9(len(most))
	}
	out := most[:1] + upTo(most[1:])
	if most[0] > '0' {
		return "(?:" + out + "|" + digits('0', most[0]-1, len(most)-1) + ")"
	}
	return out
}

// digits is an expression for one of some digits and any others behind it, "" when there are none.
func digits(least, most byte, others int) string {
	if least > most {
		return ""
	}
	return "[" + string(least) + "-" + string(most) + "]" + any0To9(others)
}

func any0To9(n int) string {
	if n == 0 {
		return ""
	}
	return "[0-9]{" + strconv.Itoa(n) + "}"
}
