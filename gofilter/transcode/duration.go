package transcode

import (
	"strconv"
	"strings"
	"time"
)

// duration writes a java.time.Duration: PnDTnHnMn.nS, each part with a sign of its own.
func (a *arguments) duration(text string) bool {
	negative, rest, ok := isoSign(text)
	days, clock, timed := strings.Cut(rest, "T")
	if !ok || timed == (clock == "") {
		return false
	}
	var total time.Duration
	for part, unit := range []struct {
		letter string
		size   time.Duration
	}{{"D", 24 * time.Hour}, {"H", time.Hour}, {"M", time.Minute}, {"S", time.Second}} {
		text := &clock
		if part == 0 {
			text = &days
		}
		value, rest, found := strings.Cut(*text, unit.letter)
		if !found {
			continue
		}
		d, ok := isoPart(value, unit.letter == "S", unit.size)
		if !ok {
			return false
		}
		total += d
		*text = rest
	}
	if days != "" || clock != "" {
		return false
	}
	if negative {
		total = -total
	}
	seconds := int64(total / time.Second)
	nanos := int(total % time.Second)
	if nanos < 0 {
		seconds, nanos = seconds-1, nanos+int(time.Second)
	}
	a.span(durationClass, seconds, nanos)
	return true
}

// maxPart bounds the parts of a duration, far from where their sum overflows: 100 years in seconds.
const maxPart = 100 * 366 * 24 * 3600

func isoPart(value string, fraction bool, unit time.Duration) (time.Duration, bool) {
	whole, decimals, has := strings.Cut(value, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || has != (decimals != "") || has && !fraction || len(decimals) > 9 || n < -maxPart || n > maxPart {
		return 0, false
	}
	d := time.Duration(n)
	if d > maxPart*time.Second/unit || d < -maxPart*time.Second/unit {
		return 0, false
	}
	d *= unit
	if has {
		nanos, err := strconv.ParseUint(decimals+strings.Repeat("0", 9-len(decimals)), 10, 32)
		if err != nil {
			return 0, false
		}
		if strings.HasPrefix(whole, "-") {
			d -= time.Duration(nanos)
		} else {
			d += time.Duration(nanos)
		}
	}
	return d, true
}

// isoSign takes the beginning of a duration or period: an optional sign and a P.
func isoSign(text string) (negative bool, rest string, ok bool) {
	rest, negative = strings.CutPrefix(text, "-")
	rest, ok = strings.CutPrefix(rest, "P")
	return negative, rest, ok && rest != ""
}

// period writes a java.time.Period: PnYnMnWnD.
func (a *arguments) period(text string) bool {
	negative, rest, ok := isoSign(text)
	if !ok {
		return false
	}
	var values [4]int // years, months, weeks, days
	for i, letter := range []string{"Y", "M", "W", "D"} {
		value, after, found := strings.Cut(rest, letter)
		if !found {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < -1_000_000 || n > 1_000_000 {
			return false
		}
		if negative {
			n = -n
		}
		values[i], rest = n, after
	}
	if rest != "" {
		return false
	}
	a.ints(periodClass, values[0], values[1], 7*values[2]+values[3])
	return true
}
