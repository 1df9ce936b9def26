// Package javahash computes the hash that the services of the experiment answer: java.lang.String.hashCode.
package javahash

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Of is the hash of the text that s holds as UTF-8: the sum of its UTF-16 units, each multiplied by 31 to the power of
// the number of units after it, modulo 2^32.
func Of(s []byte) int32 {
	var h int32
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			h = 31*h + int32(s[i])
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		i += n
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			h = 31*h + high
			r = low
		}
		h = 31*h + r
	}
	return h
}
