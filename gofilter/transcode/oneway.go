package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/dubbo"

// checkOneWay looks at the header that asks for a call without an answer.
func (h *head) checkOneWay() *fault {
	switch string(h.get(h.oneWay)) {
	case "", "true", "false":
		return nil
	}
	return faultf(badRequest, "header x-dubbo-one-way is %.40q; it may be true or false", h.get(h.oneWay))
}

// wantsNoAnswer reports whether the call is one-way.
func (c *Call) wantsNoAnswer() bool {
	if asked := c.head.get(c.head.oneWay); len(asked) > 0 {
		return string(asked) == "true"
	}
	return c.silent
}

// sendOneWay makes a one-way call of a request frame. No provider answers one, and a response before Envoy has taken
// the end of the request would cost the connection, with what of the frame is not sent yet: so a heartbeat goes behind
// the call. The provider answers that at once, as it stands behind the call in the order of the connection, whatever
// the call does.
func (c *Call) sendOneWay(frame []byte) []byte {
	c.oneWay = true
	frame[2] &^= byte(dubbo.FlagTwoWay)
	c.args.w.Buf = dubbo.AppendHeartbeat(frame, c.id)
	return c.args.w.Buf
}

// accepted is the response to a one-way call that the provider has taken.
func (c *Call) accepted() *Response {
	c.told.OneWay = true
	c.resp.Status, c.resp.Body = 202, nil
	return &c.resp
}
