package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unmatched finds conditions on hosts that no host fits which the policy is for.
func unmatched(p model.Policies) (out []Warning) {
	look := func(id, place string, hosts []string, match []model.RequestMatch) {
		for i, m := range match {
			if m.Host == nil || slices.ContainsFunc(hosts, func(h string) bool { return mayFit(*m.Host, strings.ToLower(h)) }) {
				continue
			}
			out = append(out, Warning{id, fmt.Sprintf("%s.match[%d].host", place, i), fmt.Sprintf("no request can fit: the hosts are %s alone", strings.Join(hosts, ", "))})
		}
	}
	for _, r := range p.Routes {
		for i, rule := range r.Rules {
			if len(r.Hosts) > 0 {
				look(model.PolicyID(r), fmt.Sprintf("rules[%d]", i), r.Hosts, rule.Match)
			}
		}
	}
	for _, g := range p.Gateways {
		var hosts []string
		for _, l := range g.Listeners {
			if len(l.Hosts) == 0 {
				hosts = nil // any
				break
			}
			hosts = append(hosts, l.Hosts...)
		}
		for i, rule := range g.Rules {
			if len(hosts) > 0 {
				look(model.PolicyID(g), fmt.Sprintf("rules[%d]", i), hosts, rule.Match)
			}
		}
	}
	return out
}

// mayFit reports whether some host of a pattern may fit a condition; *.example.com stands for every name below, * for all. Host
// names do not know case. Expressions are not looked into.
func mayFit(s model.StringMatch, pattern string) bool {
	if s.Regex != "" || s.Range != nil || s.Present != nil {
		return true
	}
	s = small(s)
	below, wild := strings.CutPrefix(pattern, "*")
	if !wild {
		return fits(s, pattern) != s.Not
	}
	under := func(host string) bool { return strings.HasSuffix(host, below) }
	switch {
	case s.Not:
		return true
	case s.Exact != nil:
		return under(*s.Exact)
	case len(s.In) > 0:
		return slices.ContainsFunc(s.In, under)
	case s.Suffix != "":
		return under(s.Suffix) || strings.HasSuffix(below, s.Suffix)
	}
	return true
}

// small is a condition in lower case.
func small(s model.StringMatch) model.StringMatch {
	if s.Exact != nil {
		s.Exact = new(strings.ToLower(*s.Exact))
	}
	s.Prefix, s.Suffix, s.Contains, s.In = strings.ToLower(s.Prefix), strings.ToLower(s.Suffix), strings.ToLower(s.Contains), slices.Clone(s.In)
	for i, one := range s.In {
		s.In[i] = strings.ToLower(one)
	}
	return s
}
