// Package transcode turns one HTTP request into one Dubbo call and its answer into an HTTP response. It does no
// input or output and knows nothing of Envoy: a host feeds it bytes and sends what it returns.
//
// JSON tokens become Hessian bytes and back in one pass each, without a tree of values between. Nothing in a request
// or an answer makes it panic; should it ever, see Call.Broken.
package transcode

import (
	"errors"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Header is one HTTP header of a response. Name is lower case.
type Header struct{ Name, Value string }

// Response is a complete HTTP response. It is valid until its Call is fed again or reset, and no longer than the part
// of the answer that Upstream was given last: an opaque body lies in it.
type Response struct {
	Status  int
	Headers []Header
	Body    []byte
	// Reset says that the provider closed the connection before it answered. A host that can should reset the
	// stream instead of sending the response, so that Envoy's retries on "reset" apply.
	Reset bool
	// Broken says that the provider broke its protocol.
	Broken bool
	// Unsafe says that bytes of this answer are still on their way: the connection must not carry another call.
	Unsafe bool
}

// Call is the state of one HTTP request on its way to a Dubbo provider and back. The order of calls is
// Reset, Header*, Body*, Request, Upstream*. A Call is used by one goroutine at a time; it may be reused after Reset,
// which keeps its buffers. It must not be copied.
type Call struct {
	// Schemas are those that the header x-dubbo-schema may name; nil for none. It is set once, before the first Reset.
	Schemas *Schemas

	cfg  config.Bridge
	head head
	body []byte
	args arguments

	id     uint64
	opaque int  // where an opaque request's body begins in the frame; 0 before it does
	silent bool // the schema says that the method is one-way
	oneWay bool // the call is answered when the provider has taken it
	send   []byte
	frames dubbo.FrameReader
	result result
	resp   Response

	told Outcome // without the names

	// What a schema says of the call, nil for nothing. They are read only.
	answers   *answers
	operation *config.Operation
	returns   string // the method's Java type
}

// lastID is the id of the newest request. Providers see the connections of a whole pool, so ids are unique in the
// process, not only in one Call; this counter is the package's only state.
var lastID atomic.Uint64

// Reset prepares the call for a new request under cfg.
func (c *Call) Reset(cfg *config.Bridge) {
	c.cfg = *cfg
	c.head.reset()
	c.body = shrink(c.body)
	c.args.reset()
	c.id, c.opaque, c.oneWay = 0, 0, false
	c.told = Outcome{}
	c.answers, c.operation, c.returns, c.silent = nil, nil, "", false
	c.send = c.send[:0]
	c.frames.Reset(cfg.MaxResponseBytes)
	c.result.reset()
	c.resp = Response{Headers: c.resp.Headers[:0]}
}

// keepBytes is the largest buffer a Call keeps from one request to the next.
const keepBytes = 64 << 10

func shrink(b []byte) []byte {
	if cap(b) > keepBytes {
		return nil
	}
	return b[:0]
}

// Header takes one request header, pseudo headers (":path", ":method") included. Both slices are only read
// during the call.
func (c *Call) Header(name, value []byte) { c.head.take(name, value) }

// Body takes the next part of the request body, which is copied. A non-nil response (413) ends the call.
func (c *Call) Body(part []byte) *Response {
	if c.head.isOpaque {
		if f := c.opaqueBody(part); f != nil {
			return c.fail(f)
		}
		return nil
	}
	if len(c.body)+len(part) > c.cfg.MaxRequestBytes {
		return c.fail(oversized(c.cfg.MaxRequestBytes))
	}
	c.body = appendPart(c.body, part, c.head.size)
	return nil
}

// appendPart appends a part of what has size bytes in all, 0 when that is not known. It grows in few steps, and never
// to more than four times what has come.
func appendPart(buf, part []byte, size int) []byte {
	if n := len(buf) + len(part); n > cap(buf) && n > keepBytes {
		if size < n {
			size = 2 * n
		}
		buf = slices.Grow(buf, min(size, 4*n)-len(buf))
	}
	return append(buf, part...)
}

// TooLarge is the response (413) to a request body of more than limit bytes, for hosts that collect bodies themselves.
func TooLarge(limit int) *Response { return new(Call).fail(oversized(limit)) }

func oversized(limit int) *fault {
	return faultf(tooLarge, "the request body is larger than the limit of %d bytes; send less or raise dataplane.maxRequestBytes", limit)
}

// Request is called at the end of the HTTP request. It returns the Dubbo frame to send, valid until the call is fed
// again, or a response (400, 404, 415, …) that ends the call.
func (c *Call) Request() (frame []byte, done *Response) {
	var f *fault
	if c.head.isOpaque {
		frame, f = c.opaqueFrame()
	} else {
		frame, f = c.jsonFrame()
	}
	if f != nil {
		return nil, c.fail(f)
	}
	c.told.RequestBytes = len(frame)
	if c.wantsNoAnswer() {
		frame = c.sendOneWay(frame)
	}
	return frame, nil
}

func (c *Call) jsonFrame() ([]byte, *fault) {
	if f := c.check(); f != nil {
		return nil, f
	}
	c.id = lastID.Add(1)
	if n := len(c.body); n > keepBytes { // growing step by step would take several times as much
		c.args.w.Buf = slices.Grow(c.args.w.Buf, n)
	}
	frame, f := c.args.frame(c.id, &c.head, c.body)
	c.body = shrink(c.body)
	if m := c.args.method; m != nil {
		c.returns, c.silent = m.def.Returns, m.def.OneWay
		c.told.Known = true
	}
	return frame, f
}

// check finds out which method is called, by what operation if the route says one, and checks the headers.
func (c *Call) check() *fault {
	a, h := &c.args, &c.head
	a.schema = c.Schemas.Find(h.get(h.schema))
	if a.schema == nil {
		return h.check(len(c.body) > 0)
	}
	c.answers = a.schema.answers
	if a.operation = a.schema.operation(h.get(h.operation)); a.operation == nil {
		return h.check(len(c.body) > 0)
	}
	c.operation = a.operation.def
	return h.checkOperation(a.schema, a.operation)
}

// Upstream takes bytes that arrived from the provider, split or joined anywhere; end says that it closed the
// connection. It returns bytes to send to the provider (an answer to its heartbeat), valid until the call is fed
// again, and, once the call's answer is complete, the response that ends the call. Frames that are not the answer
// are passed over. A connection closed before the answer gives a 503 with Reset set.
func (c *Call) Upstream(part []byte, end bool) (send []byte, done *Response) {
	c.send = c.send[:0]
	c.frames.Feed(part)
	for {
		h, body, ok, err := c.frames.Next()
		switch {
		case err != nil:
			return c.broken(h, err)
		case !ok && end:
			done = c.fail(faultf(closed, "the provider closed the connection before it answered"))
			done.Reset = true
			return c.send, done
		case !ok:
			return c.send, nil
		case h.Flags.Event():
			if h.Flags.TwoWay() {
				c.send = dubbo.AppendHeartbeatAnswer(c.send, h)
			} else if c.oneWay && !h.Flags.Request() && h.ID == c.id {
				return c.send, c.accepted()
			}
		case !h.Flags.Request() && h.ID == c.id:
			return c.send, c.answer(h, body)
		}
	}
}

// broken ends a call whose answer is no frame. What does not speak Dubbo need not close the connection when it is asked
// to, so nothing waits for that; a heartbeat is sent instead. Whatever that is answered with reaches a connection that
// carries no call, for which Envoy closes it. Of a frame that is too large the rest would reach another call: a peer that
// sends one speaks Dubbo, and closes.
func (c *Call) broken(h dubbo.Header, err error) (send []byte, done *Response) {
	var tooLarge *dubbo.TooLargeError
	done = c.fail(faultf(badAnswer, "the provider's answer cannot be read: %v", err))
	done.Broken = true
	if errors.As(err, &tooLarge) {
		c.frames.Skip(h)
		done.Unsafe = c.frames.Skipping()
	} else {
		c.send = dubbo.AppendHeartbeat(c.send, c.id)
	}
	return c.send, done
}

// Broken ends a call inside which something panicked: it drops all state, so that the Call may be reset and reused,
// and returns a 500 that tells nothing of the inside. A host calls it from its recover.
func (c *Call) Broken() *Response {
	*c = Call{Schemas: c.Schemas}
	return c.fail(faultf(internal, "the gateway failed inside; its log says why"))
}

// answer turns the answer to the call into the response.
func (c *Call) answer(h dubbo.Header, body []byte) *Response {
	c.told.answered(h.Status, body)
	if s := h.Flags.Serialization(); s != dubbo.Hessian2 {
		return c.fail(faultf(badAnswer, "the provider answered in serialization %d; only Hessian 2 (%d) is spoken here", s, dubbo.Hessian2))
	}
	status := statusOK
	if h.Status != dubbo.StatusOK {
		status = strconv.Itoa(int(h.Status))
	}
	c.resp.Headers = append(c.resp.Headers, Header{config.StatusHeader, status})
	if c.head.isOpaque {
		return c.opaqueAnswer(h.Status, body)
	}
	c.result.begin(body, c.cfg.MaxResponseBytes, &c.head, c.args.generic)
	c.result.follow(&c.head, c.answers, c.operation, c.returns)
	if h.Status != dubbo.StatusOK {
		return c.fail(c.result.failure(h.Status))
	}
	thrown, f := c.result.read()
	switch {
	case f != nil:
		return c.fail(f)
	case thrown:
		return c.exception()
	}
	c.attachments()
	return c.success(len(body))
}

// success makes the response of the result, which was read from size bytes.
func (c *Call) success(size int) *Response {
	c.told.Known = true
	c.resp.Status = 200
	if c.operation != nil && c.operation.Status != 0 {
		c.resp.Status = c.operation.Status
	}
	if size > keepBytes { // while Envoy copies the response, the answer need not be there as well
		c.result.r = dubbo.Reader{}
		c.frames = dubbo.FrameReader{MaxBody: c.cfg.MaxResponseBytes}
	}
	switch c.resp.Status {
	case 204, 205, 304: // these have no body
		c.resp.Body = nil
		return &c.resp
	}
	c.resp.Headers = append(c.resp.Headers, Header{"content-type", "application/json"})
	c.resp.Body = c.result.out
	return &c.resp
}

const statusOK = "20"
