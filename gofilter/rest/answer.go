package rest

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// statusOf is the one place where HTTP statuses become Dubbo statuses. Those that are not OK make consumers try again as
// their cluster strategy says; the others are answers, which become exceptions of the service.
func statusOf(httpStatus int) dubbo.Status {
	switch httpStatus {
	case http.StatusServiceUnavailable:
		return dubbo.StatusThreadPoolExhausted
	case http.StatusGatewayTimeout:
		return dubbo.StatusServerTimeout
	}
	return dubbo.StatusOK
}

// answer turns the HTTP service's answer into the consumer's.
func (c *Call) answer() {
	c.w.Reset(shrink(c.w.Buf))
	status := dubbo.StatusOK
	switch thrown := c.mapped(); {
	case c.large:
		c.unusable("it is larger than the limit of " + strconv.Itoa(c.cfg.MaxResponseBytes) + " bytes; raise dataplane.maxResponseBytes")
	case c.encoded && len(c.body) > 0:
		c.unusable("it is compressed, which was not asked for")
	case c.status >= 200 && c.status < 300:
		c.told.Known = true
		if reason := c.value(); reason != "" {
			c.unusable(reason)
		}
	case thrown != "":
		c.throw(thrown, c.reason())
	case c.status == http.StatusTooManyRequests:
		c.throw(limitException, c.whole())
	default:
		if status = statusOf(c.status); status == dubbo.StatusOK {
			c.throw("", c.whole())
			break
		}
		c.w.String(c.whole())
	}
	c.told.Status, c.told.ResponseBytes = status, dubbo.HeaderSize+len(c.w.Buf)
	if c.status == http.StatusNoContent || c.status == http.StatusResetContent {
		c.status = http.StatusOK // there is a body now
	}
	c.set(":status", strconv.Itoa(c.status))
	c.set("content-type", config.DubboContentType)
	c.set("content-length", strconv.Itoa(len(c.w.Buf)))
	c.set("content-encoding", "")
	c.set(config.StatusHeader, strconv.Itoa(int(status)))
	c.msg.Body = c.w.Buf
}

// unusable ends the call with an exception: the service has run, so that the call must not be made again. In HTTP it is a
// 502, for those who count.
func (c *Call) unusable(reason string) {
	c.w.Reset(c.w.Buf[:0])
	c.throw("", "the answer of the HTTP service (status "+strconv.Itoa(c.status)+") cannot be used: "+reason)
	c.status = http.StatusBadGateway
}

// value writes the result, or tells why the answer is none.
func (c *Call) value() (unusable string) {
	returns := ""
	if t := c.returns(); t != nil {
		returns = t.Name()
	}
	kind, _, _ := strings.Cut(c.contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case len(c.body) == 0 || returns == "void":
		c.form(dubbo.ResponseNull)
	case kind == "" || kind == "application/json" || strings.HasSuffix(kind, "+json"):
		if unusable = c.jsonValue(); unusable != "" {
			return unusable
		}
	case strings.HasPrefix(kind, "text/") && takesText(returns):
		c.form(dubbo.ResponseValue)
		c.w.StringBytes(c.body)
	case returns == "byte[]":
		c.form(dubbo.ResponseValue)
		c.w.Bytes(c.body)
	default:
		return "its content-type is " + strconv.Quote(cut(kind, 80)) + ", not application/json"
	}
	c.attach()
	return ""
}

// jsonValue writes a JSON answer as the result.
func (c *Call) jsonValue() (unusable string) {
	if c.operation != nil && c.operation.Unwrap != "" {
		c.body = wrap(c.body, c.operation.Unwrap)
	}
	if string(bytes.TrimSpace(c.body)) == "null" {
		c.form(dubbo.ResponseNull)
		return ""
	}
	c.form(dubbo.ResponseValue)
	var err error
	if c.w.Buf, err = c.values.AppendValue(c.w.Buf, c.body, c.returns(), c.generic); err != nil {
		return err.Error()
	}
	return ""
}

// wrap puts a JSON text into an object as its only member, or into objects in each other where there are dots in path.
func wrap(body []byte, path string) []byte {
	out := make([]byte, 0, len(body)+2*len(path)+8)
	depth := 0
	for member := range strings.SplitSeq(path, ".") {
		out = append(transcode.Quote(append(out, '{'), member), ':')
		depth++
	}
	return append(append(out, body...), strings.Repeat("}", depth)...)
}

// returns is what the schema says the method returns, nil when it is not known.
func (c *Call) returns() *transcode.Type {
	if c.schema == nil {
		return nil
	}
	return c.schema.Returns(c.method, c.arity)
}

// takesText reports whether a method of this return type may be answered in plain text.
func takesText(returns string) bool {
	switch returns {
	case "", "java.lang.String", "java.lang.Object", "java.lang.CharSequence":
		return true
	}
	return false
}

// form begins a result: one of the forms without attachments, or its counterpart with them when the consumer reads those.
func (c *Call) form(form int32) {
	if c.takesAttachments() {
		form += dubbo.ResponseExceptionWithAttachments
	}
	c.w.Int(form)
}

// attach ends a result with its attachments, when the consumer reads them.
func (c *Call) attach() {
	if !c.takesAttachments() {
		return
	}
	c.w.UntypedMap()
	c.w.String("dubbo")
	c.w.String("2.0.2")
	for _, a := range c.attachments {
		if a.Name != "dubbo" {
			c.w.String(a.Name)
			c.w.String(a.Value)
		}
	}
	c.w.End()
}

// takesAttachments reports whether the consumer reads attachments behind a result: those of the protocol versions 2.0.2
// to 2.0.99 do, as Dubbo's providers have it.
func (c *Call) takesAttachments() bool {
	patch, ok := strings.CutPrefix(c.protocol, "2.0.")
	n, err := strconv.Atoi(patch)
	return ok && err == nil && n >= 2 && n <= 99
}
