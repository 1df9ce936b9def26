package transcode

import (
	"bytes"
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
		h.call = h.sent
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

// mergeBehind is mergeAttachments for a map that uses types or classes which the arguments before it have defined.
func (c *Call) mergeBehind(r *dubbo.Reader, body []byte, n int) error {
	for r.Reset(body, 0); r.Offset() < n; {
		if err := r.Skip(); err != nil {
			return err
		}
	}
	if r.Offset() > n {
		return &dubbo.Error{Offset: n, Reason: "the arguments end inside a value"}
	}
	return c.mergeAttachments(r, len(body))
}

// mergeAttachments reads the map that is the rest of size bytes. Headers that only repeat an entry of it are dropped,
// those that change one get the entry's spelling: header names have no case.
func (c *Call) mergeAttachments(r *dubbo.Reader, size int) error {
	n, err := r.Map()
	for err == nil {
		more, wrong := r.More(&n)
		if wrong != nil {
			return wrong
		}
		if !more {
			break
		}
		err = c.mergeEntry(r)
	}
	if err == nil && r.Offset() < size {
		err = &dubbo.Error{Offset: r.Offset(), Reason: "something follows the map"}
	}
	return err
}

func (c *Call) mergeEntry(r *dubbo.Reader) (err error) {
	h, text := &c.head, c.result.scratch[:0]
	defer func() { c.result.scratch = text }()
	if r.Kind() != dubbo.String {
		if err := r.Skip(); err != nil {
			return err
		}
		return r.Skip()
	}
	if text, err = r.AppendString(text); err != nil {
		return err
	}
	key := len(text)
	i := h.attached(text)
	if i < 0 {
		return r.Skip()
	}
	if r.Kind() != dubbo.String {
		h.attachments[i].key = h.store(text)
		return r.Skip()
	}
	if text, err = r.AppendString(text); err != nil {
		return err
	}
	switch a := &h.attachments[i]; {
	case bytes.Equal(h.get(a.value), text[key:]), string(text[:key]) == timeoutKey && sooner(text[key:], h.get(a.value)):
		a.key = span{}
	default:
		a.key = h.store(text[:key])
	}
	return nil
}

// attached finds an attachment of this key among those of the headers; -1 for none.
func (h *head) attached(key []byte) int {
	for i, a := range h.attachments {
		if bytes.EqualFold(h.get(a.key), key) && len(key) > 0 {
			return i
		}
	}
	return -1
}

// opaqueAttachments puts the attachments that came as headers into the map that the body has behind n bytes of
// arguments, before its end: what comes later in it wins.
func (c *Call) opaqueAttachments(body []byte, n int) *fault {
	w, r := &c.args.w, &c.result.r
	attached := body[n:]
	switch r.Reset(attached, 0); {
	case len(attached) == 0:
		w.UntypedMap()
	case r.Kind() == dubbo.Null && len(attached) == 1:
		w.Buf = w.Buf[:len(w.Buf)-1]
		w.UntypedMap()
	default:
		err := c.mergeAttachments(r, len(attached))
		if err != nil {
			err = c.mergeBehind(r, body, n)
		}
		if err != nil {
			return faultf(badRequest, "behind %d bytes of arguments the body has to be one map of attachments: %v", n, err)
		}
		w.Buf = w.Buf[:len(w.Buf)-1]
	}
	for _, a := range c.head.attachments {
		if !a.key.empty() {
			w.StringBytes(c.head.get(a.key))
			w.StringBytes(c.head.get(a.value))
		}
	}
	w.End()
	return nil
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
	c.exceptionHeader()
	if x := c.mapped(c.result.exc.class); x != nil {
		return x.Status
	}
	return thrown.status
}
