package callers

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"strconv"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Verdict is what becomes of a request. Its bytes are valid until the check begins anew.
type Verdict struct {
	// Wait says that the whole body is needed: Finish is to be called with it.
	Wait bool
	// Refusal is why the request must not go on; nil lets it.
	Refusal *Refusal
	// Facts say who calls, by the policy that asked.
	Facts []Fact
	// Edits change headers of the request, :path among them.
	Edits []Edit
	// Reroute has the route chosen once more, by the edited headers.
	Reroute bool
}

// Refusal says why a request must not go on. Nothing in it was secret.
type Refusal struct {
	Outcome   Outcome
	Detail    string // for the caller to read
	Challenge string // of WWW-Authenticate
}

// Fact says whom a policy found to call.
type Fact struct{ Policy, Caller string }

// Edit sets a header, or takes it away when Value is nil.
type Edit struct {
	Name  string
	Value []byte
}

// Check asks one request who makes it: Begin, Header for each header, Decide, and Finish if that waits. It is used by one
// goroutine at a time and may be used again after Begin.
type Check struct {
	set     *Set
	fields  []field // views of the host's memory until Decide returns
	pending []pending
	text    []byte // of pending, one behind the other
	edited  []byte // the path without keys, nil as long as it has none
	kept    []byte // the path without its query, while the request waits
	v       Verdict

	verb, path, authority []byte
	consumer              bool // a Dubbo consumer's call
	preflight             bool // of CORS: browsers send nothing with it
	arguments             int  // bytes of a consumer's arguments, -1 when that is not told
	sum                   hash.Hash
}

type field struct{ name, value []byte }

// room is for the hash of the body, hexadecimal.
var room [2 * sha256.Size]byte

// pending is a signature that waits for the body.
type pending struct {
	policy     *policy
	caller     caller
	second     int64
	mac        [sha256.Size]byte
	start, end int // in Check.text
}

// Begin takes up a request on a route with this set.
func (c *Check) Begin(set *Set) {
	clear(c.fields)
	clear(c.pending)
	*c = Check{
		set: set, fields: c.fields[:0], pending: c.pending[:0], text: c.text[:0], kept: c.kept[:0], sum: c.sum, arguments: -1,
		v: Verdict{Facts: c.v.Facts[:0], Edits: c.v.Edits[:0]},
	}
}

// Header takes a header, pseudo headers included, with its name in lower case. Its bytes have to stay as they are until
// Decide returns.
func (c *Check) Header(name, value []byte) { c.fields = append(c.fields, field{name, value}) }

// Decide judges the request by its headers alone, as far as that goes.
func (c *Check) Decide(now time.Time) *Verdict {
	c.read()
	c.v.Edits = append(c.v.Edits, Edit{config.CallerHeader, nil}, Edit{config.CallerAttachment, nil})
	if c.preflight {
		return &c.v
	}
	for i := range c.set.policies {
		c.ask(&c.set.policies[i], now)
		if c.v.Refusal != nil {
			return &c.v
		}
	}
	if c.v.Wait = len(c.pending) > 0; !c.v.Wait {
		c.conclude()
		return &c.v
	}
	c.kept = append(c.kept, c.pathOnly()...)
	clear(c.fields)
	c.fields, c.verb, c.path, c.authority = c.fields[:0], nil, c.kept, nil
	return &c.v
}

// read finds what the request is.
func (c *Check) read() {
	origin, wish := false, false
	for _, f := range c.fields {
		switch string(f.name) {
		case ":method":
			c.verb = f.value
		case ":path":
			c.path = f.value
		case ":authority":
			c.authority = f.value
		case "content-type":
			c.consumer = string(f.value) == config.DubboContentType
		case "origin":
			origin = true
		case "access-control-request-method":
			wish = true
		case config.ArgumentsHeader:
			if n, err := strconv.Atoi(string(f.value)); err == nil && n >= 0 {
				c.arguments = n
			}
		}
	}
	c.preflight = origin && wish && string(c.verb) == "OPTIONS"
}

