// Package arguments finds values among the arguments of a call, so that routes can be chosen by them: in the JSON, form,
// path or query of an HTTP request, or in the Hessian bytes of a Dubbo consumer. It reads as far as it has to and builds
// nothing of what it reads. What cannot be read has no values here: it is the bridge that refuses it, and says why.
package arguments

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Plan is what the requests of a route are looked at for. It is immutable.
type Plan struct {
	wanted   []wanted
	last     int // the largest index of an argument
	limit    int
	mapped   bool
	segments []config.Segment // of a mapped operation's path
	bindings []config.Binding
	queries  map[string][][]string
}

// wanted is one path.
type wanted struct {
	header string
	index  int
	below  []string
}

// set is paths of a plan, by bit.
type set uint64

// NewPlan makes a plan of a configuration that config.Arguments.Check accepts. Limit is the largest body in bytes where
// the configuration has none.
func NewPlan(c config.Arguments, limit int) *Plan {
	p := &Plan{limit: limit, mapped: c.Path != "", bindings: c.Parameters, queries: c.Queries}
	if c.MaxRequestBytes > 0 {
		p.limit = min(limit, c.MaxRequestBytes)
	}
	if p.mapped {
		p.segments, _ = config.ParseTemplate(c.Path)
	}
	for _, path := range c.Paths {
		index, below, _ := config.SplitArgument(path)
		p.wanted = append(p.wanted, wanted{config.ArgumentHeader(path), index, below})
		p.last = max(p.last, index)
	}
	return p
}

// Limit is the largest body in bytes.
func (p *Plan) Limit() int { return p.limit }

// Headers is how many headers a request gets at most, one for each path.
func (p *Plan) Headers() int { return len(p.wanted) }

// Header is the name of one of them.
func (p *Plan) Header(i int) string { return p.wanted[i].header }

// of are the paths that lead into one argument.
func (p *Plan) of(index int) (out set) {
	for i, w := range p.wanted {
		if w.index == index {
			out |= 1 << i
		}
	}
	return out
}

// part tells apart which paths end at a value and which lead further down.
func (p *Plan) part(s set, depth int) (here, deeper set) {
	for i, w := range p.wanted {
		if s&(1<<i) == 0 {
			continue
		}
		if len(w.below) == depth {
			here |= 1 << i
		} else {
			deeper |= 1 << i
		}
	}
	return here, deeper
}

// named are those of the paths that lead through a name.
func (p *Plan) named(s set, depth int, name []byte) (out set) {
	for i, w := range p.wanted {
		if s&(1<<i) != 0 && string(name) == w.below[depth] {
			out |= 1 << i
		}
	}
	return out
}

// Waits reports whether the body of a request has to be there before its arguments can be told. Streams are not waited
// for: they have none.
func Waits(verb, contentType, upgrade []byte) bool {
	if len(upgrade) > 0 {
		return false
	}
	switch kindOf(contentType) {
	case jsonBody:
		return len(contentType) > 0 || string(verb) == "POST" || string(verb) == "PUT" || string(verb) == "PATCH"
	case formBody, hessianBody:
		return true
	}
	return false
}

// The kinds of bodies that arguments are found in.
const (
	otherBody = iota
	jsonBody
	formBody
	hessianBody
)

func kindOf(contentType []byte) int {
	if string(contentType) == config.DubboContentType {
		return hessianBody
	}
	plain, _, _ := bytes.Cut(contentType, []byte(";"))
	plain = bytes.TrimSpace(plain)
	switch {
	case len(plain) == 0, bytes.EqualFold(plain, []byte("application/json")), endsFold(plain, "+json"):
		return jsonBody
	case bytes.EqualFold(plain, []byte("application/x-www-form-urlencoded")):
		return formBody
	}
	return otherBody
}

func endsFold(b []byte, end string) bool {
	return len(b) >= len(end) && bytes.EqualFold(b[len(b)-len(end):], []byte(end))
}
