package transcode

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is an entry of the catalogue of problems: the HTTP status and the type and title of RFC 9457.
type kind struct {
	status int
	name   string // the type is "urn:dubbomesh:" and this
	title  string
}

// The problems a call can end in, beside the provider's own exceptions.
var (
	badRequest   = kind{400, "bad-request", "The request cannot be turned into a Dubbo call"}
	notFound     = kind{404, "not-found", "No such service or method"}
	badMethod    = kind{405, "method-not-allowed", "Only GET and POST call a method"}
	tooLarge     = kind{413, "request-too-large", "The request body is too large"}
	badMediaType = kind{415, "unsupported-media-type", "The request body is neither JSON nor a form"}
	internal     = kind{500, "internal", "The gateway failed"}
	thrown       = kind{500, "exception", "The service threw an exception"}
	failed       = kind{500, "service-error", "The provider failed"}
	badAnswer    = kind{502, "bad-answer", "The provider's answer cannot be used"}
	closed       = kind{503, "connection-closed", "The provider closed the connection"}
	inactive     = kind{503, "channel-inactive", "The provider's connection was lost"}
	exhausted    = kind{503, "provider-exhausted", "The provider has no free thread"}
	timeout      = kind{504, "timeout", "The provider did not answer in time"}
)

// fault is why a call ends without a result.
type fault struct {
	kind   kind
	detail string
	// retriable says that the call never ran, so that another instance may be tried whatever the method does.
	retriable bool
	dubbo     int // status of the provider's answer, 0 when there is none
}

// Error gives the detail.
func (f *fault) Error() string { return f.detail }

func faultf(k kind, format string, args ...any) *fault {
	return &fault{kind: k, detail: strings.ToValidUTF8(fmt.Sprintf(format, args...), "\uFFFD")}
}

// fail makes the response that tells f.
func (c *Call) fail(f *fault) *Response {
	if f.kind == badMethod {
		c.resp.Headers = append(c.resp.Headers, Header{"allow", "GET, POST"})
	}
	if f.retriable {
		c.resp.Headers = append(c.resp.Headers, Header{"x-dubbo-retriable", "true"})
	}
	out := problemHead(c.result.body[:0], f.kind, f.detail)
	if f.dubbo != 0 {
		out = append(out, `,"dubbo":{"status":`...)
		out = append(strconv.AppendInt(out, int64(f.dubbo), 10), '}')
	}
	return c.problem(f.kind.status, append(out, '}'))
}

// problem makes the response with a complete problem body, which is kept for reuse.
func (c *Call) problem(status int, body []byte) *Response {
	c.result.body = body
	c.resp.Headers = append(c.resp.Headers, Header{"content-type", "application/problem+json"})
	c.resp.Status, c.resp.Body = status, body
	return &c.resp
}

// problemHead appends a problem object up to its own members, without the closing brace.
func problemHead(out []byte, k kind, detail string) []byte {
	out = append(out, `{"type":"urn:dubbomesh:`...)
	out = append(out, k.name...)
	out = append(out, `","title":`...)
	out = appendQuoted(out, k.title)
	out = append(out, `,"status":`...)
	out = strconv.AppendInt(out, int64(k.status), 10)
	out = append(out, `,"detail":`...)
	return appendQuoted(out, detail)
}
