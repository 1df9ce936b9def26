package transcode

import (
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// A request with the content type application/x-dubbo is the call of a Dubbo consumer, as gofilter/config describes it:
// its body is the arguments and the attachment map in Hessian. The frame is written as the request arrives: what stands
// before the arguments with the first part of the body, then the body as it comes.

// checkOpaque finds out which method an opaque request calls.
func (h *head) checkOpaque() *fault {
	if string(h.get(h.method)) != "POST" {
		return faultf(badMethod, "%.20q is not supported; calls with content-type %s are POST", h.get(h.method), config.DubboContentType)
	}
	if f := h.splitPath(); f != nil {
		return f
	}
	if !h.sent.empty() {
		h.named, h.call = h.call, h.sent
	}
	h.attachLists()
	if !h.group.empty() {
		h.attach([]byte("group"), h.get(h.group))
	}
	if !h.version.empty() {
		h.attach([]byte("version"), h.get(h.version))
	}
	h.limitTime()
	return h.checkOneWay()
}

// opaqueBody takes a part of an opaque request's body.
func (c *Call) opaqueBody(part []byte) *fault {
	if c.opaque == 0 {
		if f := c.beginOpaque(); f != nil {
			return f
		}
	}
	w := &c.args.w
	if len(w.Buf)-c.opaque+len(part) > c.cfg.MaxRequestBytes {
		return oversized(c.cfg.MaxRequestBytes)
	}
	size := 0
	if c.head.size > 0 { // and some attachments more
		size = c.opaque + c.head.size + 256
	}
	w.Buf = appendPart(w.Buf, part, size)
	return nil
}

// beginOpaque writes the frame up to the arguments.
func (c *Call) beginOpaque() *fault {
	h := &c.head
	if f := h.checkOpaque(); f != nil {
		return f
	}
	if s := c.Schemas.Find(h.get(h.schema)); s != nil {
		c.answers = s.answers
		c.told.Known = len(s.overloads(h.target())) > 0
	}
	c.id = lastID.Add(1)
	w := &c.args.w
	w.Buf = dubbo.AppendHeader(w.Buf, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: c.id})
	if h.protocol.empty() {
		w.String(protocolVersion)
	} else {
		w.StringBytes(h.get(h.protocol))
	}
	w.StringBytes(h.get(h.service))
	if h.version.empty() {
		w.String(noVersion)
	} else {
		w.StringBytes(h.get(h.version))
	}
	w.StringBytes(h.get(h.call))
	w.StringBytes(h.get(h.types))
	c.opaque = len(w.Buf)
	return nil
}

// opaqueFrame completes the frame of an opaque request.
func (c *Call) opaqueFrame() ([]byte, *fault) {
	if f := c.opaqueBody(nil); f != nil {
		return nil, f
	}
	w := &c.args.w
	body := w.Buf[c.opaque:]
	n, err := strconv.Atoi(string(c.head.get(c.head.arguments)))
	if err != nil || n < 0 || n > len(body) {
		return nil, faultf(badRequest, "header %s is %.40q; it tells how many of the body's %d bytes are the arguments",
			config.ArgumentsHeader, c.head.get(c.head.arguments), len(body))
	}
	if f := c.opaqueAttachments(body, n); f != nil {
		return nil, f
	}
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	return w.Buf, nil
}

// opaqueAnswer hands the body of an answer on as it is; it lies in the frame, not in a copy. Only what decides about
// the HTTP status is read: the reason of a failure, or the class of an exception.
func (c *Call) opaqueAnswer(s dubbo.Status, body []byte) *Response {
	d := &c.result
	d.begin(body, c.cfg.MaxResponseBytes, &c.head, false)
	status := 200
	if s != dubbo.StatusOK {
		status = c.outcome(d.failure(s))
	} else {
		form, err := d.r.Int()
		switch {
		case err == nil && (form == dubbo.ResponseException || form == dubbo.ResponseExceptionWithAttachments):
			if err = d.thrownClass(); err == nil {
				status = c.thrownOutcome()
			}
		case err == nil && (form < 0 || form > dubbo.ResponseNullWithAttachments):
			return c.fail(unknownForm(form))
		default:
			c.told.Known = err == nil
			c.opaqueReport(form, body)
		}
		if err != nil {
			return c.fail(unreadable(err))
		}
	}
	c.resp.Headers = append(c.resp.Headers, Header{"content-type", config.DubboContentType})
	c.resp.Status, c.resp.Body = status, body
	return &c.resp
}

// outcome gives the HTTP status of a failure and adds the headers that tell of it.
func (c *Call) outcome(f *fault) int {
	if f.retriable {
		c.resp.Headers = append(c.resp.Headers, Header{"x-dubbo-retriable", "true"})
	}
	return f.kind.status
}

// thrownOutcome is outcome for an exception.
func (c *Call) thrownOutcome() int {
	if f := c.result.exc.refusal(); f != nil {
		return c.outcome(f)
	}
	c.told.threw(&c.result.exc)
	c.exceptionHeader()
	if x := c.mapped(c.result.exc.class); x != nil {
		return x.Status
	}
	return thrown.status
}
