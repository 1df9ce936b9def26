package importer

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unsaid has a Route that a VirtualService has become do where nothing is said what Istio does there: it has no timeout, it
// tries again what cannot have run, and it answers 404 to what no rule fits.
func (m *made) unsaid() {
	p, isRoute := m.policy.(model.Route)
	if !isRoute || m.kind != "VirtualService" {
		return
	}
	rules := slices.Clone(m.parts)
	for i := range rules {
		if r := &rules[i]; r.forwards() {
			if r.Timeout == nil {
				r.Timeout = new(model.Duration)
			}
			if r.Retry == nil {
				r.Retry = unsaidRetry()
			}
		}
	}
	if !slices.ContainsFunc(rules, part.fitsAll) {
		missing := uint32(404)
		last := part{from: map[string]*object{"": m.spec}}
		last.Respond = &model.Response{Status: &missing}
		rules = append(rules, last)
	}
	whole := route(m.rule, p, rules)
	m.policy, m.from, m.parts = whole.policy, whole.from, whole.parts
}

// fitsAll reports whether a rule fits every request.
func (p part) fitsAll() bool {
	return len(p.Match) == 0 || slices.ContainsFunc(p.Match, func(m model.RequestMatch) bool {
		if path := m.Path; path != nil && (path.Prefix == "/" || path.Regex == ".*") && !path.Not {
			m.Path = nil
		}
		return reflect.DeepEqual(m, model.RequestMatch{})
	})
}

// joined makes one Route of those at the edge that have the same hosts and gateways, as Istio does: in the order of their age,
// where it is told, and else in that of the files; rules for every request go last.
func joined(all []made) (out []made) {
	for _, m := range all {
		i := slices.IndexFunc(out, func(other made) bool { return len(m.edge) > 0 && slices.Equal(m.edge, other.edge) })
		if i < 0 {
			out = append(out, m)
			continue
		}
		first, second := out[i], m
		if first.created == "" || second.created == "" {
			m.spec.left(fmt.Sprintf("its rules stand in the Route of %s, which has the same hosts, behind that one's: which of them is older is not said", first.of))
		} else if second.created < first.created {
			first, second = second, first
		}
		rules := slices.Concat(first.parts, second.parts)
		slices.SortStableFunc(rules, func(a, b part) int { return rank(a.fitsAll()) - rank(b.fitsAll()) })
		whole := route(first.rule, first.policy.(model.Route), rules)
		whole.edge = first.edge
		out[i] = whole
	}
	return out
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}
