package xds

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// arrival is when a proxy had acknowledged all of a publication, but for what it refused.
type arrival struct {
	number uint64
	at     time.Time
	lacks  []Span // publications of which it refused something
}

// has reports whether the proxy had all of a publication.
func (a arrival) has(publication uint64) bool {
	return a.number >= publication && !slices.ContainsFunc(a.lacks, func(s Span) bool { return s.Has(publication) })
}

// arrivalsKept bounds how far back it is known when a proxy had a publication.
const arrivalsKept = 64

// arrive notes that the proxy has all of what it is to have, but for what it refuses. Callers hold mu.
func (p *proxy) arrive(now time.Time) {
	if p.node.connected.IsZero() || !p.asked() {
		return
	}
	number := p.gates.target.number
	var lacks []Span
	for _, r := range p.refusals() {
		lacks = append(lacks, r.Lacks...)
	}
	if n := len(p.reached); n > 0 && p.reached[n-1].number == number && slices.Equal(p.reached[n-1].lacks, lacks) {
		return
	}
	p.reached = append(p.reached, arrival{number, now, lacks})
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
	At        time.Time // when it had acknowledged all that it brought, or of a later one; zero as long as it has not
	Refused   []Refusal // what it does not take at the moment
	Published uint64    // the newest publication that it had acknowledged all of but for what it refused; 0 for none
}

// Refusal is a resource of which a proxy does not take what is published; it goes on with what it had of it.
type Refusal struct {
	Proxy    string
	Type     string // clusters, endpoints, listeners, routes, secrets
	Resource string
	Text     string // the proxy's words
	Since    uint64 // the publication that brought what it refuses
	Accepted uint64 // the newest publication known with what it has, if that is nothing; 0 when it is not known
	Lacks    []Span // publications that changed the resource and that the proxy therefore lacks something of, ascending
	Shared   bool   // another proxy has taken what this one refuses
	Open     bool   // else: another one is still to answer to it
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
		if a.has(publication) {
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
			lacks := slices.Clone(r.lacks)
			if k == listeners {
				lacks = append(lacks, p.unasked(name, r.lacks[0].After)...)
			}
			out = append(out, Refusal{Proxy: p.node.id, Type: k.String(), Resource: name, Text: r.text, Since: r.since, Accepted: r.accepted, Lacks: lacks})
		}
	}
	return out
}

// unasked are the publications after one that changed the routes of a listener which the proxy has nothing of: it does not
// ask for them.
func (p *proxy) unasked(listener string, after uint64) []Span {
	if p.gates.target == nil || p.gates.subs[routes].wants(listener) {
		return nil
	}
	if e := p.gates.target.byKind[routes][listener]; e != nil {
		return e.after(max(after, 1))
	}
	return nil
}

// Answered is signalled after a proxy has answered, came or went. It holds at most one signal.
func (s *Server) Answered() <-chan struct{} { return s.answered }

// Refusals lists what proxies do not take of what is published, by proxy, type and resource.
func (s *Server) Refusals() (out []Refusal) {
	list := s.list()
	for _, p := range list {
		p.mu.Lock()
		refused := p.refusals()
		p.mu.Unlock()
		for _, r := range refused {
			r.Shared = slices.ContainsFunc(list, func(o *proxy) bool { return o.took(r) })
			r.Open = !r.Shared && p.open(r, list)
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Proxy, b.Proxy), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Resource, b.Resource))
	})
	return out
}

// open reports whether it is not known yet if others take what the proxy refuses: one of them has not answered, or has
// taken a newer version without having had this one, and the proxy itself is to answer to that.
func (p *proxy) open(r Refusal, others []*proxy) bool {
	newer := r
	newer.Since++
	return slices.ContainsFunc(others, func(o *proxy) bool { return o.owes(r) || o.tookAfter(r) && p.owes(newer) })
}

// took reports whether the proxy has acknowledged what another one refuses.
func (p *proxy) took(r Refusal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.Since != 0 && p.gates.subs[kindNamed(r.Type)].accepted[r.Resource] == r.Since
}

// tookAfter reports whether the proxy has acknowledged a newer version of what another one refuses.
func (p *proxy) tookAfter(r Refusal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gates.subs[kindNamed(r.Type)].accepted[r.Resource] > r.Since
}

// owes reports whether the proxy has an answer to give to what another one refuses, or to a newer version of it.
func (p *proxy) owes(r Refusal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := kindNamed(r.Type)
	s := &p.gates.subs[k]
	if !s.asked || p.gates.target == nil || !s.wants(r.Resource) || max(s.accepted[r.Resource], s.refused[r.Resource].since) >= r.Since {
		return false
	}
	if p.gates.target.number < r.Since {
		return true // whoever publishes has not come to it
	}
	for _, sent := range s.inFlight {
		if e := sent.entries[r.Resource]; e != nil && e.since >= r.Since {
			return true
		}
	}
	want, has := p.gates.target.byKind[k][r.Resource], s.sent[r.Resource]
	return want != nil && want.since >= r.Since && (has == nil || has.version != want.version)
}
