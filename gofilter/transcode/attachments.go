package transcode

import (
	"bytes"
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// How much of an answer's attachments becomes headers: callers and proxies bound what they take.
const (
	maxAttachments      = 64       // pairs
	maxAttachmentsBytes = 16 << 10 // of header names and values
)

// loadReport is the attachment by which a provider says how busy it is, and the header in which Envoy looks for that (Open
// Request Cost Aggregation, xds.data.orca.v3).
const loadReport = "endpoint-load-metrics"

// attached counts the attachments of an answer.
type attached struct{ pairs, bytes, dropped int }

// take reports whether a header of n bytes still fits. None does behind the first that did not.
func (a *attached) take(n int) bool {
	if a.dropped > 0 || a.pairs == maxAttachments || a.bytes+n > maxAttachmentsBytes {
		a.dropped++
		return false
	}
	a.pairs++
	a.bytes += n
	return true
}

// attachments adds the attachments behind a value to the response's headers, unless they are Dubbo's own or those of
// the request, which dubbo-go sends back. An answer is not refused because of them: reading stops at what is no
// map of strings. How many found no room is told in a header.
func (c *Call) attachments() {
	var had attached
	c.readAttachments(func(key, value []byte) { c.attachment(&had, key, value) })
	if had.dropped > 0 {
		c.resp.Headers = append(c.resp.Headers, Header{"x-dubbo-attachments-dropped", strconv.Itoa(had.dropped)})
	}
}

func (c *Call) readAttachments(each func(key, value []byte)) {
	d := &c.result
	if !d.more || d.r.Kind() != dubbo.Map {
		return
	}
	n, err := d.r.Map()
	if err != nil {
		return
	}
	for {
		more, err := d.r.More(&n)
		if err != nil || !more || d.r.Kind() != dubbo.String {
			return
		}
		if d.scratch, err = d.r.AppendString(d.scratch[:0]); err != nil {
			return
		}
		key := len(d.scratch)
		if d.r.Kind() != dubbo.String {
			if d.r.Skip() != nil {
				return
			}
			continue
		}
		if d.scratch, err = d.r.AppendString(d.scratch); err != nil {
			return
		}
		each(d.scratch[:key], d.scratch[key:])
	}
}

func (c *Call) attachment(had *attached, key, value []byte) {
	if ownAttachment(string(key)) || !headerToken(key) || !headerValue(value) || c.sent(key, value) {
		return
	}
	if !had.take(len(attachmentPrefix) + len(key) + len(value)) {
		return
	}
	name := attachmentPrefix + string(bytes.ToLower(key))
	if name == attachmentPrefix+loadReport {
		name = loadReport
	}
	c.resp.Headers = append(c.resp.Headers, Header{name, string(value)})
}

// opaqueReport adds the header with what a provider says of its load to an answer that is handed on as it is, and of which
// the form was read.
func (c *Call) opaqueReport(form int32, body []byte) {
	if !bytes.Contains(body[max(0, len(body)-maxAttachmentsBytes):], []byte(loadReport)) {
		return // which is all that most answers cost
	}
	if form == dubbo.ResponseValueWithAttachments && c.result.r.Skip() != nil {
		return
	}
	c.result.more = form >= dubbo.ResponseExceptionWithAttachments
	c.readAttachments(func(key, value []byte) {
		if string(key) == loadReport && headerValue(value) && !c.sent(key, value) {
			c.resp.Headers = append(c.resp.Headers, Header{loadReport, string(value)})
		}
	})
}

// sent reports whether the request had this attachment.
func (c *Call) sent(key, value []byte) bool {
	for _, a := range c.head.attachments {
		if bytes.Equal(c.head.get(a.key), key) && bytes.Equal(c.head.get(a.value), value) {
			return true
		}
	}
	return false
}

// ownAttachment reports whether a key is one that Dubbo frameworks send for themselves.
func ownAttachment(key string) bool {
	switch key {
	case "path", "interface", "version", "group", "generic", "dubbo", "timeout", "token", "async", "input", "output",
		"local-addr", "remote-addr", "remote.application", "application", "app.name", "app.version", "side", "protocol",
		"release", "pid", "timestamp", "methods", "module", "owner", "organization", "environment", "serialization",
		"serialization_id", "prefer_serialization", "prefer.serialization", "constructor", "service-not-found",
		"_TO", "dubbo.tag", "dubbo.force.tag", "traceparent", "tracestate", "baggage", "id", "key":
		return true
	}
	return false
}

// headerToken reports whether key can stand in a header name.
func headerToken(key []byte) bool {
	for _, b := range key {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || bytes.IndexByte([]byte("-._~!#$%&'*+^`|"), b) >= 0 {
			continue
		}
		return false
	}
	return len(key) > 0
}

// headerValue reports whether value can stand in a header: no control characters.
func headerValue(value []byte) bool {
	for _, b := range value {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}
