package main

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 8 << 20

// pool stands for the thread pool of a Dubbo provider, and counts what became of the calls.
type pool struct {
	delay   time.Duration
	threads int64

	busy                         atomic.Int64
	answered, refused, bad, peak atomic.Int64
}

// take occupies a thread; false when none is free.
func (p *pool) take() bool {
	n := p.busy.Add(1)
	if n > p.threads {
		p.busy.Add(-1)
		p.refused.Add(1)
		return false
	}
	for peak := p.peak.Load(); n > peak && !p.peak.CompareAndSwap(peak, n); peak = p.peak.Load() {
	}
	return true
}

// connection writes whole frames, from whichever call is done first.
type connection struct {
	net.Conn
	mu sync.Mutex
}

func (c *connection) send(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.Write(frame) // a peer that has gone is seen by the reader
}

// serve answers one connection until the peer closes it or sends what is no frame.
func serve(conn net.Conn, p *pool) {
	c := &connection{Conn: conn}
	defer func() { _ = c.Close() }()
	frames := dubbo.FrameReader{MaxBody: maxBody}
	var call call
	buffer := make([]byte, 16<<10)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		frames.Feed(buffer[:n])
		for {
			h, body, ok, err := frames.Next()
			if err != nil {
				return
			}
			if !ok {
				break
			}
			c.handle(p, &call, h, body)
		}
	}
}

// handle begins the work on one frame.
func (c *connection) handle(p *pool, call *call, h dubbo.Header, body []byte) {
	switch {
	case h.Flags.Event() && h.Flags.TwoWay():
		c.send(dubbo.AppendHeartbeatAnswer(nil, h))
		return
	case h.Flags.Event() || !h.Flags.Request():
		return
	}
	// As in Dubbo, what cannot be read is refused before, and without, a thread.
	hash, err := call.hash(body)
	switch {
	case err != nil:
		p.bad.Add(1)
		c.send(appendFailure(nil, h.ID, dubbo.StatusBadRequest, "Fail to decode request due to: "+err.Error()))
	case !p.take():
		c.send(appendFailure(nil, h.ID, dubbo.StatusThreadPoolExhausted, "Server side thread pool is exhausted"))
	default:
		time.AfterFunc(p.delay, func() {
			p.busy.Add(-1)
			p.answered.Add(1)
			c.send(appendAnswer(make([]byte, 0, 48), h.ID, hash))
		})
	}
}
