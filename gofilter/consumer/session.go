package consumer

import (
	"bytes"

	"golang.org/x/net/http2/hpack"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Counts says how often something worth counting has happened.
type Counts struct {
	Requests   uint32 // calls that arrived
	Heartbeats uint32 // events of the consumer: heartbeats, READONLY
	Rejected   uint32 // calls that were answered here, because they could not or must not go on
	Errors     uint32 // broken protocol on either side: the connection is closed
}

// Output is what the host has to do next. Its bytes are valid until the session is used again.
type Output struct {
	Consumer []byte // Dubbo frames for the consumer, nil for none
	Manager  []byte // HTTP/2 for the connection manager, nil for none
	Later    bool   // there is something for the manager that the next Output brings
	Close    bool   // close the connection once the consumer has what is sent to it
	Pause    bool   // read no more from the consumer until an Output says otherwise
	Counts   Counts // since the last Output
}

// Session is one connection of a Dubbo consumer. It is used by one goroutine at a time.
type Session struct {
	cfg config.Consumer
	out Output

	// What comes from the consumer.
	frames  dubbo.FrameReader
	call    call
	heads   heads
	queue   queue
	started bool // the HTTP/2 preface was sent
	over    bool // the connection is being closed

	// What goes to the manager.
	encoder *hpack.Encoder
	block   buffer
	streams map[uint32]*stream
	next    uint32 // the next stream's number
	sending []*stream
	unsent  int // bytes that wait in the streams
	peer    peer
	spare   []*stream

	// What comes from the manager.
	held    []byte // an incomplete frame
	decoder *hpack.Decoder
	reply   reply
	window  window
	leaving bool // READONLY was sent
	refused bool // the manager takes no new streams

	// What goes to the consumer.
	writer dubbo.Writer
}

// New returns a session on a connection whose first bytes are those of a Dubbo frame.
func New(cfg config.Consumer) *Session {
	s := &Session{cfg: cfg, streams: map[uint32]*stream{}, next: 1, peer: newPeer(), window: window{left: connectionWindow}, call: newCall()}
	s.frames.Reset(cfg.MaxRequestBytes)
	s.encoder = hpack.NewEncoder(&s.block)
	s.decoder = hpack.NewDecoder(headerTable, s.field)
	s.decoder.SetMaxStringLength(maxBlock)
	return s
}

// FromConsumer takes the next bytes of the consumer, which are borrowed for the call.
func (s *Session) FromConsumer(part []byte) {
	if s.over {
		return
	}
	s.frames.Feed(part)
	for !s.over {
		h, body, ok, err := s.frames.Next()
		switch {
		case err == nil && !ok:
			return
		case err == nil:
			s.frame(h, body)
		case h.Length > s.cfg.MaxRequestBytes:
			s.tooLarge(h, err)
			s.frames.Skip(h)
		default:
			s.fail()
		}
	}
}

// Drain tells the consumer to make no more calls on this connection. Those that it makes all the same are served as long
// as the manager serves them.
func (s *Session) Drain() {
	if s.over || s.leaving {
		return
	}
	s.leaving = true
	s.out.Consumer = append(s.out.Consumer, readOnly...)
}

// Block says whether the consumer takes its answers too slowly: then the manager gets no room for more of them.
func (s *Session) Block(blocked bool) {
	s.window.blocked = blocked
	if !blocked && !s.over {
		s.release()
	}
}

// Output returns what is to be done since the last Output.
func (s *Session) Output() Output {
	out := s.out
	out.Pause = !s.over && (s.unsent > maxUnsent || s.queue.bytes > s.cfg.MaxRequestBytes)
	s.out = Output{Consumer: reuse(out.Consumer), Manager: reuse(out.Manager), Close: out.Close}
	return out
}

// Answers is Output for a host that can give nothing to the manager now, because the manager is at work: what there is
// for it stays for the next Output.
func (s *Session) Answers() Output {
	manager := s.out.Manager
	s.out.Manager = nil
	out := s.Output()
	s.out.Manager, out.Later = manager, len(manager) > 0
	return out
}

// fail ends a connection on which nothing can be understood any more.
func (s *Session) fail() {
	s.out.Counts.Errors++
	s.close()
}

// close ends the connection. What the manager still works on is dropped with it.
func (s *Session) close() {
	s.over, s.out.Close = true, true
	s.queue, s.sending, s.unsent = queue{}, nil, 0
	clear(s.streams)
}

// idle closes a connection on which no call can come any more, once the last one is done.
func (s *Session) idle() {
	if s.refused && len(s.streams) == 0 {
		s.close()
	}
}

// readOnly is Dubbo's event for a peer that takes no new calls.
var readOnly = append(dubbo.AppendHeader(nil, dubbo.Header{
	Flags: dubbo.FlagRequest | dubbo.FlagEvent | dubbo.Hessian2, Length: 2,
}), 1, 'R')

// keepBytes is the largest buffer that is kept for reuse.
const keepBytes = 64 << 10

// reuse returns an empty slice on the memory of b, unless that is too large to keep for a connection that may idle.
func reuse(b []byte) []byte {
	if cap(b) > keepBytes {
		return nil
	}
	return b[:0]
}

// buffer is an io.Writer that an hpack.Encoder writes to.
type buffer struct{ b []byte }

// Write appends p.
func (w *buffer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

// queue holds the calls that wait for a stream, in order.
type queue struct {
	calls []waiting
	first int // of calls
	bytes int
}

// waiting is a request frame that waits, with a body of its own.
type waiting struct {
	h    dubbo.Header
	body []byte
}

func (q *queue) len() int { return len(q.calls) - q.first }

// push keeps a copy of a frame.
func (q *queue) push(h dubbo.Header, body []byte) {
	if q.first > 0 && q.first >= len(q.calls)/2 {
		n := copy(q.calls, q.calls[q.first:])
		clear(q.calls[n:])
		q.calls, q.first = q.calls[:n], 0
	}
	q.calls = append(q.calls, waiting{h, bytes.Clone(body)})
	q.bytes += len(body)
}

// pop takes the frame that has waited longest.
func (q *queue) pop() waiting {
	w := q.calls[q.first]
	q.calls[q.first] = waiting{}
	q.first++
	q.bytes -= len(w.body)
	return w
}
