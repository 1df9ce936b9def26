package dubbo

import "unicode/utf8"

// String writes a string. What is not UTF-8 in it becomes U+FFFD.
func (w *Writer) String(v string) { w.Buf = appendString(w.Buf, v) }

// StringBytes writes the string that v holds as UTF-8. What is not UTF-8 in it becomes U+FFFD.
func (w *Writer) StringBytes(v []byte) { w.Buf = appendString(w.Buf, v) }

func appendString[T string | []byte](dst []byte, v T) []byte {
	if len(v) <= chunk && ascii(v) {
		return append(appendStringHead(dst, len(v)), v...)
	}
	for {
		n, size, plain := units(v)
		last := size == len(v)
		if last {
			dst = appendStringHead(dst, n)
		} else {
			dst = append(dst, tagStringChunk, byte(n>>8), byte(n))
		}
		if plain {
			dst = append(dst, v[:size]...)
		} else {
			dst = appendCESU(dst, v[:size])
		}
		if last {
			return dst
		}
		v = v[size:]
	}
}

// appendStringHead begins a string, or the last chunk of one, of n units.
func appendStringHead(dst []byte, n int) []byte {
	switch {
	case n <= 0x1f:
		return append(dst, byte(n))
	case n <= 0x3ff:
		return append(dst, byte(0x30+n>>8), byte(n))
	}
	return append(dst, tagString, byte(n>>8), byte(n))
}

// ascii has no branch in its loop: nearly every string is ASCII, and short.
func ascii[T string | []byte](v T) bool {
	var all byte
	for i := range len(v) {
		all |= v[i]
	}
	return all < utf8.RuneSelf
}

// units counts the UTF-16 units of the longest start of v that fits into one chunk, and its bytes. A surrogate pair
// is never cut. Plain says that the bytes are their own CESU-8 form.
func units[T string | []byte](v T) (n, size int, plain bool) {
	plain = true
	for size < len(v) && n < chunk {
		if v[size] < utf8.RuneSelf {
			n++
			size++
			continue
		}
		r, k := decodeRune(v[size:])
		if r > 0xffff {
			if n+2 > chunk {
				return n, size, plain
			}
			n++
		}
		plain = plain && r <= 0xffff && (r != utf8.RuneError || k == 3)
		n++
		size += k
	}
	return n, size, plain
}

func appendCESU[T string | []byte](dst []byte, v T) []byte {
	for i := 0; i < len(v); {
		r, k := decodeRune(v[i:])
		i += k
		if r <= 0xffff {
			dst = utf8.AppendRune(dst, r)
			continue
		}
		r -= 0x10000
		dst = appendUnit(appendUnit(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return dst
}

// appendUnit writes a surrogate as three bytes, which utf8.AppendRune refuses to.
func appendUnit(dst []byte, u rune) []byte {
	return append(dst, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
}

func decodeRune[T string | []byte](v T) (rune, int) {
	// The slice is at most four bytes: converting it copies nothing to the heap.
	return utf8.DecodeRuneInString(string(v[:min(len(v), utf8.UTFMax)]))
}
