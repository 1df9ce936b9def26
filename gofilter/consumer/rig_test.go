package consumer

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// request is a call as a Dubbo consumer writes it.
type request struct {
	id          uint64
	flags       dubbo.Flags // beside those of a request in Hessian 2
	version     string
	method      string
	types       string
	arguments   func(w *dubbo.Writer)
	attachments [][2]string
}

const service = "com.example.Hello"

// body is the body of the request frame.
func (r request) body() []byte {
	var w dubbo.Writer
	w.String("2.0.2")
	w.String(service)
	w.String(r.version)
	w.String(r.method)
	w.String(r.types)
	if r.arguments != nil {
		r.arguments(&w)
	}
	w.UntypedMap()
	for _, a := range r.attachments {
		w.String(a[0])
		w.String(a[1])
	}
	w.End()
	return w.Buf
}

func (r request) bytes() []byte {
	return frameOf(dubbo.FlagRequest|dubbo.Hessian2|r.flags, r.id, r.body())
}

func frameOf(flags dubbo.Flags, id uint64, body []byte) []byte {
	return append(dubbo.AppendHeader(nil, dubbo.Header{Flags: flags, ID: id, Length: len(body)}), body...)
}

// echo is a two-way call with one string.
func echo(id uint64, text string) request {
	return request{
		id: id, flags: dubbo.FlagTwoWay, version: "0.0.0", method: "echo", types: "Ljava/lang/String;",
		arguments: func(w *dubbo.Writer) { w.String(text) }, attachments: [][2]string{{"path", service}, {"interface", service}},
	}
}

// message is a frame that the consumer was sent.
type message struct {
	Header dubbo.Header
	Body   string
}

// messages cuts the frames of a stream.
func messages(t testing.TB, stream []byte) (all []message) {
	t.Helper()
	var r dubbo.FrameReader
	r.Reset(1 << 30)
	r.Feed(stream)
	for {
		h, body, ok, err := r.Next()
		if err != nil {
			t.Fatalf("the consumer was sent what is no frame: %v", err)
		}
		if !ok {
			return all
		}
		all = append(all, message{h, string(body)})
	}
}

// text is the string that the body of an answer without a result is.
func (m message) text(t testing.TB) string {
	t.Helper()
	var r dubbo.Reader
	r.Reset([]byte(m.Body), 0)
	b, err := r.AppendString(nil)
	if err != nil {
		t.Fatalf("answer %x: %v", m.Body, err)
	}
	return string(b)
}

// rig is a session between a test, which is the consumer, and a real HTTP/2 server, which is the manager.
type rig struct {
	t       testing.TB
	answers chan message // of the session
	ended   chan struct{}

	mu      sync.Mutex
	session *Session
	toHTTP  bytes.Buffer // bytes for the server
	more    *sync.Cond
	closed  bool
	in      dubbo.FrameReader
}

// startRig runs a session against handler.
func startRig(t testing.TB, cfg config.Consumer, server *http.HTTP2Config, handler http.HandlerFunc) *rig {
	t.Helper()
	cfg, err := config.ParseConsumer(cfg.Text())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, answers: make(chan message, 1<<16), ended: make(chan struct{}), session: New(cfg)}
	r.more = sync.NewCond(&r.mu)
	r.in.Reset(1 << 30)
	ours := serve(t, server, handler)
	var running sync.WaitGroup
	running.Go(func() { r.write(ours) })
	running.Go(func() { r.read(ours) })
	t.Cleanup(func() {
		_ = ours.Close() // ends both
		r.mu.Lock()
		r.closed = true
		r.more.Broadcast()
		r.mu.Unlock()
		running.Wait()
	})
	return r
}

// serve returns a connection to an HTTP/2 server.
func serve(t testing.TB, server *http.HTTP2Config, handler http.HandlerFunc) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Server{Handler: handler, HTTP2: server, Protocols: new(http.Protocols)}
	h.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = h.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = h.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// use lets f feed the session and does what it says.
func (r *rig) use(f func(s *Session)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.session)
	out := r.session.Output()
	r.toHTTP.Write(out.Manager)
	r.more.Broadcast()
	if out.Close && !r.closed {
		r.closed = true
		close(r.ended)
	}
	r.in.Feed(bytes.Clone(out.Consumer))
	for {
		h, body, ok, err := r.in.Next()
		if err != nil {
			r.t.Errorf("the consumer was sent what is no frame: %v", err)
			return
		}
		if !ok {
			return
		}
		r.answers <- message{h, string(body)}
	}
}

// send sends bytes of the consumer.
func (r *rig) send(b []byte) { r.use(func(s *Session) { s.FromConsumer(b) }) }

// write gives the server what the session has for it.
func (r *rig) write(conn net.Conn) {
	for {
		r.mu.Lock()
		for r.toHTTP.Len() == 0 && !r.closed {
			r.more.Wait()
		}
		b := bytes.Clone(r.toHTTP.Bytes())
		r.toHTTP.Reset()
		closed := r.closed
		r.mu.Unlock()
		if _, err := conn.Write(b); err != nil || closed {
			return
		}
	}
}

func (r *rig) read(conn net.Conn) {
	b := make([]byte, 3000) // frames come in parts
	for {
		n, err := conn.Read(b)
		if n > 0 {
			r.use(func(s *Session) { s.FromManager(b[:n]) })
		}
		if err != nil {
			return
		}
	}
}

// next is the next frame that the consumer gets.
func (r *rig) next() message {
	r.t.Helper()
	select {
	case m := <-r.answers:
		return m
	case <-time.After(30 * time.Second):
		r.t.Fatal("no answer")
		return message{}
	}
}
