package consumer

const (
	connectionWindow = 1 << 20 // what the manager may send on all streams before it is given more
	grant            = 256 << 10
	lowWindow        = defaultWindow / 2
)

// window decides how much the manager may send. Every stream may send its first bytes; those that need more get it as
// long as the answers that are not complete yet stay below a budget. Beyond it one stream at a time gets more, so that
// it can end, and the others wait. So a connection holds no more than the budget, one answer and the first bytes of
// every stream.
type window struct {
	blocked  bool // the consumer does not take its answers
	left     int  // of the connection's window
	owed     int  // of it, to be given back
	buffered int  // bytes of answers that are not complete
	favoured *stream
	waiting  []*stream
}

// received notes bytes of a DATA frame. It is false when the manager has sent more than it may.
func (s *Session) received(st *stream, n int) bool {
	w := &s.window
	w.left -= n
	w.owed += n
	if st != nil {
		st.answer.window -= n
	}
	if w.left < 0 || st != nil && st.answer.window < 0 {
		return false
	}
	s.repay()
	return true
}

// repay gives the connection's window back.
func (s *Session) repay() {
	w := &s.window
	if w.blocked || w.owed < connectionWindow/2 {
		return
	}
	s.out.Manager = appendNumber(s.out.Manager, frameWindow, 0, uint32(w.owed))
	w.left += w.owed
	w.owed = 0
}

// grow lets a stream that needs it send more, or wait for its turn.
func (s *Session) grow(st *stream) {
	w := &s.window
	if st.answer.window > lowWindow || st.answer.parked {
		return
	}
	over := w.buffered > s.cfg.MaxResponseBytes
	if w.blocked || over && w.favoured != nil && w.favoured != st {
		st.answer.parked = true
		w.waiting = append(w.waiting, st)
		return
	}
	if over {
		w.favoured = st
	}
	s.out.Manager = appendNumber(s.out.Manager, frameWindow, st.number, grant)
	st.answer.window += grant
}

// release gives streams that wait what there is now.
func (s *Session) release() {
	s.repay()
	waiting := s.window.waiting
	s.window.waiting = nil
	for _, st := range waiting {
		st.answer.parked = false
		s.grow(st)
	}
}

// forget takes the bytes of a stream that ends out of the account.
func (s *Session) forget(st *stream) {
	w := &s.window
	w.buffered -= len(st.answer.body)
	if w.favoured == st {
		w.favoured = nil
	}
	if st.answer.parked {
		for i, other := range w.waiting {
			if other == st {
				w.waiting = append(w.waiting[:i], w.waiting[i+1:]...)
				break
			}
		}
	}
	if len(w.waiting) > 0 && !w.blocked {
		s.release()
	}
}
