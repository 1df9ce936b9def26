package dubbo

import (
	"unicode/utf16"
	"unicode/utf8"
)

// AppendString takes a string and appends it to dst as UTF-8. Surrogates without their other half become U+FFFD.
func (r *Reader) AppendString(dst []byte) ([]byte, error) {
	if r.Kind() != String {
		return dst, r.unexpected(String)
	}
	var high rune // half of a pair, waiting for the other
	for {
		n, last, err := r.chunkLength(String)
		if err != nil {
			return dst, err
		}
		if dst, high, err = r.appendUnits(dst, n, high); err != nil {
			return dst, err
		}
		if last {
			if high != 0 {
				dst = utf8.AppendRune(dst, utf8.RuneError)
			}
			return dst, nil
		}
		if r.Kind() != String {
			return dst, r.unexpected(String)
		}
	}
}

// AppendBytes takes a binary and appends it to dst.
func (r *Reader) AppendBytes(dst []byte) ([]byte, error) {
	if r.Kind() != Binary {
		return dst, r.unexpected(Binary)
	}
	for {
		n, last, err := r.chunkLength(Binary)
		if err != nil {
			return dst, err
		}
		b, err := r.take(n)
		if err != nil {
			return dst, err
		}
		dst = append(dst, b...)
		if last {
			return dst, nil
		}
		if r.Kind() != Binary {
			return dst, r.unexpected(Binary)
		}
	}
}

// chunkLength takes the head of a string or binary chunk.
func (r *Reader) chunkLength(k Kind) (n int, last bool, err error) {
	direct, medium := byte(0x00), byte(0x30)
	if k == Binary {
		direct, medium = 0x20, 0x34
	}
	switch t := r.data[r.pos]; t {
	case tagString, tagBinary, tagStringChunk, tagBinaryChunk:
		b, err := r.take(3)
		if err != nil {
			return 0, false, err
		}
		return int(b[1])<<8 | int(b[2]), t == tagString || t == tagBinary, nil
	default:
		if t < 0x30 {
			r.pos++
			return int(t - direct), true, nil
		}
		b, err := r.take(2)
		if err != nil {
			return 0, false, err
		}
		return int(t-medium)<<8 | int(b[1]), true, nil
	}
}

// appendUnits takes n UTF-16 units of text.
func (r *Reader) appendUnits(dst []byte, n int, high rune) ([]byte, rune, error) {
	if n > len(r.data)-r.pos {
		return dst, 0, r.errorf("string of %d characters is longer than the input", n)
	}
	for n > 0 {
		if plain := asciiPrefix(r.data[r.pos:min(len(r.data), r.pos+n)]); plain > 0 {
			if high != 0 {
				dst, high = utf8.AppendRune(dst, utf8.RuneError), 0
			}
			dst = append(dst, r.data[r.pos:r.pos+plain]...)
			r.pos += plain
			n -= plain
			continue
		}
		u, err := r.unit()
		if err != nil {
			return dst, 0, err
		}
		n--
		switch {
		case u > 0xffff: // four bytes of UTF-8, counted as the two units they are
			if n == 0 {
				return dst, 0, r.errorf("string ends inside a character")
			}
			n--
		case high != 0 && u >= 0xdc00 && u <= 0xdfff:
			dst, high = utf8.AppendRune(dst, utf16.DecodeRune(high, u)), 0
			continue
		}
		if high != 0 {
			dst, high = utf8.AppendRune(dst, utf8.RuneError), 0
		}
		if u >= 0xd800 && u <= 0xdbff {
			high = u
			continue
		}
		dst = utf8.AppendRune(dst, u) // a lone low surrogate becomes U+FFFD
	}
	return dst, high, nil
}

func asciiPrefix(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// unit takes one character of two to four bytes. Surrogates come as three bytes each.
func (r *Reader) unit() (rune, error) {
	if r.pos >= len(r.data) {
		return 0, r.errorf("string ends with the input")
	}
	c := r.data[r.pos]
	size, u := 0, rune(0)
	switch {
	case c >= 0xc0 && c < 0xe0:
		size, u = 2, rune(c&0x1f)
	case c >= 0xe0 && c < 0xf0:
		size, u = 3, rune(c&0x0f)
	case c >= 0xf0 && c < 0xf8:
		size, u = 4, rune(c&0x07)
	default:
		return 0, r.errorf("0x%02x begins no character", c)
	}
	b, err := r.take(size)
	if err != nil {
		return 0, err
	}
	for _, c := range b[1:] {
		if c&0xc0 != 0x80 {
			return 0, r.errorf("0x%02x continues no character", c)
		}
		u = u<<6 | rune(c&0x3f)
	}
	if size == 4 && (u < 0x10000 || u > utf8.MaxRune) {
		return 0, r.errorf("U+%X is no character of four bytes", u)
	}
	return u, nil
}
