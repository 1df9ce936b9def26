package breaker

import (
	"slices"
	"strings"
	"sync"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Set keeps the breakers of a process. Whoever asks for settings that are in use gets the breaker that has them, with all it
// knows. The zero value is ready to use; any number of goroutines may use it.
type Set struct {
	mu  sync.Mutex
	all map[string]*Breaker // by the text of the settings
}

// Take returns the breaker with these settings, a new one when nobody has it. Each Take ends with a Release.
func (s *Set) Take(settings config.Breaker, now int64, tell func(Change)) *Breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(settings.Text())
	b := s.all[text]
	if b == nil {
		b = New(settings, now, tell)
		if s.all == nil {
			s.all = map[string]*Breaker{}
		}
		s.all[text] = b
	}
	b.users++
	return b
}

// Release gives back what Take returned. The last one ends the breaker; calls that are under way may go on using it.
func (s *Set) Release(b *Breaker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.users--; b.users == 0 {
		delete(s.all, b.text)
	}
}

// Status is what a breaker shows.
type Status struct {
	ID              uint64 // no other breaker of the process has it
	Service, Method string
	State           State
	Refused         uint64         // calls so far
	Entered         [States]uint64 // how often it has come into each state
}

// Status lists the breakers by service and method. It also closes those that have recovered while no calls came.
func (s *Set) Status(now int64) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Status, 0, len(s.all))
	for _, b := range s.all {
		if p := b.phase.Load(); p.state == Recovering && b.share(p, now) >= 1 {
			b.move(p, Closed, now, counts{})
		}
		st := Status{ID: b.id, Service: b.settings.Service, Method: b.settings.Method, State: b.phase.Load().state, Refused: b.refused.Load()}
		for i := range st.Entered {
			st.Entered[i] = b.entered[i].Load()
		}
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b Status) int {
		if c := strings.Compare(a.Service, b.Service); c != 0 {
			return c
		}
		return strings.Compare(a.Method, b.Method)
	})
	return out
}
