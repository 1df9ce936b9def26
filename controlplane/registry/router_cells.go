package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A rule of a Route is the first that fits, but routers of Dubbo all act on a request. So what a request may look like is
// cut into cells, in each of which the same conditions hold, the more special ones first. A cell has a pattern for each
// thing that routers look at, or none when the request fits none of those that are looked for.

// cell is one of them.
type cell map[string]*pattern

// maxCells bounds the cells of a service: each becomes a rule, and may become a cluster.
const maxCells = 200

// patterns are what routers look for, by what they look at.
type patterns map[string][]pattern

// add notes what the conditions of a router look for.
func (p patterns) add(c condition) {
	for key, v := range c.when {
		if name, ofRequest := ask(key); ofRequest {
			p.want(name, v.match...)
			p.want(name, v.mismatch...)
		}
	}
}

func (p patterns) want(name string, list ...pattern) {
	for _, q := range list {
		if !slices.Contains(p[name], q) {
			p[name] = append(p[name], q)
		}
	}
}

func (p patterns) clone() patterns {
	out := patterns{}
	for name, list := range p {
		out[name] = slices.Clone(list)
	}
	return out
}

// closed adds the patterns of what fits several at once, and sorts so that what is within another comes first. It gives up
// beyond a bound.
func closed(list []pattern) ([]pattern, bool) {
	out := slices.Clone(list)
	for i := 0; i < len(out); i++ {
		for j := range i {
			if both, some := out[i].meet(out[j]); some && !slices.Contains(out, both) {
				out = append(out, both)
			}
		}
		if len(out) > maxCells {
			return nil, false
		}
	}
	slices.SortFunc(out, pattern.compare)
	return out, true
}

// cells lists them, the more special ones first; false when there are too many.
func (p patterns) cells() ([]cell, bool) {
	out := []cell{{}}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		list, ok := closed(p[name])
		if !ok || len(out)*(len(list)+1) > maxCells {
			return nil, false
		}
		next := make([]cell, 0, len(out)*(len(list)+1))
		for _, c := range out {
			for _, q := range list {
				with := maps.Clone(c)
				with[name] = &q
				next = append(next, with)
			}
			next = append(next, c)
		}
		out = next
	}
	return out, true
}

// holds reports whether all requests of a cell fit a condition. Those that fit a more special cell have been dealt with.
func (c cell) holds(when map[string]values, service string) bool {
	for key, v := range when {
		name, ofRequest := ask(key)
		if !ofRequest {
			if !v.fits(service, true) {
				return false
			}
			continue
		}
		p := c[name]
		if name == askMethod && p == nil {
			p = &pattern{prefix: "\x00"} // there is always one
		}
		if p == nil && len(v.match) > 0 {
			return false
		}
		if p != nil && !v.by(p.within) {
			return false
		}
	}
	return true
}

// contains reports whether all requests of another cell fit this one.
func (c cell) contains(other cell) bool {
	for name, p := range c {
		if q := other[name]; q == nil || !q.within(*p) {
			return false
		}
	}
	return true
}

// String tells what requests look like.
func (c cell) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, name+"="+c[name].String())
	}
	return cmp.Or(strings.Join(parts, " & "), "others")
}
