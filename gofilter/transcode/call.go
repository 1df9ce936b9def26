// Package transcode turns one HTTP request into one Dubbo call and its answer into an HTTP response. It does no
// input or output and knows nothing of Envoy: a host feeds it bytes and sends what it returns.
package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// Header is one HTTP header of a response. Name is lower case.
type Header struct{ Name, Value string }

// Response is a complete HTTP response.
type Response struct {
	Status  int
	Headers []Header
	Body    []byte // valid until the Call is fed again or reset
}

// Call is the state of one HTTP request on its way to a Dubbo provider and back. The order of calls is
// Reset, Header*, Body*, Request, Upstream*. A Call is used by one goroutine at a time; it may be reused after Reset.
type Call struct{}

// Reset prepares the call for a new request under cfg.
func (c *Call) Reset(cfg *config.Bridge) {}

// Header takes one request header, pseudo headers (":path", ":method") included. Both slices are only read
// during the call.
func (c *Call) Header(name, value []byte) {}

// Body takes the next part of the request body, which is copied. A non-nil response (413) ends the call.
func (c *Call) Body(part []byte) *Response { return nil }

// Request is called at the end of the HTTP request. It returns the Dubbo frame to send, valid until the call is fed
// again, or a response (400, 404, 415, …) that ends the call.
func (c *Call) Request() (frame []byte, done *Response) { return nil, nil }

// Upstream takes bytes that arrived from the provider, split or joined anywhere; end says that it closed the
// connection. It returns bytes to send to the provider (an answer to its heartbeat) and, once the call's answer is
// complete, the response that ends the call. ErrReset-like situations (closed before the answer) also come as a response.
func (c *Call) Upstream(part []byte, end bool) (send []byte, done *Response) { return nil, nil }

// FormPath returns the path "/{interface}/{method}" that a form body on POST / names, or the response (400) to send.
func FormPath(body []byte) (path string, bad *Response) { return "", nil }
