package transcode

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Outcome is what became of a call, for those who count calls.
type Outcome struct {
	// Service and Method are what the caller named; of a generic call the method that it is for. Both are valid until the
	// call is fed again or reset, and empty when the request was refused before it named them.
	Service, Method []byte
	// Known says that the method exists: a schema has it, or the provider has run it.
	Known bool
	// Status is that of the provider's answer, 0 when there is none.
	Status dubbo.Status
	// OneWay says that the provider has taken a call that has no answer.
	OneWay bool
	// Thrown says that the answer is an exception of the service.
	Thrown bool
	// RequestBytes and ResponseBytes are the lengths of the Dubbo frames, 0 for those that there were not.
	RequestBytes, ResponseBytes int
}

// Outcome tells what has become of the call so far.
func (c *Call) Outcome() Outcome {
	h := &c.head
	o := c.told
	o.Service, o.Method = h.get(h.service), h.target()
	return o
}

// target is the name of the method that the call is for, whatever the frame calls.
func (h *head) target() []byte {
	if !h.named.empty() {
		return h.get(h.named)
	}
	return h.get(h.call)
}

// answered notes the answer of the provider.
func (o *Outcome) answered(s dubbo.Status, body []byte) {
	o.Status, o.ResponseBytes = s, dubbo.HeaderSize+len(body)
}

// threw notes an exception. It shows that the method has run, unless it is one of those by which Dubbo and Java's
// reflection tell of methods that do not exist.
func (o *Outcome) threw(e *exception) {
	o.Thrown = true
	if !bytes.HasSuffix(e.class, []byte(".NoSuchMethodException")) && !bytes.HasSuffix(e.class, []byte(".RpcException")) {
		o.Known = true
	}
}
