package consumer

import (
	"encoding/binary"
	"strconv"

	"golang.org/x/net/http2/hpack"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// FromManager takes the next bytes of the connection manager, which are borrowed for the call.
func (s *Session) FromManager(part []byte) {
	if s.over {
		return
	}
	s.start() // a manager may speak first
	in := part
	if len(s.held) > 0 {
		s.held = append(s.held, part...)
		in = s.held
	}
	for len(in) >= frameHead {
		n := int(in[0])<<16 | int(in[1])<<8 | int(in[2])
		if n > defaultFrame {
			s.fail()
			return
		}
		if len(in) < frameHead+n {
			break
		}
		f := frame{kind: in[3], flags: in[4], stream: binary.BigEndian.Uint32(in[5:]) & maxStream, payload: in[frameHead : frameHead+n]}
		if !s.managerFrame(f) {
			s.fail()
			return
		}
		in = in[frameHead+n:]
	}
	s.held = append(s.held[:0], in...)
	s.dequeue()
	s.idle()
}

// managerFrame takes one frame of the manager. It is false for what no manager may send.
func (s *Session) managerFrame(f frame) bool {
	if s.reply.open && f.kind != frameContinuation {
		return false
	}
	switch f.kind {
	case frameData:
		return s.data(f)
	case frameHeaders, frameContinuation:
		return s.headers(f)
	case frameReset:
		return s.wasReset(f)
	case frameSettings:
		return s.wasSet(f)
	case framePing:
		if len(f.payload) != 8 {
			return false
		}
		if f.flags&flagAck == 0 {
			s.out.Manager = append(appendHead(s.out.Manager, 8, framePing, flagAck, 0), f.payload...)
		}
	case frameGoAway:
		return s.goAway(f)
	case frameWindow:
		return s.opened(f)
	case framePush:
		return false // it was told not to
	}
	return true
}

// padded cuts padding and priority off a payload.
func padded(f frame) (payload []byte, ok bool) {
	p := f.payload
	pad := 0
	if f.flags&flagPadded != 0 {
		if len(p) == 0 {
			return nil, false
		}
		pad, p = int(p[0]), p[1:]
	}
	if f.kind == frameHeaders && f.flags&flagPriority != 0 {
		if len(p) < 5 {
			return nil, false
		}
		p = p[5:]
	}
	if pad > len(p) {
		return nil, false
	}
	return p[:len(p)-pad], true
}

// reply is the header block that is being read.
type reply struct {
	open   bool // CONTINUATION follows
	stream uint32
	end    bool // of the stream
	size   int

	status      int // HTTP
	dubboStatus int // -1 for none
	opaque      bool
}

// headers takes a part of a header block.
func (s *Session) headers(f frame) bool {
	r := &s.reply
	block := f.payload
	if f.kind == frameHeaders {
		var ok bool
		if block, ok = padded(f); !ok || f.stream == 0 {
			return false
		}
		*r = reply{open: true, stream: f.stream, end: f.flags&flagEndStream != 0, dubboStatus: -1}
	} else if !r.open || f.stream != r.stream {
		return false
	}
	if r.size += len(block); r.size > maxBlock {
		return false
	}
	if _, err := s.decoder.Write(block); err != nil {
		return false
	}
	if f.flags&flagEndHeaders == 0 {
		return true
	}
	r.open = false
	if s.decoder.Close() != nil {
		return false
	}
	if st := s.streams[r.stream]; st != nil {
		return s.answered(st)
	}
	return true
}

// field takes one header of an answer.
func (s *Session) field(f hpack.HeaderField) {
	r := &s.reply
	switch f.Name {
	case ":status":
		r.status = decimal(f.Value, 999)
	case config.StatusHeader:
		r.dubboStatus = decimal(f.Value, 255)
	case "content-type":
		r.opaque = f.Value == config.DubboContentType
	}
}

// decimal reads a number, or returns -1 for what is none from 0 to limit.
func decimal(text string, limit int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > limit {
		return -1
	}
	return n
}

// wasReset takes the end of a stream without an answer, or before the end of one.
func (s *Session) wasReset(f frame) bool {
	if len(f.payload) != 4 || f.stream == 0 {
		return false
	}
	if st := s.streams[f.stream]; st != nil {
		s.lost(st, binary.BigEndian.Uint32(f.payload) == codeRefused)
	}
	return true
}

// wasSet takes settings.
func (s *Session) wasSet(f frame) bool {
	if f.stream != 0 || len(f.payload)%6 != 0 {
		return false
	}
	if f.flags&flagAck != 0 {
		return len(f.payload) == 0
	}
	if !s.settings(f.payload) {
		return false
	}
	s.out.Manager = appendHead(s.out.Manager, 0, frameSettings, flagAck, 0)
	s.resume()
	return true
}

// opened takes more room to send.
func (s *Session) opened(f frame) bool {
	if len(f.payload) != 4 {
		return false
	}
	n := int64(binary.BigEndian.Uint32(f.payload) & maxWindow)
	if n == 0 {
		return false
	}
	if f.stream == 0 {
		if s.peer.window += n; s.peer.window > maxWindow {
			return false
		}
	} else if st := s.streams[f.stream]; st != nil {
		if st.window += n; st.window > maxWindow {
			return false
		}
	}
	s.resume()
	return true
}

// goAway takes the manager's farewell. Its first one may allow new streams still; calls on those that it will never
// look at are answered at once.
func (s *Session) goAway(f frame) bool {
	if len(f.payload) < 8 || f.stream != 0 {
		return false
	}
	s.Drain()
	last := binary.BigEndian.Uint32(f.payload) & maxStream
	if last == maxStream {
		return true
	}
	s.refused = true
	for number := last + 1; number < s.next; number++ {
		if st := s.streams[number]; st != nil {
			s.lost(st, true)
		}
	}
	return true
}
