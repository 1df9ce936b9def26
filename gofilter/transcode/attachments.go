package transcode

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// attachments adds the attachments behind a value to the response's headers, unless they are Dubbo's own or those of
// the request, which dubbo-go sends back. An answer is not refused because of them: reading stops at what is no
// map of strings.
func (c *Call) attachments() {
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
		c.attachment(d.scratch[:key], d.scratch[key:])
	}
}

func (c *Call) attachment(key, value []byte) {
	if ownAttachment(string(key)) || !headerToken(key) || !headerValue(value) || c.sent(key, value) {
		return
	}
	name := attachmentPrefix + string(bytes.ToLower(key))
	c.resp.Headers = append(c.resp.Headers, Header{name, string(value)})
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
