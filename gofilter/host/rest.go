package host

import (
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/rest"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// RestCore turns a Dubbo consumer's call into a request for an HTTP service and the answer into the call's;
// *rest.Call is one. Its methods are called in the order given there.
type RestCore interface {
	Reset(cfg *config.Bridge, schemas rest.Schemas)
	Header(name, value []byte)
	Expect(size int)
	Body(part []byte) *transcode.Response
	Request() (*rest.Message, *transcode.Response)
	AnswerHeader(name, value []byte)
	AnswerBody(part []byte) bool
	Answer() *rest.Message
	AnswerResponse() *transcode.Response
	Broken() *transcode.Response // after a panic in one of the others
}

// Rewrite is what the host has to do with a request or an answer: to rewrite it, or to send a response instead. Its bytes
// are valid until the core is fed again.
type Rewrite struct {
	Message  *rest.Message
	Response *transcode.Response
	Events   Event
}

// RestRequest walks a whole request through the core. A panic becomes a response and is reported to log.
func RestRequest(core RestCore, cfg *config.Bridge, schemas rest.Schemas, head []Field, parts [][]byte, log func(message string)) (r Rewrite) {
	r.Events = Started
	defer guardRest(core, &r, log)
	core.Reset(cfg, schemas)
	for _, f := range head {
		core.Header(f.Name, f.Value)
	}
	core.Expect(sizeOf(parts))
	for _, part := range parts {
		if refusal := core.Body(part); refusal != nil {
			return Rewrite{Response: refusal, Events: Started | Rejected}
		}
	}
	m, refusal := core.Request()
	if refusal != nil {
		return Rewrite{Response: refusal, Events: Started | Rejected}
	}
	return Rewrite{Message: m, Events: Started}
}

// RestAnswer walks an answer through the core, the whole of it or as much as a host takes that has more than the limit.
// Own says that a response of the host's own is wanted, not a changed one. A panic becomes a response and is reported
// to log.
func RestAnswer(core RestCore, head []Field, parts [][]byte, own bool, log func(message string)) (r Rewrite) {
	defer guardRest(core, &r, log)
	for _, f := range head {
		core.AnswerHeader(f.Name, f.Value)
	}
	core.Expect(sizeOf(parts))
	for _, part := range parts {
		if !core.AnswerBody(part) {
			break
		}
	}
	if own {
		return Rewrite{Response: core.AnswerResponse()}
	}
	return Rewrite{Message: core.Answer()}
}

func sizeOf(parts [][]byte) (n int) {
	for _, part := range parts {
		n += len(part)
	}
	return n
}

func guardRest(core RestCore, r *Rewrite, log func(message string)) {
	if fault := recover(); fault != nil {
		log(fmt.Sprintf("panic while handling a call to an HTTP service: %v\n%s", fault, debug.Stack()))
		*r = Rewrite{Response: core.Broken(), Events: r.Events | Panicked}
	}
}
