// Package rest turns the call of a Dubbo consumer into a request for an HTTP service, and the answer of that service into
// the result of the call. Calls arrive in the form that package config describes, as HTTP requests with the content type
// application/x-dubbo. The package does no input or output and knows nothing of Envoy.
//
// Nothing in a call or an answer makes it panic; should it ever, see Call.Broken.
package rest

import (
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// Schemas finds a schema by its ID; transcode.Schemas.Find is one. It returns nil for one that is not known, which is as
// if the call named none. The bytes are only read during the call.
type Schemas func(id []byte) *transcode.Schema

// Message says what becomes of a request or of an answer. It is valid until its Call is fed again or reset.
type Message struct {
	Headers []transcode.Header // each replaces all of its name; one with an empty value only removes them
	Body    []byte             // replaces the whole body
}

// Call is the state of one call. The order of calls is Reset, Header*, Body*, Request, and for the answer AnswerHeader*,
// AnswerBody*, Answer; Expect may come before the first part of a body. A Call is used by one goroutine at a time; it may
// be reused after Reset, which keeps its buffers. It must not be copied.
type Call struct {
	call

	values      transcode.Values
	body        []byte // of the call, then of the answer
	attachments []transcode.Header
	w           dubbo.Writer
	msg         Message
	resp        transcode.Response
}

// call is what Reset clears.
type call struct {
	cfg     config.Bridge
	schemas Schemas

	path, arguments, types, protocol, cookies string // of the request
	schemaID, operationIndex                  string
	invoked, mode                             string // of a generic call: $invoke, and what the attachment generic says

	service, method string
	generic         bool
	json            []byte // the arguments; of values
	arity           int
	schema          *transcode.Schema // nil when there is none
	operation       *config.Operation // nil when the method is not mapped
	template        []config.Segment  // of the operation's path

	status      int // of the answer
	contentType string
	encoded     bool // it has a content-encoding
	large       bool // it is larger than the limit

	told transcode.Outcome // without the names
}

// Reset prepares the call for a new request under cfg.
func (c *Call) Reset(cfg *config.Bridge, schemas Schemas) {
	c.call = call{cfg: *cfg, schemas: schemas}
	c.body, c.attachments = shrink(c.body), c.attachments[:0]
	c.msg = Message{Headers: c.msg.Headers[:0]}
}

// keepBytes is the largest buffer a Call keeps from one call to the next.
const keepBytes = 64 << 10

func shrink(b []byte) []byte {
	if cap(b) > keepBytes {
		return nil
	}
	return b[:0]
}

// Header takes one header of the request, pseudo headers included. Both slices are only read during the call.
func (c *Call) Header(name, value []byte) {
	switch string(name) {
	case ":path":
		c.path = string(value)
	case config.ArgumentsHeader:
		c.arguments = string(value)
	case config.ProtocolHeader:
		c.protocol = string(value)
	case config.TypesHeader:
		c.types = string(value)
	case config.SchemaHeader:
		c.schemaID = string(value)
	case config.OperationHeader:
		c.operationIndex = string(value)
	case config.MethodHeader:
		c.invoked = string(value)
	case config.AttachmentPrefix + "generic":
		c.mode = string(value)
	case "cookie":
		if c.cookies != "" {
			c.cookies += "; "
		}
		c.cookies += string(value)
	}
}

// Expect makes room for a body of so many bytes, so that a large one is not copied while it grows. What is larger than a
// limit gets none.
func (c *Call) Expect(size int) {
	if size > cap(c.body) && size <= max(c.cfg.MaxRequestBytes, c.cfg.MaxResponseBytes) {
		c.body = append(make([]byte, 0, size), c.body...)
	}
}

// Body takes the next part of the request's body, which is copied. A non-nil response ends the call.
func (c *Call) Body(part []byte) *transcode.Response {
	if len(c.body)+len(part) > c.cfg.MaxRequestBytes {
		return c.refuse(badCall("the call is larger than the limit of %d bytes; send less or raise dataplane.maxRequestBytes", c.cfg.MaxRequestBytes))
	}
	c.body = append(c.body, part...)
	return nil
}

// Request is called at the end of the request. It returns the request for the HTTP service, or the response that ends
// the call because it cannot be turned into one.
func (c *Call) Request() (*Message, *transcode.Response) {
	if f := c.request(); f != nil {
		return nil, c.refuse(f)
	}
	c.told.RequestBytes = dubbo.HeaderSize + len(c.body)
	c.body = shrink(c.body)
	return &c.msg, nil
}

// AnswerHeader takes one header of the HTTP service's answer, ":status" included. Both slices are only read during the
// call.
func (c *Call) AnswerHeader(name, value []byte) {
	switch string(name) {
	case ":status":
		c.status, _ = strconv.Atoi(string(value)) // Envoy has read it already; 0 becomes an exception
	case "content-type":
		c.contentType = string(value)
	case "content-encoding":
		c.encoded = c.encoded || !strings.EqualFold(string(value), "identity")
	default:
		if key, ok := strings.CutPrefix(string(name), config.AttachmentPrefix); ok && key != "" {
			c.attachments = append(c.attachments, transcode.Header{Name: key, Value: string(value)})
		}
	}
}

// AnswerBody takes the next part of the answer's body, which is copied. It returns false when the answer is larger than
// the limit; Answer then says so to the consumer, and the rest need not be fed.
func (c *Call) AnswerBody(part []byte) bool {
	if len(c.body)+len(part) > c.cfg.MaxResponseBytes {
		c.large = true
	}
	if !c.large {
		c.body = append(c.body, part...)
	}
	return !c.large
}

// Answer is called at the end of the answer. It returns the answer for the consumer.
func (c *Call) Answer() *Message {
	c.msg = Message{Headers: c.msg.Headers[:0]}
	c.answer()
	return &c.msg
}

// AnswerResponse is Answer for hosts that have to send a response of their own instead of changing the service's.
func (c *Call) AnswerResponse() *transcode.Response {
	m := c.Answer()
	c.resp = transcode.Response{Status: c.status, Headers: c.resp.Headers[:0], Body: m.Body}
	for _, h := range m.Headers {
		if h.Value != "" && h.Name[0] != ':' && h.Name != "content-length" {
			c.resp.Headers = append(c.resp.Headers, h)
		}
	}
	return &c.resp
}

// Broken ends a call inside which something panicked: it drops all state, so that the Call may be reset and reused, and
// returns a response that tells nothing of the inside. A host calls it from its recover.
func (c *Call) Broken() *transcode.Response {
	*c = Call{}
	return c.refuse(&fault{dubbo.StatusServerError, 500, "the gateway failed inside; its log says why"})
}

func (c *Call) set(name, value string) {
	c.msg.Headers = append(c.msg.Headers, transcode.Header{Name: name, Value: value})
}
