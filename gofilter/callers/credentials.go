package callers

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// maxCredential bounds what is looked at of a key or signature.
const maxCredential = 4096

// signed is the header that a signature came in, taken apart. Its slices are views of the header.
type signed struct {
	caller, time, nonce []byte
	second              int64
	mac                 [sha256.Size]byte
}

// parseSigned reads caller=…,time=…,nonce=…,signature=… in any order, each once and the nonce if there is one.
func parseSigned(text []byte) (s signed, ok bool) {
	if len(text) > maxCredential {
		return s, false
	}
	var digits []byte
	for part := range bytes.SplitSeq(text, []byte{','}) {
		name, value, found := bytes.Cut(bytes.Trim(part, " \t"), []byte{'='})
		if !found || len(value) == 0 {
			return s, false
		}
		var field *[]byte
		switch string(name) {
		case "caller":
			field = &s.caller
		case "time":
			field = &s.time
		case "nonce":
			field = &s.nonce
		case "signature":
			field = &digits
		}
		if field == nil || *field != nil {
			return s, false
		}
		*field = value
	}
	if s.caller == nil || !nameable(s.caller) || s.nonce != nil && !nameable(s.nonce) || len(digits) != 2*sha256.Size {
		return s, false
	}
	if _, err := hex.Decode(s.mac[:], digits); err != nil {
		return s, false
	}
	second, err := strconv.ParseInt(string(s.time), 10, 64)
	if err != nil || second < 0 || s.time[0] == '+' {
		return s, false
	}
	s.second = second
	return s, true
}

func nameable(text []byte) bool { return config.CallerName(string(text)) }

// holder finds who has an API key. It compares with the keys of all, so that the time tells nothing of any.
func (a *apiKey) holder(shown []byte) (name string, o Outcome) {
	digest := sha256.Sum256(shown)
	o = Unknown
	for i := range a.callers {
		c := &a.callers[i]
		has := 0
		for _, k := range c.file.usable() {
			has |= subtle.ConstantTimeCompare(digest[:], k.digest[:])
		}
		switch {
		case has == 0:
		case o == Unknown:
			name, o = c.name, Verified
		default:
			return "", Ambiguous
		}
	}
	return name, o
}

// parameter finds a parameter of a path's query. Of two values neither counts. The value is unescaped; a plus stays one,
// since keys have it more often than blanks.
func parameter(path []byte, name string) (value []byte, found, ok bool) {
	_, query, _ := bytes.Cut(path, []byte{'?'})
	for part := range bytes.SplitSeq(query, []byte{'&'}) {
		key, v, _ := bytes.Cut(part, []byte{'='})
		if plain, fine := unescape(key); !fine || string(plain) != name {
			continue
		}
		if found {
			return nil, true, false
		}
		found = true
		value, ok = unescape(v)
	}
	return value, found, ok
}

// withoutParameter appends a path without a parameter of its query.
func withoutParameter(to, path []byte, name string) []byte {
	before, query, has := bytes.Cut(path, []byte{'?'})
	to = append(to, before...)
	if !has {
		return to
	}
	sign := byte('?')
	for part := range bytes.SplitSeq(query, []byte{'&'}) {
		key, _, _ := bytes.Cut(part, []byte{'='})
		if plain, fine := unescape(key); fine && string(plain) == name {
			continue
		}
		to = append(append(to, sign), part...)
		sign = '&'
	}
	return to
}

// unescape resolves percent escapes.
func unescape(text []byte) ([]byte, bool) {
	if bytes.IndexByte(text, '%') < 0 {
		return text, true
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out = append(out, text[i])
			continue
		}
		var b [1]byte
		if i+2 >= len(text) {
			return nil, false
		}
		if _, err := hex.Decode(b[:], text[i+1:i+3]); err != nil {
			return nil, false
		}
		out = append(out, b[0])
		i += 2
	}
	return out, true
}
