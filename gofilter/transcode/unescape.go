package transcode

import "bytes"

// appendUnescaped appends raw with its percent escapes decoded; in a form a plus is a space. It reports whether
// every escape was complete.
func appendUnescaped(dst, raw []byte, form bool) ([]byte, bool) {
	if bytes.IndexByte(raw, '%') < 0 && (!form || bytes.IndexByte(raw, '+') < 0) {
		return append(dst, raw...), true
	}
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case b == '%':
			if i+2 >= len(raw) {
				return dst, false
			}
			high, low := hexDigit(raw[i+1]), hexDigit(raw[i+2])
			if high < 0 || low < 0 {
				return dst, false
			}
			dst = append(dst, byte(high<<4|low))
			i += 2
		case b == '+' && form:
			dst = append(dst, ' ')
		default:
			dst = append(dst, b)
		}
	}
	return dst, true
}

func hexDigit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
