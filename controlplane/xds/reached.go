package xds

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// arrival is when a proxy had acknowledged all of a publication.
type arrival struct {
	number uint64
	at     time.Time
}

// arrivalsKept bounds how far back it is known when a proxy had a publication.
const arrivalsKept = 64

// arrive notes that the proxy has all of what it is to have. Callers hold mu.
func (p *proxy) arrive(now time.Time) {
	if p.node.connected.IsZero() || !p.asked() {
		return
	}
	number := p.gates.target.number
	if n := len(p.reached); n > 0 && p.reached[n-1].number == number {
		return
	}
	p.reached = append(p.reached, arrival{number, now})
	if len(p.reached) > arrivalsKept {
		p.reached = slices.Delete(p.reached, 0, 1)
	}
}

// asked reports whether the proxy asked for every kind that there is something of. An Envoy that starts asks for one after
// the other, and has not all before the last.
func (p *proxy) asked() bool {
	for k := range kinds {
		if !p.gates.subs[k].asked && len(p.gates.target.byKind[k]) > 0 {
			return false
		}
	}
	return true
}

// Reached is how far a connected proxy is with a publication.
type Reached struct {
	ID        string
	Connected time.Time
	At        time.Time // when it had acknowledged all of it, or of a later one; zero as long as it has not
	Refused   []string  // resources that it does not take at the moment
	Text      string    // its words
}

// Published is the number of the last publication, 0 before the first.
func (s *Server) Published() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return 0
	}
	return s.current.number
}

// Reached tells of each connected proxy whether it has a publication, sorted by ID.
func (s *Server) Reached(publication uint64) []Reached {
	var out []Reached
	for _, p := range s.list() {
		if r, ok := p.has(publication); ok {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Reached) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), a.Connected.Compare(b.Connected))
	})
	return out
}

func (p *proxy) has(publication uint64) (Reached, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Reached{ID: p.node.id, Connected: p.node.connected}
	for _, a := range p.reached {
		if a.number >= publication {
			out.At = a.at
			break
		}
	}
	for k := range kinds {
		if refused := p.gates.subs[k].refused; len(refused) > 0 {
			out.Refused = append(out.Refused, slices.Sorted(maps.Keys(refused))...)
			out.Text = p.kinds[k].lastNACK
		}
	}
	return out, !p.node.connected.IsZero()
}
