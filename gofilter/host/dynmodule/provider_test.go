package main_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// provider is a Dubbo provider whose behaviour is a function, called for one frame after the other of a connection.
type provider struct {
	t           *testing.T
	listener    net.Listener
	behave      atomic.Pointer[behaviour]
	connections atomic.Int64
	calls       atomic.Int64

	mu   sync.Mutex
	open map[net.Conn]bool
}

type behaviour func(p *peer, c call)

// call is a request that arrived: its id and its one string argument, "" without one.
type call struct {
	id       uint64
	argument string
}

// peer is the connection a call came on.
type peer struct {
	net.Conn
	provider *provider
}

func startProvider(t *testing.T, b behaviour) *provider {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, listener: l, open: map[net.Conn]bool{}}
	p.behave.Store(&b)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.connections.Add(1)
			p.mu.Lock()
			p.open[conn] = true
			p.mu.Unlock()
			serving.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		p.kill()
		serving.Wait()
	})
	return p
}

func (p *provider) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *provider) become(b behaviour) { p.behave.Store(&b) }

// kill ends the provider as a dying process does: nothing is answered, nobody listens.
func (p *provider) kill() {
	_ = p.listener.Close() // closed twice when a test has killed it
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		_ = conn.Close() // its reader sees the end
	}
}

func (p *provider) serve(conn net.Conn) {
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
		if h.Flags.Event() {
			continue
		}
		argument, err := argumentOf(body)
		if err != nil {
			p.t.Errorf("provider: request %x: %v", body[:min(len(body), 64)], err)
			return
		}
		p.calls.Add(1)
		(*p.behave.Load())(&peer{conn, p}, call{id: h.ID, argument: argument})
	}
}

// argumentOf reads a request's body up to its first argument; that of a generic call stands in a list.
func argumentOf(body []byte) (string, error) {
	d := hessian.NewDecoder(body)
	var texts [5]string // Dubbo version, path, service version, method, parameter types
	for i := range texts {
		v, err := d.Decode()
		if err != nil {
			return "", fmt.Errorf("text %d: %w", i, err)
		}
		texts[i], _ = v.(string)
	}
	switch {
	case texts[4] == "":
		return "", nil
	case texts[3] == "$invoke":
		return genericArgument(d)
	}
	v, err := d.Decode()
	if err != nil {
		return "", fmt.Errorf("argument: %w", err)
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("argument is a %T, not a string", v)
	}
	return s, nil
}

func genericArgument(d *hessian.Decoder) (string, error) {
	var list any
	for range 3 { // name, types, arguments
		var err error
		if list, err = d.Decode(); err != nil {
			return "", fmt.Errorf("generic call: %w", err)
		}
	}
	if all, _ := list.([]any); len(all) > 0 {
		s, _ := all[0].(string)
		return s, nil
	}
	return "", nil
}

// frame is an answer: a string without attachments.
func frame(id uint64, value string) []byte {
	e := hessian.NewEncoder()
	if err := e.Encode(value); err != nil {
		panic(err) // a string always encodes
	}
	body := append([]byte{0x91}, e.Buffer()...)
	return append(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: id, Length: len(body)}), body...)
}

// event is a frame that is no call: a heartbeat with body 'N', or READONLY with "R".
func event(flags dubbo.Flags, body string) []byte {
	h := dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagEvent | dubbo.Hessian2 | flags, ID: 1 << 40, Length: len(body)}
	return append(dubbo.AppendHeader(nil, h), body...)
}

func (p *peer) send(b []byte) {
	if _, err := p.Write(b); err != nil {
		_ = p.Close() // Envoy has gone; the reader sees the end
	}
}

func echo(p *peer, c call) { p.send(frame(c.id, c.argument)) }

// split answers in pieces of one byte and then some.
func split(p *peer, c call) {
	answer := frame(c.id, c.argument)
	for i := 0; i < len(answer); {
		n := min(1+i%13, len(answer)-i)
		p.send(answer[i : i+n])
		i += n
	}
}

// noisy answers after a heartbeat, a READONLY event and the answer to someone else's call.
func noisy(p *peer, c call) {
	all := event(dubbo.FlagTwoWay, "N")
	all = append(all, event(0, "\x01R")...)
	all = append(all, frame(c.id+1, "not yours")...)
	p.send(append(all, frame(c.id, c.argument)...))
}

func silent(*peer, call) {}

func hangUp(p *peer, _ call) { _ = p.Close() }

// die takes the whole provider down in the middle of a call.
func die(p *peer, _ call) { p.provider.kill() }

func garbage(p *peer, _ call) { p.send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }

func says(value string) behaviour {
	return func(p *peer, c call) { p.send(frame(c.id, value)) }
}

func huge(id uint64) []byte {
	h := dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: id})
	binary.BigEndian.PutUint32(h[12:], 1<<30)
	return h
}

func quoted(s string) string { return strconv.Quote(s) }
