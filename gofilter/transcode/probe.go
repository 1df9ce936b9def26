package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/dubbo"

// Probe asks a provider for a sign of life and nothing else: it is a heartbeat. It serves hosts in which only what a
// provider sends lets a response out. A Probe is used by one goroutine at a time; the zero value is ready.
type Probe struct {
	id     uint64
	frames dubbo.FrameReader
}

// Append appends the probe to dst, the bytes for a provider. Any earlier probe is forgotten.
func (p *Probe) Append(dst []byte) []byte {
	p.id = lastID.Add(1)
	p.frames.Reset(probeAnswerBytes)
	return dubbo.AppendHeartbeat(dst, p.id)
}

// Answered takes bytes that arrived from the provider, split or joined anywhere, and reports whether the answer to the
// probe is complete. What is no Dubbo frame counts as an answer: nothing better will come.
func (p *Probe) Answered(part []byte) bool {
	p.frames.Feed(part)
	for {
		h, _, ok, err := p.frames.Next()
		switch {
		case err != nil:
			return true
		case !ok:
			return false
		case h.Flags.Event() && !h.Flags.Request() && h.ID == p.id:
			return true
		}
	}
}

// probeAnswerBytes is the largest frame read while a probe waits for its answer, whose body is one byte.
const probeAnswerBytes = 64 << 10

// Passed takes what the provider sent after an Unsafe response and reports whether all of the answer has come, so that
// the connection may carry another call. It serves hosts that cannot close one. After a panic the answer never ends.
func (c *Call) Passed(part []byte) bool {
	if !c.resp.Unsafe {
		return false
	}
	c.frames.Feed(part)
	return !c.frames.Skipping()
}
