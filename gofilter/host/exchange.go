// Package host is what every host of the filter shares: it walks a request through the core, keeps a panic of the core
// from reaching Envoy and decides what becomes of the provider's connection. It knows neither Envoy nor cgo.
package host

import (
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// Core turns a request into bytes for the provider and the provider's bytes into a response; *transcode.Call is one.
// Its methods are called in the order given there.
type Core interface {
	Reset(cfg *config.Bridge)
	Header(name, value []byte)
	Body(part []byte) *transcode.Response
	Request() (frame []byte, done *transcode.Response)
	Upstream(part []byte, end bool) (send []byte, done *transcode.Response)
	Outcome() transcode.Outcome  // at any time
	Broken() *transcode.Response // after a panic in one of the others
}

// Field is one request header, pseudo headers included. Its bytes belong to the host's caller and are only read during
// the call they are passed to.
type Field struct{ Name, Value []byte }

// Event is a set of things worth counting.
type Event uint32

// What can happen in one step of an exchange.
const (
	Started  Event = 1 << iota // a request began
	Rejected                   // it was answered without asking the provider
	Broken                     // the provider broke its protocol
	Panicked                   // the core panicked
)

// Step is what the host has to do next. Its bytes are valid until the exchange is fed again or begins anew.
type Step struct {
	Send     []byte              // bytes for the provider, nil for none
	Shut     bool                // afterwards close the sending side of the provider's connection
	Response *transcode.Response // non-nil ends the exchange
	Events   Event
}

// Exchange is one HTTP request and its response. It is used by one goroutine at a time and may be used again after
// Begin.
type Exchange struct {
	// Metrics counts calls; nil for none. It is set once, before the first Begin.
	Metrics *Metrics

	core Core
	log  func(message string)
	out  []byte              // bytes for the provider, joined
	held *transcode.Response // sent once the provider has closed its side
	over bool                // nothing more is to be done

	asked          bool  // the call is under way, and not counted yet
	encode, decode int64 // nanoseconds spent on request and answer
}

// NewExchange returns an exchange that drives core. Panics are reported to log.
func NewExchange(core Core, log func(message string)) *Exchange {
	return &Exchange{core: core, log: log}
}

// Begin starts a new request with its headers.
func (x *Exchange) Begin(cfg *config.Bridge, head []Field) (s Step) {
	x.held, x.over, x.asked, x.encode, x.decode = nil, false, false, 0, 0
	defer x.guard(&s, false)
	s.Events = Started
	x.core.Reset(cfg)
	for _, f := range head {
		x.core.Header(f.Name, f.Value)
	}
	return s
}

// Request takes the next parts of the request's body; end says that they are the last.
func (x *Exchange) Request(parts [][]byte, end bool) (s Step) {
	if x.over {
		return s
	}
	defer x.guard(&s, false)
	start := x.clock()
	for _, part := range parts {
		if r := x.core.Body(part); r != nil {
			return x.finish(Step{Response: r, Events: Rejected})
		}
	}
	if !end {
		x.encode += x.clock() - start
		return s
	}
	frame, r := x.core.Request()
	if r != nil {
		return x.finish(Step{Response: r, Events: Rejected})
	}
	x.encode += x.clock() - start
	x.asked = true
	s.Send = frame
	return s
}

// Upstream takes bytes from the provider; end says that it closed its side, which it is told only of a connection
// that Shut was asked for: any other that closes before the answer is left to Envoy, which resets the request and so
// may try another provider.
func (x *Exchange) Upstream(parts [][]byte, end bool) (s Step) {
	if x.over {
		return s
	}
	if x.held != nil {
		if end {
			return x.finish(Step{Response: x.held})
		}
		return s
	}
	defer x.guard(&s, true)
	start := x.clock()
	x.out = x.out[:0]
	for _, part := range parts {
		send, r := x.core.Upstream(part, false)
		x.out = append(x.out, send...)
		if r == nil {
			continue
		}
		s.Response = r
		if r.Broken {
			s.Events = Broken
		}
		break
	}
	x.decode += x.clock() - start
	if s.Response != nil {
		x.count()
		if s.Response.Unsafe {
			return x.hold(s)
		}
		s = x.finish(s)
	}
	s.Send = x.out
	return s
}

func (x *Exchange) finish(s Step) Step {
	x.over = true
	return s
}

// hold keeps a response back until the provider has closed its connection, which it is asked for. What else such a
// connection carries must not reach another call, and a connection that is whole when the response is sent goes back to
// Envoy's pool.
func (x *Exchange) hold(s Step) Step {
	x.held = s.Response
	s.Response, s.Shut = nil, true
	return s
}

// guard turns a panic of the core into a response. asked says that the provider's connection is in use.
func (x *Exchange) guard(s *Step, asked bool) {
	fault := recover()
	if fault == nil {
		return
	}
	x.countPanic()
	*s = Step{Response: x.blame(fault), Events: s.Events | Panicked}
	if asked {
		*s = x.hold(*s)
		return
	}
	x.over = true
}

func (x *Exchange) blame(fault any) *transcode.Response {
	x.log(fmt.Sprintf("panic while handling a request: %v\n%s", fault, debug.Stack()))
	return x.core.Broken()
}