// ask judges what the request shows to a policy.
func (c *Check) ask(p *policy, now time.Time) {
	if p.hmac != nil {
		if value, times := c.find(p.hmac.place); times > 0 {
			c.askSignature(p, value, times == 1, now)
			return
		}
	}
	if p.api == nil {
		c.absent(p, now)
		return
	}
	value, times := c.find(p.api.place)
	at := p.api.place.header
	if times == 0 && p.api.query != "" {
		shown, found, ok := parameter(c.path, p.api.query)
		if found {
			value, times, at = shown, 1, ""
		}
		if found && !ok {
			times = 2
		}
	}
	switch {
	case times == 0:
		c.absent(p, now)
	case times > 1 || len(value) > maxCredential:
		c.settle(p, "", Malformed, now)
	default:
		name, o := p.api.holder(value)
		c.settle(p, name, o, now)
		if o == Verified && !p.dry {
			c.takeKey(p.api, at)
		}
	}
}

// absent judges a request that shows nothing.
func (c *Check) absent(p *policy, now time.Time) {
	if p.api != nil && p.api.optional || p.hmac != nil && p.hmac.optional {
		c.settle(p, "", Anonymous, now)
		return
	}
	c.settle(p, "", Missing, now)
}

// takeKey keeps a key from the service. In the query it stands in all logs.
func (c *Check) takeKey(a *apiKey, header string) {
	if a.place.header != "" {
		c.v.Edits = append(c.v.Edits, Edit{a.place.header, nil}, Edit{a.place.attachment, nil})
	}
	if header != "" && a.query == "" {
		return
	}
	path := c.path
	if c.edited != nil {
		path = c.edited
	}
	if _, found, _ := parameter(path, a.query); !found {
		return
	}
	c.edited = withoutParameter(nil, path, a.query)
	c.v.Edits = append(c.v.Edits, Edit{":path", c.edited})
}

func (c *Check) askSignature(p *policy, value []byte, once bool, now time.Time) {
	s, ok := parseSigned(value)
	if !ok || !once || c.consumer && c.arguments < 0 {
		c.settle(p, "", Malformed, now)
		return
	}
	who, known := p.hmac.callers[string(s.caller)]
	switch age := now.Unix() - s.second; {
	case age > p.hmac.window || age < -p.hmac.window:
		c.settle(p, "", Expired, now)
	case !known:
		c.settle(p, "", Unknown, now)
	case len(who.file.usable()) == 0:
		c.settle(p, "", NoKey, now)
	default:
		start := len(c.text)
		c.appendText(p.hmac, &s)
		c.text = append(c.text, room[:]...)
		c.pending = append(c.pending, pending{policy: p, caller: who, second: s.second, mac: s.mac, start: start, end: len(c.text)})
	}
}

// appendText writes what was signed as far as the headers tell it; see config.Signed, which it equals without its memory.
func (c *Check) appendText(h *signature, s *signed) {
	verb := c.verb
	if c.consumer {
		verb = []byte(config.ConsumerVerb)
	}
	c.text = append(append(c.text, config.SignatureScheme...), '\n')
	for _, line := range [...][]byte{verb, c.path, s.caller, s.time, s.nonce} {
		c.text = append(append(c.text, line...), '\n')
	}
	for _, name := range h.signed {
		c.text = append(append(c.text, name...), ':')
		if name == "host" {
			c.text = append(c.text, c.authority...)
		}
		first := true
		for _, f := range c.fields {
			if string(f.name) != name {
				continue
			}
			if !first {
				c.text = append(c.text, ',')
			}
			c.text, first = append(c.text, f.value...), false
		}
		c.text = append(c.text, '\n')
	}
}

// find returns the value at a place and how many there are.
func (c *Check) find(p place) (value []byte, times int) {
	if p.header == "" {
		return nil, 0
	}
	for _, name := range [...]string{p.header, p.attachment} {
		for _, f := range c.fields {
			if string(f.name) == name {
				value = f.value
				times++
			}
		}
		if times > 0 {
			return value, times
		}
	}
	return nil, 0
}

