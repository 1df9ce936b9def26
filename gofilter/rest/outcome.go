package rest

import "github.com/dubbomesh/dubbomesh/gofilter/transcode"

// Outcome tells what has become of the call so far. Frames are counted without the names in front of the arguments.
func (c *Call) Outcome() transcode.Outcome {
	o := c.told
	o.Service, o.Method = []byte(c.service), []byte(c.method)
	o.Known = o.Known || c.operation != nil || c.returns() != nil
	return o
}
