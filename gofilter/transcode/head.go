package transcode

import (
	"bytes"
	"unicode/utf8"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const attachmentPrefix = "x-dubbo-attachment-"

// span is a part of head.text.
type span struct{ from, to int }

func (s span) empty() bool { return s.from == s.to }

// attachment is a key and value that goes along with the call.
type attachment struct{ key, value span }

// head is what the request's headers say.
type head struct {
	text        []byte
	attachments []attachment
	others      []attachment // headers that an operation may take arguments from

	path, method, contentType span
	service, call             span // interface and method of the frame
	named                     span // the path's method, where that of the frame is another
	group, version            span
	types, invoke, class      span
	tracestate, baggage       span
	arguments, protocol, sent span // of an opaque request: see opaque.go
	oneWay, remaining         span
	longs, nulls              span
	size                      int // of the body, 0 when it is not told
	query, schema, operation  span
	hasTypes, isGet, isForm   bool
	isOpaque                  bool
}

func (h *head) reset() {
	*h = head{text: shrink(h.text), attachments: h.attachments[:0], others: h.others[:0]}
}

// get gives a part of the text, valid until the next reset.
func (h *head) get(s span) []byte { return h.text[s.from:s.to:s.to] }

func (h *head) store(value []byte) span {
	from := len(h.text)
	h.text = append(h.text, value...)
	return span{from, len(h.text)}
}

// join adds a further value of a header that is a list.
func (h *head) join(old span, value []byte) span {
	if old.empty() {
		return h.store(value)
	}
	from := len(h.text)
	h.text = append(append(append(h.text, h.get(old)...), ','), value...)
	return span{from, len(h.text)}
}

func (h *head) take(name, value []byte) {
	switch string(name) {
	case ":path":
		h.path = h.store(value)
	case ":method":
		h.method = h.store(value)
	case "content-type":
		h.contentType = h.store(value)
		h.isOpaque = string(value) == config.DubboContentType
	case "content-length":
		h.size, _ = decimal(value)
	case "tri-service-group":
		h.group = h.store(value)
	case "tri-service-version":
		h.version = h.store(value)
	case "x-dubbo-parameter-types":
		h.types, h.hasTypes = h.join(h.types, value), true
	case "x-dubbo-invoke":
		h.invoke = h.store(value)
	case "x-dubbo-class":
		h.class = h.store(value)
	case "x-dubbo-longs":
		h.longs = h.store(value)
	case "x-dubbo-nulls":
		h.nulls = h.store(value)
	case config.SchemaHeader:
		h.schema = h.store(value)
	case config.OperationHeader:
		h.operation = h.store(value)
	case config.OneWayHeader:
		h.oneWay = h.store(value)
	case config.RemainingMsHeader:
		h.remaining = h.store(value)
	case config.ArgumentsHeader:
		h.arguments = h.store(value)
	case config.ProtocolHeader:
		h.protocol = h.store(value)
	case config.MethodHeader:
		h.sent = h.store(value)
	case "traceparent":
		h.attach(name, value)
	case "tracestate":
		h.tracestate = h.join(h.tracestate, value)
	case "baggage":
		h.baggage = h.join(h.baggage, value)
	default:
		if len(name) > len(attachmentPrefix) && string(name[:len(attachmentPrefix)]) == attachmentPrefix {
			h.attach(name[len(attachmentPrefix):], value)
			return
		}
		h.others = append(h.others, attachment{h.store(name), h.store(value)})
	}
}

func (h *head) attach(key, value []byte) {
	h.attachments = append(h.attachments, attachment{h.store(key), h.store(value)})
}

// check finds out which method is called and how the body is written.
func (h *head) check(hasBody bool) *fault {
	switch string(h.get(h.method)) {
	case "POST":
	case "GET":
		h.isGet = true
	default:
		return faultf(badMethod, "%.20q is not supported; use POST with the arguments as JSON, or GET for a method without arguments", h.get(h.method))
	}
	if f := h.splitPath(); f != nil {
		return f
	}
	if h.isGet && hasBody {
		return faultf(badRequest, "GET takes no body; use POST")
	}
	return h.checkHeaders()
}

// checkHeaders checks the headers that ask for something, and how the body is written.
func (h *head) checkHeaders() *fault {
	h.attachLists()
	for _, a := range h.attachments {
		switch string(h.get(a.key)) {
		case "path", "interface", "version", "group", "generic":
			return faultf(badRequest, "header %s%s: this attachment is set from the path and the tri-service headers", attachmentPrefix, h.get(a.key))
		}
	}
	switch string(h.get(h.invoke)) {
	case "", "typed", "generic":
	default:
		return faultf(badRequest, "header x-dubbo-invoke is %.40q; it may be typed or generic", h.get(h.invoke))
	}
	if f := h.checkResultHeaders(); f != nil {
		return f
	}
	if !h.oneWay.empty() {
		if f := h.checkOneWay(); f != nil {
			return f
		}
	}
	if !h.remaining.empty() {
		h.limitTime()
	}
	return h.mediaType()
}

// attachLists adds the attachments that arrive as header lists.
func (h *head) attachLists() {
	if !h.tracestate.empty() {
		h.attach([]byte("tracestate"), h.get(h.tracestate))
	}
	if !h.baggage.empty() {
		h.attach([]byte("baggage"), h.get(h.baggage))
	}
}

// mediaType looks at the content type.
func (h *head) mediaType() *fault {
	t, _, _ := bytes.Cut(h.get(h.contentType), []byte(";"))
	t = bytes.TrimSpace(t)
	switch {
	case len(t) == 0, bytes.EqualFold(t, []byte("application/json")):
	case bytes.EqualFold(t, []byte("application/x-www-form-urlencoded")):
		h.isForm = true
	case len(t) > 5 && bytes.EqualFold(t[len(t)-5:], []byte("+json")):
	default:
		return faultf(badMediaType, "content-type %.80q; send application/json or application/x-www-form-urlencoded", t)
	}
	return nil
}

// splitPath finds interface and method in the path.
func (h *head) splitPath() *fault {
	path, query, _ := bytes.Cut(h.get(h.path), []byte("?"))
	h.query = h.store(query)
	first, second, ok := bytes.Cut(bytes.TrimPrefix(path, []byte("/")), []byte("/"))
	if !ok || bytes.IndexByte(second, '/') >= 0 || len(path) == 0 || path[0] != '/' {
		return faultf(notFound, "path %.200q names no method; a call's path is /{interface}/{method}", path)
	}
	if h.service, ok = h.segment(first); !ok {
		return faultf(notFound, "path %.200q: %.100q is no interface name", path, first)
	}
	if h.call, ok = h.segment(second); !ok {
		return faultf(notFound, "path %.200q: %.100q is no method name", path, second)
	}
	switch string(h.get(h.call)) {
	case "$invoke", "$invokeAsync":
		if h.isOpaque {
			break
		}
		return faultf(notFound, "path %.200q: generic calls are made here; name the method itself", path)
	}
	return nil
}

// segment stores a percent-decoded part of the path. It refuses what no name can contain.
func (h *head) segment(raw []byte) (span, bool) {
	from := len(h.text)
	var ok bool
	if h.text, ok = appendUnescaped(h.text, raw, false); !ok {
		return span{}, false
	}
	name := h.text[from:]
	for _, b := range name {
		if b <= ' ' || b == '/' || b == 0x7f {
			return span{}, false
		}
	}
	return span{from, len(h.text)}, len(name) > 0 && utf8.Valid(name)
}
