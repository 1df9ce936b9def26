// Package hosttest is what the tests of every host of the filter share: a Dubbo provider that behaves as told, and the
// table of scripts that each host has to pass. It is for tests only.
package hosttest

import (
	"bufio"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Provider is a Dubbo provider whose behaviour is a function, called for one frame after the other of a connection.
type Provider struct {
	Connections atomic.Int64 // accepted so far
	Calls       atomic.Int64 // that arrived; events are none

	t        *testing.T
	port     int
	listener net.Listener
	behave   atomic.Pointer[Behaviour]

	mu   sync.Mutex
	open map[net.Conn]bool
}

// Behaviour is what a provider does with a call.
type Behaviour func(p *Peer, c Call)

// Call is a request that arrived: its id, its one string argument, "" without one, and the frame it came in.
type Call struct {
	ID       uint64
	Argument string
	Flags    dubbo.Flags
	Body     []byte
}

// Peer is the connection a call came on.
type Peer struct {
	net.Conn
	Provider *Provider
}

// StartProvider starts a provider on a free port of 127.0.0.1; it ends with the test.
func StartProvider(t *testing.T, b Behaviour) *Provider {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, port: l.Addr().(*net.TCPAddr).Port, listener: l, open: map[net.Conn]bool{}}
	p.behave.Store(&b)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.Connections.Add(1)
			p.mu.Lock()
			p.open[conn] = true
			p.mu.Unlock()
			serving.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		p.Kill()
		serving.Wait()
	})
	return p
}

// Remote is a provider that someone else runs, on a port of 127.0.0.1: it counts nothing and takes no behaviour.
func Remote(port int) *Provider { return &Provider{port: port} }

// Port is where the provider listens.
func (p *Provider) Port() int { return p.port }

// Become changes the behaviour from the next call on.
func (p *Provider) Become(b Behaviour) { p.behave.Store(&b) }

// Kill ends the provider as a dying process does: nothing is answered, nobody listens.
func (p *Provider) Kill() {
	_ = p.listener.Close() // closed twice when a test has killed it
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		_ = conn.Close() // its reader sees the end
	}
}

func (p *Provider) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		p.mu.Lock()
		delete(p.open, conn)
		p.mu.Unlock()
	}()
	in := bufio.NewReaderSize(conn, 64<<10)
	for {
		head := make([]byte, dubbo.HeaderSize)
		if _, err := io.ReadFull(in, head); err != nil {
			return
		}
		h, err := dubbo.ParseHeader(head)
		if err != nil {
			p.t.Errorf("provider: %v", err)
			return
		}
		body := make([]byte, h.Length)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		peer := &Peer{conn, p}
		if h.Flags.Event() {
			if h.Flags.TwoWay() { // as Dubbo's own providers do
				peer.Send(dubbo.AppendHeartbeatAnswer(nil, h))
			}
			continue
		}
		argument, err := argumentOf(body)
		if err != nil {
			p.t.Errorf("provider: request %x: %v", body[:min(len(body), 64)], err)
			return
		}
		p.Calls.Add(1)
		(*p.behave.Load())(peer, Call{ID: h.ID, Argument: argument, Flags: h.Flags, Body: body})
	}
}

// Send writes bytes to the host, whole frames or not.
func (p *Peer) Send(b []byte) {
	if _, err := p.Write(b); err != nil {
		_ = p.Close() // Envoy has gone; the reader sees the end
	}
}
