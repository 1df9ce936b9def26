package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// SignatureScheme is the first line of what is signed.
const SignatureScheme = "DUBBOMESH-HMAC-SHA256"

// ConsumerVerb stands for the verb in what a Dubbo consumer signs.
const ConsumerVerb = "DUBBO"

// Signed is what a signature is made of, but for the body. The text that is signed consists of lines, each ended by a line
// feed but for the last:
//
//	DUBBOMESH-HMAC-SHA256
//	verb                        POST; DUBBO for the call of a Dubbo consumer
//	path with query             as Envoy has it: with . and .. resolved
//	caller
//	time                        seconds since 1970, decimal
//	nonce                       empty without one
//	name:value                  for each signed header in the order of the policy; several of a name are joined by ",", none is empty
//	SHA-256 of the body         hexadecimal, in lower case; of the arguments alone for the call of a Dubbo consumer
//
// The signature is its HMAC-SHA256 under the caller's key, hexadecimal, and travels in one header together with what
// the receiver cannot know:
//
//	x-dubbomesh-signature: caller=shop,time=1781964000,nonce=7f3a,signature=9b1c…
type Signed struct {
	Verb, Path, Caller, Time, Nonce string
	Headers                         []SignedHeader
}

// SignedHeader is a header that is part of what is signed, its name in lower case.
type SignedHeader struct{ Name, Value string }

// AppendText appends the lines before that of the body.
func (s Signed) AppendText(to []byte) []byte {
	for _, line := range [...]string{SignatureScheme, s.Verb, s.Path, s.Caller, s.Time, s.Nonce} {
		to = append(append(to, line...), '\n')
	}
	for _, h := range s.Headers {
		to = append(append(append(append(to, h.Name...), ':'), h.Value...), '\n')
	}
	return to
}

// Header signs a request with a body and returns the value of the header that the signature is in.
func (s Signed) Header(key, body []byte) (string, error) {
	if !CallerName(s.Caller) {
		return "", fmt.Errorf("caller %q: write letters, digits and . _ - / : @", s.Caller)
	}
	if _, err := strconv.ParseUint(s.Time, 10, 63); err != nil {
		return "", fmt.Errorf("time %q: write seconds since 1970", s.Time)
	}
	if s.Nonce != "" && !CallerName(s.Nonce) {
		return "", fmt.Errorf("nonce %q: write letters, digits and . _ - / : @", s.Nonce)
	}
	sum := sha256.Sum256(body)
	text := hex.AppendEncode(s.AppendText(nil), sum[:])
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	out := "caller=" + s.Caller + ",time=" + s.Time
	if s.Nonce != "" {
		out += ",nonce=" + s.Nonce
	}
	return out + ",signature=" + hex.EncodeToString(mac.Sum(nil)), nil
}
