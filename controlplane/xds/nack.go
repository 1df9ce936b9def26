package xds

import (
	"maps"
	"slices"
	"strings"
)

// A NACK refuses a response, but what it means for each resource in it is not said. Envoy mostly takes the good ones
// and names the bad ones in its text; a mistake that it meets while it decodes, such as a negative duration, makes it
// take none and name none. One bad resource must not keep others from a proxy, so the others are sent again: apart from
// the one that is named; if several are named, each of these alone; if none is, in halves until the bad one stands
// alone. To take a resource twice costs Envoy a comparison.

// nack notes the proxy's NACK of r and returns the resources that are refused for good, until they change: none if that
// is still to be found out.
func (s *subscription) nack(r response, text string) (refused []string) {
	before := s.settle(r)
	var named, rest []string
	for name, version := range r.versions {
		switch {
		case version == "":
			s.revert(r, name)
		case strings.Contains(text, name):
			named = append(named, name)
		default:
			rest = append(rest, name)
		}
	}
	slices.Sort(named)
	slices.Sort(rest)
	switch {
	case len(named) == 1 || len(named)+len(rest) == 1:
		refused = append(named, rest...)[:1]
		rest = append(named, rest...)[1:]
	case len(named) > 1: // a name may also occur in a text by chance, as a part of another
		parts := slices.Collect(slices.Chunk(named, 1))
		s.apart = append(parts, s.apart...)
		rest = append(rest, named...)
	case len(rest) > 1:
		s.apart = append(slices.Collect(slices.Chunk(rest, (len(rest)+1)/2)), s.apart...)
	}
	for _, name := range rest {
		s.revert(r, name)
	}
	s.refuse(r, refused, text, before)
	return refused
}

// nackAll notes the NACK of a response that cannot be taken apart, because it lists everything there is.
func (s *subscription) nackAll(r response, text string) (refused []string) {
	before := s.settle(r)
	for name := range r.versions {
		if strings.Contains(text, name) {
			refused = append(refused, name)
		}
	}
	if len(refused) == 0 {
		refused = slices.Collect(maps.Keys(r.versions))
	}
	s.refuse(r, refused, text, before)
	return refused
}

// refusal is a version of a resource that a proxy does not take.
type refusal struct {
	text     string
	since    uint64 // the publication that brought it
	accepted uint64 // the newest one known with what the proxy goes on with; 0 when that is not known, or nothing
	has      *entry // what it goes on with; nil for nothing
	lacks    []Span // publications that changed the resource since
}

// refuse notes what the proxy does not take of r; before is what it refused of the same until now.
func (s *subscription) refuse(r response, names []string, text string, before map[string]refusal) {
	slices.Sort(names)
	if s.refused == nil {
		s.refused = map[string]refusal{}
	}
	for _, name := range names {
		e := r.entries[name]
		if e == nil {
			continue // removed
		}
		was, again := before[name]
		accepted := s.accepted[name]
		fresh := e.instead() == 0 && r.before[name] == nil && len(s.accepted) > 0 // there was no such resource before
		if accepted != 0 && accepted == e.instead() || fresh {
			accepted = e.since - 1
		}
		now := refusal{text: text, since: e.since, accepted: accepted, has: r.before[name], lacks: e.after(accepted)}
		if again && now.accepted == 0 && len(was.lacks) > 0 {
			now.lacks = e.after(was.lacks[0].After)
		}
		if again && now.has != nil && now.has.since == was.since {
			now.has = was.has
		}
		s.refused[name] = now
	}
}

// Span is the publications after one until another.
type Span struct{ After, Until uint64 }

// Has reports whether a publication is one of them.
func (s Span) Has(publication uint64) bool { return s.After < publication && publication <= s.Until }

// after are the publications that brought versions of a resource after one, until this version; all of them where that is not known.
func (e *entry) after(publication uint64) (out []Span) {
	if len(e.changes) == changesKept && e.changes[0] > publication || publication == 0 {
		return []Span{{publication, e.since}}
	}
	for _, n := range e.changes {
		if n > publication {
			out = append(out, Span{n - 1, n})
		}
	}
	return out
}

// separate cuts a change down to the first of the parts that have to be sent apart, if there are any; parts of which
// nothing is due are dropped.
func (s *subscription) separate(c change) change {
	for len(s.apart) > 0 {
		part := change{updated: slices.DeleteFunc(slices.Clone(c.updated), func(e *entry) bool { return !slices.Contains(s.apart[0], e.name) })}
		if !part.empty() {
			return part
		}
		s.apart = s.apart[1:]
	}
	return c
}
