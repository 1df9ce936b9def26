package transcode

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// appendQuoted appends s, which is UTF-8, as a JSON string.
func appendQuoted[T string | []byte](out []byte, s T) []byte {
	out = append(out, '"')
	from := len(out)
	out = append(out, s...)
	return append(escape(out, from), '"')
}

// escape escapes what out holds from that place on, so that it may stand in a JSON string.
func escape(out []byte, from int) []byte {
	for i := from; i < len(out); i++ {
		if b := out[i]; b < ' ' || b == '"' || b == '\\' {
			return escapeRest(out, i)
		}
	}
	return out
}

// escapeRest is escape from the first byte that needs it.
func escapeRest(out []byte, from int) []byte {
	rest := append([]byte(nil), out[from:]...)
	out = out[:from]
	for _, b := range rest {
		switch {
		case b == '"' || b == '\\':
			out = append(out, '\\', b)
		case b == '\n':
			out = append(out, '\\', 'n')
		case b == '\r':
			out = append(out, '\\', 'r')
		case b == '\t':
			out = append(out, '\\', 't')
		case b < ' ':
			out = append(out, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
		default:
			out = append(out, b)
		}
	}
	return out
}

// cut shortens s to at most n bytes without cutting a character.
func cut(s []byte, n int) []byte {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
