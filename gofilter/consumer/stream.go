package consumer

import (
	"encoding/binary"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// maxUnsent is how many bytes of calls may wait for the manager to take them before no more are read.
const maxUnsent = 1 << 20

// stream is one call between its request and its answer.
type stream struct {
	number uint32
	call   dubbo.Header // of the request
	window int64        // how much the manager takes
	body   []byte       // memory for what follows
	unsent []byte       // what the manager has not taken yet of the request's body
	answer answer
}

// peer is what the manager has said of itself.
type peer struct {
	spoken     bool // its first settings have come
	maxStreams int
	initial    int64 // window of a new stream
	window     int64 // of the connection
	maxFrame   int
}

// newPeer is a manager that has said nothing yet: it is not known to take a stream before it has.
func newPeer() peer {
	return peer{initial: defaultWindow, window: defaultWindow, maxFrame: defaultFrame}
}

// open makes a stream of a call.
func (s *Session) open(h dubbo.Header, body []byte) {
	if err := s.call.parse(&s.heads, h, body); err != nil {
		s.reject(h, dubbo.StatusBadRequest, "the mesh cannot read this call: "+err.Error())
		return
	}
	st := s.take(h)
	s.block.b = s.block.b[:0]
	for _, f := range s.call.fields {
		_ = s.encoder.WriteField(f) // into memory: it cannot fail
	}
	s.out.Manager = appendBlock(s.out.Manager, s.block.b, st.number, s.peer.maxFrame)
	if rest := s.send(st, s.call.payload); len(rest) > 0 {
		st.body = append(st.body[:0], rest...)
		st.unsent = st.body
		s.unsent += len(rest)
		s.sending = append(s.sending, st)
	}
	s.call.release(len(body))
}

// start begins HTTP/2 in front of the first call.
func (s *Session) start() {
	if s.started {
		return
	}
	s.started = true
	s.out.Manager = append(s.out.Manager, preface...)
	s.out.Manager = appendSetting(appendHead(s.out.Manager, 6, frameSettings, 0, 0), settingPush, 0)
	s.out.Manager = appendNumber(s.out.Manager, frameWindow, 0, connectionWindow-defaultWindow)
}

// take returns a stream for a call.
func (s *Session) take(h dubbo.Header) *stream {
	var st *stream
	if n := len(s.spare); n > 0 {
		st, s.spare = s.spare[n-1], s.spare[:n-1]
	} else {
		st = &stream{}
	}
	st.number, st.call, st.window = s.next, h, s.peer.initial
	st.answer = answer{body: st.answer.body, window: defaultWindow}
	s.next += 2
	s.streams[st.number] = st
	return st
}

// send sends as much of a body as the manager takes and returns the rest. The stream ends with the body.
func (s *Session) send(st *stream, body []byte) (rest []byte) {
	for {
		n := min(len(body), s.peer.maxFrame, int(max(0, min(st.window, s.peer.window))))
		if n == 0 && len(body) > 0 {
			return body
		}
		flags := byte(0)
		if n == len(body) {
			flags = flagEndStream
		}
		s.out.Manager = append(appendHead(s.out.Manager, n, frameData, flags, st.number), body[:n]...)
		st.window -= int64(n)
		s.peer.window -= int64(n)
		if body = body[n:]; len(body) == 0 {
			return nil
		}
	}
}

// resume sends what the manager takes now of bodies that have waited.
func (s *Session) resume() {
	left := s.sending[:0]
	for _, st := range s.sending {
		rest := s.send(st, st.unsent)
		s.unsent -= len(st.unsent) - len(rest)
		if st.unsent = rest; len(rest) > 0 {
			left = append(left, st)
		}
	}
	clear(s.sending[len(left):])
	s.sending = left
}

// reset takes a stream back from the manager.
func (s *Session) reset(st *stream) {
	s.out.Manager = appendNumber(s.out.Manager, frameReset, st.number, codeCancel)
}

// done forgets a stream, so that a call that waits can have its place.
func (s *Session) done(st *stream) {
	delete(s.streams, st.number)
	if n := len(st.unsent); n > 0 {
		s.unsent -= n
		for i, other := range s.sending {
			if other == st {
				s.sending = append(s.sending[:i], s.sending[i+1:]...)
				break
			}
		}
	}
	s.forget(st)
	if cap(st.body)+cap(st.answer.body) <= keepBytes/4 && len(s.spare) < maxSpare {
		st.unsent, st.answer.body = nil, st.answer.body[:0]
		s.spare = append(s.spare, st)
	}
}

// maxSpare is how many streams are kept for later calls.
const maxSpare = 64

// settings takes what the manager says of itself. It is false for values that no manager may send.
func (s *Session) settings(payload []byte) bool {
	if !s.peer.spoken {
		s.peer.spoken, s.peer.maxStreams = true, maxStream
	}
	for ; len(payload) >= 6; payload = payload[6:] {
		v := binary.BigEndian.Uint32(payload[2:])
		switch binary.BigEndian.Uint16(payload) {
		case settingHeaderTable:
			s.encoder.SetMaxDynamicTableSize(min(v, headerTable))
		case settingMaxStreams:
			s.peer.maxStreams = int(min(v, maxStream))
		case settingInitialWindow:
			if v > maxWindow {
				return false
			}
			for _, st := range s.streams {
				if st.window += int64(v) - s.peer.initial; st.window > maxWindow {
					return false
				}
			}
			s.peer.initial = int64(v)
		case settingMaxFrame:
			if v < defaultFrame || v > 1<<24-1 {
				return false
			}
			s.peer.maxFrame = int(v)
		}
	}
	return true
}
