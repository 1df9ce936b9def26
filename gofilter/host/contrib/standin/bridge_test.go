package standin_test

import (
	"context"
	"errors"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// What the SDK's bridge functions return.
const (
	bridgeContinue      = 0
	bridgeStopAndBuffer = 1
	bridgeEndStream     = 2
)

// turn is what came of a call of the library.
type turn struct {
	status    uint64
	data      []byte // for the provider, or the response's body
	halfClose bool
	headers   []header // of the response
}

func (w *worker) bridge(op byte, fields ...any) (got turn, err error) {
	w.ask(op, fields, func() {
		got = turn{w.number(), w.text(), w.number() == 1, w.headers()}
		err = w.err
	})
	return got, err
}

// exchange is a request on its way to providers. It may be tried more than once.
type exchange struct {
	worker  *worker
	config  []byte // of the bridge
	head    []header
	hasBody bool
	parts   <-chan []byte // of the body, closed at its end
	trailer func() bool   // whether trailers follow the body
	seen    [][]byte      // parts that were taken
}

// response is what a client gets.
type response struct {
	status  string
	headers []header
	body    []byte
}

// errReset says that the request was reset before there was a response, which Envoy can try again.
var errReset = errors.New("upstream connect error or disconnect/reset before headers")

// attempt does what Envoy's router, connection pool and HttpTcpBridge do with one try.
func (x *exchange) attempt(ctx context.Context, pool *pool, p *hosttest.Provider) (response, error) {
	configID := x.worker.object('B', config.BridgeName, x.config) // Envoy makes one with each request
	defer x.worker.object('b', configID)
	u, err := pool.take(p)
	if err != nil {
		return response{}, errors.Join(errReset, err)
	}
	a := &attempt{exchange: x, conn: u, id: x.worker.object('N', configID, config.BridgeName)}
	defer x.worker.object('X', a.id)
	r, err := a.run(ctx)
	if err == nil && a.requested {
		pool.put(p, u)
	} else {
		u.detach()
		_ = u.Close() // as resetStream does
	}
	return r, err
}

type attempt struct {
	*exchange
	conn      *upstream
	id        uint64
	requested bool   // the request's end was handed over
	held      []byte // what the bridge left in the connection's buffer
}

func (a *attempt) run(ctx context.Context) (response, error) {
	a.requested = !a.hasBody
	t, err := a.worker.bridge('H', a.id, a.requested, a.head)
	if err != nil {
		return response{}, err
	}
	if r, done, err := a.encoded(t, len(t.data) > 0); done || err != nil {
		return r, err
	}
	for _, part := range a.seen {
		if r, done, err := a.data(part, false); done || err != nil {
			return r, err
		}
	}
	for {
		parts := a.parts
		if a.requested {
			parts = nil
		}
		select {
		case part, more := <-parts:
			if r, done, err := a.part(part, more); done || err != nil {
				return r, err
			}
		case e := <-a.conn.events:
			if r, done, err := a.upstream(e); done || err != nil {
				return r, err
			}
		case <-ctx.Done():
			return response{}, ctx.Err()
		}
	}
}

// part hands over a part of the body, or its end.
func (a *attempt) part(part []byte, more bool) (response, bool, error) {
	if more {
		a.seen = append(a.seen, part)
		return a.data(part, false)
	}
	a.requested = true
	if a.trailer() { // Envoy's bridge does not tell the library
		return response{}, false, a.conn.send(nil, true)
	}
	return a.data(nil, true)
}

func (a *attempt) data(part []byte, end bool) (response, bool, error) {
	t, err := a.worker.bridge('D', a.id, end, part)
	if err != nil {
		return response{}, false, err
	}
	return a.encoded(t, true)
}

// encoded does what the library wants after it saw a part of the request.
func (a *attempt) encoded(t turn, write bool) (response, bool, error) {
	if t.status == bridgeEndStream {
		return responseOf(t), true, nil
	}
	if !write {
		return response{}, false, nil
	}
	return response{}, false, a.conn.send(t.data, t.halfClose)
}

func (a *attempt) upstream(e event) (response, bool, error) {
	if e.reset {
		return response{}, false, errReset
	}
	t, err := a.worker.bridge('U', a.id, e.end, append(a.held, e.data...))
	a.held = t.data
	switch {
	case err != nil:
		return response{}, false, err
	case t.status == bridgeStopAndBuffer:
		return response{}, false, nil
	case t.status == bridgeContinue && !e.end:
		return response{}, false, errors.New("the response is sent before it is complete")
	}
	return responseOf(t), true, nil
}

// responseOf is what Envoy makes of a turn that ends the stream.
func responseOf(t turn) response {
	r := response{status: "200", body: t.data}
	for _, h := range t.headers {
		if h.name == ":status" {
			r.status = h.value
			continue
		}
		r.headers = append(r.headers, h)
	}
	return r
}
