package callers

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// detailOf says what is wrong in words for whoever calls. Of what a key or signature should be it says nothing.
func detailOf(p *policy, o Outcome, now time.Time) string {
	switch o {
	case Missing:
		return "The request does not say who calls. Send " + p.wanted() + "."
	case Malformed:
		return "What the request shows cannot be read. Send " + p.wanted() + ", once."
	case Expired:
		return fmt.Sprintf("The request was not signed within %s of now, which is %d here. Sign it anew, and check the clock.",
			time.Duration(p.hmac.window)*time.Second, now.Unix())
	case Replayed:
		return "This signature was used before. Sign each request anew, with a nonce of its own."
	case Mismatch, Unknown, NoKey:
		if p.hmac == nil {
			return "The API key is not known."
		}
		return "The caller is not known, or the signature is not that of this request under the caller's key."
	}
	return "The API key does not tell who calls." // several have it
}

// wanted names what a policy takes.
func (p *policy) wanted() string {
	var ways []string
	if a := p.api; a != nil {
		switch {
		case a.place.header == "":
			ways = append(ways, "an API key as query parameter "+a.query)
		case a.query == "":
			ways = append(ways, "an API key in the header "+a.place.header)
		default:
			ways = append(ways, "an API key in the header "+a.place.header+" or as query parameter "+a.query)
		}
	}
	if p.hmac != nil {
		ways = append(ways, "a signature in the header "+p.hmac.place.header+": caller=…,time=…,nonce=…,signature=…")
	}
	return strings.Join(ways, ", or ")
}

// pathOnly is the path without its query, in which there may be keys.
func (c *Check) pathOnly() []byte {
	path, _, _ := bytes.Cut(c.path, []byte{'?'})
	return path
}
