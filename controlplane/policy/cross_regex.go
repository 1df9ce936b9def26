package policy

import (
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/bounds"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What becomes a regular expression is bounded: Envoy refuses all routes because of one that is too large.

// expression notes a condition that makes too large an expression.
func (d *decoder) expression(path string, m model.StringMatch) {
	if m.Regex != "" {
		return // its format says so
	}
	if err := bounds.Regex(m.Flags()+m.Pattern(), bounds.MaxCondition); err != nil {
		d.wrong(path, "%v", err)
	}
}

// oneOf notes a list of texts that makes too large an expression.
func (d *decoder) oneOf(path string, texts []string) {
	if len(texts) > 0 {
		d.expression(path, model.StringMatch{In: texts})
	}
}

// expressions checks the conditions of a match that are expressions whatever they say.
func (d *decoder) expressions(path string, m model.RequestMatch) {
	for _, f := range []struct {
		name string
		is   *model.StringMatch
	}{{"host", m.Host}, {"path", m.Path}, {"method", m.Method}} {
		if f.is != nil && len(f.is.In) == 0 {
			d.expression(below(path, f.name), *f.is)
		}
	}
	d.oneOf(below(path, "verb"), m.Verb)
	d.ranges(below(path, "cookies"), m.Cookies)
	d.ranges(below(path, "query"), m.Query)
	for _, name := range slices.Sorted(maps.Keys(m.Query)) {
		d.turnedRound(below(path, "query")+"["+name+"]", name, m.Query[name])
	}
	if m.Source != nil {
		d.oneOf(below(path, "source.service"), m.Source.Service)
	}
}

// ranges checks the ranges among conditions, of which Envoy knows those of headers alone: others become expressions.
func (d *decoder) ranges(path string, all map[string]model.StringMatch) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if s := all[name]; s.Range != nil {
			d.expression(path+"["+name+"]", s)
		}
	}
}

// turnedRound checks a condition on a query that becomes an expression for the whole path, because it is turned round or asks
// for absence.
func (d *decoder) turnedRound(path, name string, s model.StringMatch) {
	if s.Present == nil && !s.Not || s.Present != nil && *s.Present != s.Not {
		return
	}
	if s.Not {
		path += ".not"
	}
	d.wholePath(path, name, s)
}

// wholePath checks a condition on a query that becomes an expression for the whole path.
func (d *decoder) wholePath(path, name string, s model.StringMatch) {
	whole, err := s.QueryPattern(name)
	if err == nil {
		err = bounds.Regex(whole, bounds.MaxRegex)
	}
	if err != nil {
		d.wrong(path, "%v", err)
	}
}

// replaced checks the prefixes that a rule replaces by another.
func (d *decoder) replaced(path string, r model.Rule) {
	if (r.Rewrite == nil || r.Rewrite.Prefix == "") && (r.Redirect == nil || r.Redirect.Prefix == "") {
		return
	}
	var prefixes []string
	for _, m := range r.Match {
		if m.Path != nil && m.Path.Prefix != "" {
			prefixes = append(prefixes, m.Path.Prefix)
		}
	}
	d.oneOf(below(path, "match"), prefixes)
}

// manyRules notes a Route that would be more routes than a service can have.
func (d *decoder) manyRules(r model.Route) {
	n := 0
	for _, rule := range r.Rules {
		n += max(1, len(rule.Match))
	}
	if n > bounds.MaxRules {
		d.wrong("rules", "have %d matches; at most %d are possible", n, bounds.MaxRules)
	}
}

// mostPerRequest bounds the faults that one request can have: each is a filter of Envoy's for each of its matches.
const mostPerRequest = 4

// perRequest notes faults with more matches than one request can have.
func (d *decoder) perRequest(path string, faults []model.Fault) {
	n := 0
	for _, f := range faults {
		n += max(1, len(f.Match))
	}
	if n > mostPerRequest && len(faults) <= mostPerRequest { // else the list itself is too long
		d.wrong(below(path, "fault"), "has %d matches; at most %d are possible", n, mostPerRequest)
	}
}
