package plugin

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// BridgeParser reads the configurations of bridges. Envoy has one parsed with each request, and aborts when it is
// refused: so the last one is kept, and one that cannot be used is logged once and answers every request with a 500.
type BridgeParser struct{ last atomic.Pointer[parsed] }

// parsed is a configuration and the bytes that it was read from. Its bridge is nil when they cannot be used.
type parsed struct {
	typeURL string
	value   []byte
	bridge  *config.Bridge
}

// Parse never returns an error.
func (p *BridgeParser) Parse(message *anypb.Any) (any, error) {
	last := p.last.Load()
	if last != nil && last.typeURL == message.GetTypeUrl() && bytes.Equal(last.value, message.GetValue()) {
		return last, nil
	}
	next := &parsed{typeURL: message.GetTypeUrl(), value: message.GetValue()}
	if cfg, err := parse(message); err != nil {
		logError("no request of this cluster can be served: " + err.Error())
	} else {
		next.bridge = &cfg
	}
	p.last.Store(next)
	return next, nil
}

// bridge is one HTTP request on a TCP connection borrowed from the cluster's pool. Envoy calls it on one thread.
//
// Envoy takes bytes for the provider only while it hands over the request, and a response with a status only while it
// hands over what the provider sent. So a response to a request that the provider need not see is held back until
// the provider has answered a probe, and what should be sent while an answer is awaited is not.
type bridge struct {
	*state
	config *parsed
	held   *transcode.Response // waits for the answer to the probe
	rest   bool                // the exchange holds the response until the rest of the answer is there
}

// state is what one request needs, used again by later requests.
type state struct {
	exchange *host.Exchange
	call     transcode.Call
	probe    transcode.Probe
	fields   []host.Field
	out      []byte
}

var states = sync.Pool{New: func() any {
	st := new(state)
	st.exchange = host.NewExchange(&st.call, logError)
	return st
}}

// NewBridge makes the bridge of one request; parsed is what BridgeParser returned.
func NewBridge(config any, _ api.HttpTcpBridgeCallbackHandler) api.HttpTcpBridge {
	return newBridge(config.(*parsed), states.Get().(*state))
}

func newBridge(config *parsed, st *state) *bridge { return &bridge{state: st, config: config} }

// EncodeHeaders takes the request's headers, and with end the whole of it.
func (b *bridge) EncodeHeaders(headers api.RequestHeaderMap, toProvider api.BufferInstance, end bool) api.HttpTcpBridgeStatus {
	if b.config.bridge == nil {
		b.send(toProvider, host.Step{Response: b.call.Broken()})
		return api.HttpTcpBridgeContinue
	}
	s := b.exchange.Begin(b.config.bridge, b.fieldsOf(headers))
	if end && s.Response == nil {
		s = b.exchange.Request(nil, true)
	}
	b.send(toProvider, s)
	return api.HttpTcpBridgeContinue
}

// EncodeData takes the next part of the request's body, in the buffer whose bytes Envoy then sends to the provider.
func (b *bridge) EncodeData(buffer api.BufferInstance, end bool) api.HttpTcpBridgeStatus {
	var s host.Step
	if b.held == nil {
		s = b.exchange.Request([][]byte{buffer.Bytes()}, end)
	}
	b.send(buffer, s)
	return api.HttpTcpBridgeContinue
}

// send leaves in the buffer what a step has for the provider.
func (b *bridge) send(buffer api.BufferInstance, s host.Step) {
	out := s.Send
	if s.Response != nil {
		b.held = s.Response
		b.out = b.probe.Append(append(b.out[:0], s.Send...))
		out = b.out
	}
	if len(out) == 0 {
		buffer.Reset()
		return
	}
	_ = buffer.Set(out) // never fails
}

// OnUpstreamData takes what the provider sent; end says that it closed its side. The buffer then holds the body of the
// response, if there is one.
func (b *bridge) OnUpstreamData(headers api.ResponseHeaderMap, buffer api.BufferInstance, end bool) api.HttpTcpBridgeStatus {
	r := b.response(buffer.Bytes(), end)
	if r == nil {
		buffer.Reset()
		return api.HttpTcpBridgeStopAndBuffer
	}
	headers.Set(":status", strconv.Itoa(r.Status))
	for _, h := range r.Headers {
		headers.Add(h.Name, h.Value)
	}
	if r.Status != http.StatusNoContent { // without it Envoy would answer HTTP/1.1 in chunks
		headers.Set("content-length", strconv.Itoa(len(r.Body)))
	}
	if len(r.Body) == 0 {
		buffer.Reset()
	} else {
		_ = buffer.Set(r.Body) // never fails
	}
	return api.HttpTcpBridgeEndStream
}

// response returns the response if it can be sent now.
func (b *bridge) response(part []byte, end bool) *transcode.Response {
	if b.held != nil {
		if end || b.probe.Answered(part) {
			return b.held
		}
		return nil
	}
	s := b.exchange.Upstream([][]byte{part}, end || b.rest && b.call.Passed(part))
	b.rest = b.rest || s.Shut
	if s.Response == nil && end {
		s = b.exchange.Closed()
	}
	return s.Response
}

// OnDestroy is the last call.
func (b *bridge) OnDestroy() {
	states.Put(b.state)
	b.state = nil
}

func (b *bridge) fieldsOf(headers api.RequestHeaderMap) []host.Field {
	b.fields = b.fields[:0]
	headers.Range(func(name, value string) bool {
		b.fields = append(b.fields, host.Field{Name: []byte(name), Value: []byte(value)})
		return true
	})
	return b.fields
}
