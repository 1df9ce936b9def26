package policy

import (
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
	if m.Source != nil {
		d.oneOf(below(path, "source.service"), m.Source.Service)
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
