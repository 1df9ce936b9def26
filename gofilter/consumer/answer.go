package consumer

import (
	"fmt"
	"net/http"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// answer is what has come of a call's answer.
type answer struct {
	headed bool // its headers have
	status int  // HTTP
	dubbo  int  // -1 for none
	opaque bool // it is Dubbo's
	body   []byte
	window int  // how much the manager may send still
	parked bool // it waits for more
}

// answered takes the headers of an answer, or its trailers.
func (s *Session) answered(st *stream) bool {
	r, a := &s.reply, &st.answer
	if !a.headed {
		if r.status >= 100 && r.status < 200 {
			return !r.end // others will follow
		}
		a.headed, a.status, a.dubbo, a.opaque = true, r.status, r.dubboStatus, r.opaque
	} else if !r.end {
		return false
	}
	if r.end {
		s.complete(st, nil)
	}
	return true
}

// data takes a part of an answer.
func (s *Session) data(f frame) bool {
	part, ok := padded(f)
	if !ok || f.stream == 0 {
		return false
	}
	st := s.streams[f.stream]
	if !s.received(st, len(f.payload)) {
		return false
	}
	if st == nil { // a call that was given up
		return true
	}
	if !st.answer.headed {
		return false
	}
	if len(st.answer.body)+len(part) > s.cfg.MaxResponseBytes {
		s.reset(st)
		s.give(st, dubbo.StatusSerializationError, fmt.Sprintf("the answer is larger than the mesh's limit of %d bytes", s.cfg.MaxResponseBytes))
		s.done(st)
		return true
	}
	if f.flags&flagEndStream != 0 {
		s.complete(st, part)
		return true
	}
	st.answer.body = append(st.answer.body, part...)
	s.window.buffered += len(part)
	s.grow(st)
	return true
}

// complete answers a call whose stream has ended with last.
func (s *Session) complete(st *stream, last []byte) {
	if len(st.unsent) > 0 { // the answer did not wait for all of the call
		s.reset(st)
	}
	switch a := &st.answer; {
	case !st.call.Flags.TwoWay():
	case !a.opaque:
		s.foreign(st, last)
	default:
		status := dubbo.Status(a.dubbo)
		if a.dubbo < 0 {
			status = statusOf(a.status).dubbo
		}
		h := dubbo.Header{Flags: dubbo.Hessian2, Status: status, ID: st.call.ID, Length: len(a.body) + len(last)}
		s.out.Consumer = append(append(dubbo.AppendHeader(s.out.Consumer, h), a.body...), last...)
	}
	s.done(st)
}

// foreign answers a call with what is no answer of a Dubbo provider: one of the mesh itself, or of an HTTP service.
func (s *Session) foreign(st *stream, last []byte) {
	a := &st.answer
	m := statusOf(a.status)
	if m.dubbo == dubbo.StatusOK && m.exception == 0 {
		s.give(st, dubbo.StatusBadResponse, fmt.Sprintf("HTTP %d, but the answer is not one of a Dubbo provider", a.status))
		return
	}
	text := fmt.Sprintf("HTTP %d %s: %s", a.status, http.StatusText(a.status), reason(append(a.body, last...)))
	if m.exception == 0 {
		s.give(st, m.dubbo, text)
		return
	}
	s.writer.Reset(s.writer.Buf[:0])
	s.writer.Int(dubbo.ResponseException)
	s.writer.Object("org.apache.dubbo.rpc.RpcException", "code", "detailMessage")
	s.writer.Int(m.exception)
	s.writer.String(text)
	s.body(st.call, dubbo.StatusOK)
}

// lost answers a call whose stream was reset.
func (s *Session) lost(st *stream, unheard bool) {
	if unheard {
		s.give(st, dubbo.StatusThreadPoolExhausted, "the mesh has not begun this call; it can be made again")
	} else {
		s.give(st, dubbo.StatusServerError, "the call's stream was reset: the provider's connection was lost or the call was taken back")
	}
	s.done(st)
}

// give answers a call without a result.
func (s *Session) give(st *stream, status dubbo.Status, text string) { s.refuse(st.call, status, text) }

// reject answers a call that goes no further.
func (s *Session) reject(h dubbo.Header, status dubbo.Status, text string) {
	s.out.Counts.Rejected++
	s.refuse(h, status, text)
	s.idle()
}

// fastjson2 is the id of the one other serialization that consumers use unasked.
const fastjson2 dubbo.Flags = 23

// refuse answers with a status and its reason, which consumers read in the serialization of the call.
func (s *Session) refuse(h dubbo.Header, status dubbo.Status, text string) {
	if !h.Flags.TwoWay() {
		return
	}
	s.writer.Reset(s.writer.Buf[:0])
	if h.Flags.Serialization() == fastjson2 {
		s.writer.Buf = appendJSONB(s.writer.Buf, text)
	} else {
		s.writer.String(text)
	}
	s.body(h, status)
}

// body sends what the writer holds as the answer of a call.
func (s *Session) body(h dubbo.Header, status dubbo.Status) {
	a := dubbo.Header{Flags: h.Flags.Serialization(), Status: status, ID: h.ID, Length: len(s.writer.Buf)}
	s.out.Consumer = append(dubbo.AppendHeader(s.out.Consumer, a), s.writer.Buf...)
	s.writer.Buf = reuse(s.writer.Buf)
}
