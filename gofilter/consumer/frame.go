package consumer

import (
	"fmt"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// maxEvent is the largest body of an event that is sent back.
const maxEvent = 64

// frame takes a frame of the consumer.
func (s *Session) frame(h dubbo.Header, body []byte) {
	switch {
	case h.Flags.Event():
		s.event(h, body)
	case !h.Flags.Request():
		// An answer to nobody: calls go one way.
	default:
		s.out.Counts.Requests++
		s.request(h, body)
	}
}

// event answers a heartbeat that wants an answer. Its body is null as the consumer's serialization writes it, so that
// of the request is sent back.
func (s *Session) event(h dubbo.Header, body []byte) {
	s.out.Counts.Heartbeats++
	if !h.Flags.TwoWay() || len(body) > maxEvent {
		return
	}
	answer := dubbo.Header{Flags: dubbo.FlagEvent | h.Flags.Serialization(), Status: dubbo.StatusOK, ID: h.ID, Length: len(body)}
	s.out.Consumer = append(dubbo.AppendHeader(s.out.Consumer, answer), body...)
}

// tooLarge answers a call whose frame is passed over.
func (s *Session) tooLarge(h dubbo.Header, err error) {
	if h.Flags.Event() || !h.Flags.Request() {
		return
	}
	s.out.Counts.Requests++
	s.reject(h, dubbo.StatusBadRequest, fmt.Sprintf("the mesh cannot take this call: %v", err))
}

// request sends a call on its way, or lets it wait for a stream behind those that came before it.
func (s *Session) request(h dubbo.Header, body []byte) {
	switch {
	case h.Flags.Serialization() != dubbo.Hessian2:
		s.reject(h, dubbo.StatusBadRequest, fmt.Sprintf("the mesh takes calls in Hessian 2 only, not in serialization %d; "+
			"set serialization=hessian2 for this reference", h.Flags.Serialization()))
	case s.refused || s.next > maxStream:
		s.exhausted()
		s.reject(h, dubbo.StatusThreadPoolExhausted, "the mesh is closing this connection; call again on another")
	case s.queue.len() > 0 || len(s.streams) >= s.limit():
		if s.queue.len() >= s.cfg.MaxQueued {
			s.reject(h, dubbo.StatusThreadPoolExhausted, fmt.Sprintf("%d calls of this connection are under way and %d wait; the mesh takes no more",
				len(s.streams), s.queue.len()))
			return
		}
		s.start()
		s.queue.push(h, body)
	default:
		s.open(h, body)
	}
}

// dequeue lets calls that have waited go on.
func (s *Session) dequeue() {
	for !s.over && s.queue.len() > 0 && len(s.streams) < s.limit() {
		w := s.queue.pop()
		if s.refused || s.next > maxStream {
			s.exhausted()
			s.reject(w.h, dubbo.StatusThreadPoolExhausted, "the mesh is closing this connection; call again on another")
			continue
		}
		s.open(w.h, w.body)
	}
}

// limit is how many streams may be open.
func (s *Session) limit() int {
	if s.refused {
		return maxStream // nothing waits for a stream that will never be there
	}
	return min(s.cfg.MaxStreams, s.peer.maxStreams)
}

// exhausted ends a connection whose stream numbers are used up, once its calls are done.
func (s *Session) exhausted() {
	s.refused = true
	s.Drain()
}
