package hosttest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
)

// Script is a request, what the provider does with it, and the response a client sees. It must leave no trace: after it
// the provider is called again.
type Script struct {
	Name     string
	Provider Behaviour // Echo when nil
	Request  Request
	Times    int // how often, 1 when 0
	Want     Reply
}

// Request is an HTTP request; the zero value of a field is its default.
type Request struct {
	Verb   string // POST
	Path   string // Hash
	Type   string // content type, application/json; "-" for none
	Types  string // x-dubbo-parameter-types
	Body   string
	Header map[string]string
}

// Reply is a response, read to its end. As what is wanted, an empty body stands for any.
type Reply struct {
	Status int
	Body   string
}

// The paths of the scripts. Hash has time; calls under Short end after ShortTimeout.
const (
	Hash  = "/com.example.Hello/hash"
	Short = "/com.example.Short/hash"
)

// The size limits that the gateway has, of HTTP requests and of Dubbo answers, in bytes.
const (
	MaxBody   = 8 << 20
	MaxAnswer = 16 << 20
)

// OK is the reply with a string as its result.
func OK(argument string) Reply { return Reply{http.StatusOK, Quoted(argument)} }

// Invoke is the request that calls with one string argument.
func Invoke(argument string) Request {
	return Request{Types: "java.lang.String", Body: "[" + Quoted(argument) + "]"}
}

// Scripts is the table that every host passes.
func Scripts() []Script {
	return append(append(append(answers(), failures()...), bodies()...), forms()...)
}

func answers() []Script {
	large := strings.Repeat("large ", 200_000)
	return []Script{
		{Name: "echo", Request: Invoke("hello"), Want: OK("hello")},
		{Name: "empty argument", Request: Invoke(""), Want: OK("")},
		{Name: "no body", Request: Request{Verb: http.MethodGet, Type: "-"}, Want: OK("")},
		{Name: "answer in small pieces", Provider: Split, Request: Invoke("hello"), Want: OK("hello")},
		{Name: "answer split at every byte", Provider: splitEverywhere(), Request: Invoke("hello"), Times: len(Frame(0, "hello")), Want: OK("hello")},
		{Name: "heartbeat, READONLY and another answer joined before the answer", Provider: Noisy, Request: Invoke("hello"), Want: OK("hello")},
		{Name: "heartbeat joined behind the answer", Provider: Restless, Request: Invoke("hello"), Times: 3, Want: OK("hello")},
		{Name: "answer larger than one buffer", Provider: Says(large), Request: Invoke("hello"), Want: OK(large)},
		{Name: "one-way call", Provider: Silent, Request: oneWay(Invoke("hello")), Want: Reply{Status: http.StatusAccepted}},
		{Name: "sixteen attachments", Request: withAttachments(Invoke("hello"), 16), Want: OK("hello")},
	}
}

// splitEverywhere cuts one answer after the other in two, a byte further each time.
func splitEverywhere() Behaviour {
	var calls atomic.Int64
	return func(p *Peer, c Call) {
		f := Frame(c.ID, c.Argument)
		at := int(calls.Add(1)-1)%(len(f)-1) + 1
		p.Send(f[:at])
		p.Send(f[at:])
	}
}

func oneWay(r Request) Request {
	r.Header = map[string]string{"x-dubbo-one-way": "true"}
	return r
}

func withAttachments(r Request, n int) Request {
	r.Header = map[string]string{}
	for i := range n {
		r.Header[fmt.Sprintf("x-dubbo-attachment-key%d", i)] = "value"
	}
	return r
}

