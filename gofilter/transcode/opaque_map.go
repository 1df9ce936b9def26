package transcode

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

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
