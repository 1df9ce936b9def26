package standin_test

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// pool has the connections to providers that no request uses. One on which something comes in meanwhile is closed.
type pool struct {
	mu   sync.Mutex
	idle map[*hosttest.Provider][]*upstream
}

func (p *pool) take(to *hosttest.Provider) (*upstream, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for idle := p.idle[to]; len(idle) > 0; idle = p.idle[to] {
		u := idle[len(idle)-1]
		p.idle[to] = idle[:len(idle)-1]
		if u.attach() {
			return u, nil
		}
	}
	conn, err := net.DialTimeout("tcp", (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: to.Port()}).String(), time.Second)
	if err != nil {
		return nil, err
	}
	u := &upstream{Conn: conn}
	u.attach()
	go u.read() // ends with the connection
	return u, nil
}

func (p *pool) put(to *hosttest.Provider, u *upstream) {
	u.detach()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle[to] = append(p.idle[to], u)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, idle := range p.idle {
		for _, u := range idle {
			_ = u.Close() // its reader ends
		}
	}
}

// event is what happens on a connection.
type event struct {
	data       []byte
	end, reset bool
}

// upstream is a connection to a provider. It stays usable for Envoy when the provider has closed its side.
type upstream struct {
	net.Conn
	events chan event // to the request that uses it

	mu       sync.Mutex
	detached chan struct{} // closed when no request uses it
	ended    bool          // the provider closed its side
	broken   bool
}

func (u *upstream) attach() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.events, u.detached = make(chan event), make(chan struct{})
	return !u.broken
}

func (u *upstream) detach() {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(u.detached)
}

func (u *upstream) read() {
	for {
		part := make([]byte, 16<<10)
		n, err := u.Read(part)
		end := errors.Is(err, io.EOF)
		e := event{data: part[:n], end: end, reset: err != nil && !end}
		u.mu.Lock()
		events, detached := u.events, u.detached
		u.ended = u.ended || e.end
		u.mu.Unlock()
		select {
		case events <- e:
		case <-detached:
			u.mu.Lock()
			u.broken = true
			u.mu.Unlock()
			_ = u.Close() // nobody reads on
			return
		}
		if err != nil {
			return
		}
	}
}

// send writes to the provider and closes the sending side if shut. A provider that has gone resets the connection.
func (u *upstream) send(b []byte, shut bool) error {
	u.mu.Lock()
	ended := u.ended
	u.mu.Unlock()
	if len(b) > 0 {
		if _, err := u.Write(slices.Clone(b)); err != nil || ended {
			return errReset
		}
	}
	if shut {
		return u.Conn.(*net.TCPConn).CloseWrite()
	}
	return nil
}
