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
	Refused   []Refusal // what it does not take at the moment
	Published uint64    // the newest publication that it had acknowledged all of; 0 for none
}

// Refusal is a resource of which a proxy does not take what is published; it goes on with what it had of it.
type Refusal struct {
	Proxy    string
	Type     string // clusters, endpoints, listeners, routes, secrets
	Resource string
	Text     string // the proxy's words
	Since    uint64 // the publication that brought what it refuses
	Accepted uint64 // the newest publication known with what it has, if that is nothing; 0 when it is not known
	Shared   bool   // another proxy has taken what this one refuses
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
	if n := len(p.reached); n > 0 {
		out.Published = p.reached[n-1].number
	}
	for _, a := range p.reached {
		if a.number >= publication {
			out.At = a.at
			break
		}
	}
	out.Refused = p.refusals()
	return out, !p.node.connected.IsZero()
}

// refusals lists what the proxy does not take. Callers hold mu.
func (p *proxy) refusals() (out []Refusal) {
	for k := range kinds {
		refused := p.gates.subs[k].refused
		for _, name := range slices.Sorted(maps.Keys(refused)) {
			r := refused[name]
			out = append(out, Refusal{Proxy: p.node.id, Type: k.String(), Resource: name, Text: r.text, Since: r.since, Accepted: r.accepted})
		}
	}
	return out
}

// Answered is signalled after a proxy has answered, came or went. It holds at most one signal.
func (s *Server) Answered() <-chan struct{} { return s.answered }

// Refusals lists what proxies do not take of what is published, by proxy, type and resource.
func (s *Server) Refusals() (out []Refusal) {
	list := s.list()
	for _, p := range list {
		p.mu.Lock()
		out = append(out, p.refusals()...)
		p.mu.Unlock()
	}
	for i, r := range out {
		out[i].Shared = slices.ContainsFunc(list, func(p *proxy) bool { return p.took(r) })
	}
	slices.SortFunc(out, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Proxy, b.Proxy), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Resource, b.Resource))
	})
	return out
}

// took reports whether the proxy has acknowledged what another one refuses.
func (p *proxy) took(r Refusal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range kinds {
		if k.String() == r.Type {
			return p.gates.subs[k].accepted[r.Resource] == r.Since && r.Since != 0
		}
	}
	return false
}