func failures() []Script {
	short := Invoke("hello")
	short.Path = Short
	return []Script{
		{Name: "never answers", Provider: Silent, Request: short, Want: Reply{Status: http.StatusGatewayTimeout}},
		{Name: "hangs up", Provider: HangUp, Request: Invoke("hello"), Want: Reply{Status: http.StatusServiceUnavailable}},
		{Name: "speaks HTTP", Provider: Garbage, Request: short, Want: Reply{Status: http.StatusBadGateway}},
		{Name: "declares too much", Provider: Huge, Request: short, Want: Reply{Status: http.StatusBadGateway}},
		{Name: "answers too much", Provider: Says(strings.Repeat("x", MaxAnswer+1)), Request: Invoke("hello"), Want: Reply{Status: http.StatusBadGateway}},
		{Name: "has no free thread", Provider: Busy, Request: Invoke("hello"), Want: Reply{Status: http.StatusServiceUnavailable}},
	}
}

func bodies() (all []Script) {
	for _, size := range []int{1, 1000, 16 << 10, 100_000, 1 << 20, MaxBody - len(`[""]`)} {
		argument := strings.Repeat("x", size)
		all = append(all, Script{Name: fmt.Sprintf("argument of %d bytes", size), Request: Invoke(argument), Want: OK(argument)})
	}
	bad := Reply{Status: http.StatusBadRequest}
	return append(all,
		Script{Name: "body too large", Request: Invoke(strings.Repeat("x", MaxBody)), Want: Reply{Status: http.StatusRequestEntityTooLarge}},
		Script{Name: "body far too large", Request: Invoke(strings.Repeat("x", 2*MaxBody)), Want: Reply{Status: http.StatusRequestEntityTooLarge}},
		Script{Name: "malformed JSON", Request: Request{Body: `["hello"`}, Want: bad},
		Script{Name: "not UTF-8", Request: Request{Body: "[\"\xff\"]"}, Want: bad},
		Script{Name: "type and value do not fit", Request: Request{Types: "long", Body: `["hello"]`}, Want: bad},
		Script{Name: "query on a GET", Request: Request{Verb: http.MethodGet, Path: Hash + "?a=1", Type: "-"}, Want: bad},
		Script{Name: "other verb without a body", Request: Request{Verb: http.MethodPut, Type: "-"}, Want: Reply{Status: http.StatusMethodNotAllowed}},
		Script{Name: "other verb with a body", Request: Request{Verb: http.MethodPut, Body: "[]"}, Want: Reply{Status: http.StatusMethodNotAllowed}},
		Script{Name: "other content type", Request: Request{Type: "text/xml", Body: "<a/>"}, Want: Reply{Status: http.StatusUnsupportedMediaType}},
		Script{Name: "refused again and again", Request: Request{Body: `{`}, Times: 20, Want: bad},
	)
}

func forms() []Script {
	form := func(service, parameter string) Request {
		fields := url.Values{"interface": {service}, "method": {"hash"}, "parameterTypesString": {"Ljava/lang/String;"}, "parameter": {parameter}}
		return Request{Path: "/", Type: "application/x-www-form-urlencoded; charset=utf-8", Body: fields.Encode()}
	}
	const hello = "com.example.Hello"
	large := strings.Repeat("x", 3<<20) // more than one of Envoy's buffers
	empty := form(hello, "")
	empty.Body = ""
	partial := empty
	partial.Body = "method=hash"
	plain := empty
	plain.Type, plain.Body = "application/json", `["hello"]`
	return []Script{
		{Name: "form", Request: form(hello, "hello"), Want: OK("hello")},
		{Name: "large form", Request: form(hello, large), Want: OK(large)},
		{Name: "form for an unknown service", Request: form("com.example.Unknown", "hello"), Want: Reply{Status: http.StatusNotFound}},
		{Name: "form without an interface", Request: partial, Want: Reply{Status: http.StatusBadRequest}},
		{Name: "empty form", Request: empty, Want: Reply{Status: http.StatusBadRequest}},
		{Name: "form too large", Request: form(hello, strings.Repeat("x", MaxBody)), Want: Reply{Status: http.StatusRequestEntityTooLarge}},
		{Name: "no form on the form's path", Request: plain, Want: Reply{Status: http.StatusNotFound}},
	}
}