// Finish judges a request that waited, with its whole body in parts.
func (c *Check) Finish(parts [][]byte, now time.Time) *Verdict {
	c.v.Wait = false
	sum, ok := c.digest(parts)
	for i := range c.pending {
		p := &c.pending[i]
		o := Malformed
		if ok {
			o = c.verify(p, sum, now)
		}
		c.settle(p.policy, p.caller.name, o, now)
		if c.v.Refusal != nil {
			return &c.v
		}
		if o == Verified && !p.policy.dry {
			at := p.policy.hmac.place
			c.v.Edits = append(c.v.Edits, Edit{at.header, nil}, Edit{at.attachment, nil})
		}
	}
	c.conclude()
	return &c.v
}

// TooLarge judges a request that waited, and whose body has more bytes than are taken. It is refused, unless only dry runs
// have asked for the signature: then it goes on by the verdict.
func (c *Check) TooLarge(now time.Time) (v *Verdict, refused bool) {
	c.v.Wait = false
	for i := range c.pending {
		p := c.pending[i].policy
		p.tally.add(TooLarge, p.dry)
		if p.dry {
			c.set.keeper.tried(p, TooLarge, c.kept, now)
		}
		refused = refused || !p.dry
	}
	if !refused {
		c.conclude()
	}
	return &c.v, refused
}

// digest is the hash of what is signed of the body.
func (c *Check) digest(parts [][]byte) (out [2 * sha256.Size]byte, ok bool) {
	if c.sum == nil {
		c.sum = sha256.New()
	}
	c.sum.Reset()
	left := c.arguments
	for _, part := range parts {
		if c.consumer && len(part) > left {
			part = part[:left]
		}
		left -= len(part)
		c.sum.Write(part)
	}
	var sum [sha256.Size]byte
	c.sum.Sum(sum[:0])
	hex.Encode(out[:], sum[:])
	return out, !c.consumer || left == 0
}

func (c *Check) verify(p *pending, sum [2 * sha256.Size]byte, now time.Time) Outcome {
	text := c.text[p.start:p.end]
	copy(text[len(text)-len(sum):], sum[:])
	keys := p.caller.file.usable()
	if len(keys) == 0 {
		return NoKey
	}
	fits := 0
	for _, k := range keys {
		mac := k.sign(text)
		fits |= subtle.ConstantTimeCompare(mac[:], p.mac[:])
	}
	if fits == 0 {
		return Mismatch
	}
	for i := range c.pending { // that another policy asks for the same signature is no repetition
		if q := &c.pending[i]; q == p {
			break
		} else if q.mac == p.mac {
			return Verified
		}
	}
	return c.set.keeper.seen.first(mark(p.mac[:16]), p.second, now.Unix())
}

// settle notes the outcome of a policy.
func (c *Check) settle(p *policy, name string, o Outcome, now time.Time) {
	p.tally.add(o, p.dry)
	switch {
	case o == Verified:
		c.v.Facts = append(c.v.Facts, Fact{p.name, name})
	case !o.refuses():
	case p.dry:
		c.set.keeper.tried(p, o, c.pathOnly(), now)
	default:
		c.v.Facts = c.v.Facts[:0]
		c.v.Refusal = &Refusal{Outcome: o, Detail: detailOf(p, o, now), Challenge: c.set.challenge}
	}
}

// conclude tells the service who calls: whom the first policy found that is no dry run.
func (c *Check) conclude() {
	name := ""
	for i := range c.set.policies {
		p := &c.set.policies[i]
		for _, f := range c.v.Facts {
			if name == "" && !p.dry && f.Policy == p.name {
				name = f.Caller
			}
		}
	}
	if name != "" {
		c.v.Edits[0].Value = []byte(name)
		c.v.Reroute = c.set.reroute
	}
	switch {
	case c.set.attachment && name != "":
		c.v.Edits[1].Value = c.v.Edits[0].Value
	case c.set.attachment && c.consumer:
		c.v.Edits[1].Value = []byte{} // goes before what the consumer itself says in the call
	}
}
