package transcode

import "strconv"

// appendDuration writes a java.time.Duration of seconds and nanoseconds, the latter never negative.
func appendDuration(out []byte, v [4]int64) []byte {
	seconds, nanos := v[0], v[1]
	whole := seconds // towards zero
	if seconds < 0 && nanos > 0 {
		whole++
	}
	out = append(out, "PT"...)
	hours, minutes, rest := whole/3600, whole%3600/60, whole%60
	if hours != 0 {
		out = append(strconv.AppendInt(out, hours, 10), 'H')
	}
	if minutes != 0 {
		out = append(strconv.AppendInt(out, minutes, 10), 'M')
	}
	if rest == 0 && nanos == 0 && whole != 0 {
		return out
	}
	if seconds < 0 && nanos > 0 {
		nanos = 1_000_000_000 - nanos
		if rest == 0 {
			out = append(out, '-')
		}
	}
	out = strconv.AppendInt(out, rest, 10)
	if nanos > 0 {
		out = append(out, '.')
		out = appendPadded(out, nanos, 9)
		for out[len(out)-1] == '0' {
			out = out[:len(out)-1]
		}
	}
	return append(out, 'S')
}

// appendPeriod writes a java.time.Period of years, months and days.
func appendPeriod(out []byte, v [4]int64) []byte {
	out = append(out, 'P')
	for i, unit := range "YMD" {
		if v[i] != 0 {
			out = append(strconv.AppendInt(out, v[i], 10), byte(unit))
		}
	}
	if out[len(out)-1] == 'P' {
		return append(out, "0D"...)
	}
	return out
}

// appendOffset writes an offset from UTC in seconds: Z, +05:30, -03:00, +01:02:03.
func appendOffset(out []byte, v [4]int64) []byte {
	s := v[0]
	if s == 0 {
		return append(out, 'Z')
	}
	if s < 0 {
		out, s = append(out, '-'), -s
	} else {
		out = append(out, '+')
	}
	out = append(appendPadded(out, s/3600, 2), ':')
	out = appendPadded(out, s%3600/60, 2)
	if s%60 != 0 {
		out = appendPadded(append(out, ':'), s%60, 2)
	}
	return out
}
