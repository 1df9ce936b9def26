package transcode

import "fmt"

// JSON is larger than the Hessian it was made of: fields are named in each object, and what is referenced is written
// each time. A reference takes two bytes, so that a list of 10,000 of them to one object of 200 bytes, which is an honest
// one, grows a hundredfold. References to lists of references grow without bound, which only a limit of what may be
// written ends: by the size of the input, so that a peer that has the gateway work has to send for it.
const (
	maxGrowth  = 128       // bytes of JSON for a byte of Hessian
	freeGrowth = 256 << 10 // bytes of JSON that any input may become: a list of 1,000 references to 200 bytes each
)

// jsonLimit is how large the JSON of input bytes may be under a limit of maxBytes for the message, and how much may be
// read again because of references.
func jsonLimit(input, maxBytes int) int {
	if input >= maxBytes/maxGrowth {
		return maxBytes
	}
	return min(maxBytes, max(freeGrowth, maxGrowth*input))
}

// noRoom ends a result whose JSON does not fit.
type noRoom struct{ at, limit int } // in bytes

// Error gives the position and the limit.
func (e *noRoom) Error() string {
	return fmt.Sprintf("hessian: byte %d: the JSON would be larger than %d bytes, the limit for a message or for what one of this size may become", e.at, e.limit)
}

// room returns an error when more than the limit is written, n bytes outside out included.
func (d *result) room(n int) error {
	if n+len(d.out) <= d.limit {
		return nil
	}
	return &noRoom{d.r.Offset(), d.limit}
}

// again reports whether so many bytes of out may be read once more, and counts them: maps that stand for something else,
// in each other as deep as values may be, would be read as often as that.
func (d *result) again(n int) bool {
	d.reread += n
	return d.reread <= d.limit
}
