package importer

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

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

// joined makes one Route of the rules of all that have a host at an edge in common, as Istio does: in the order of their age,
// where it is told, and else in that of the files; rules for every request go last.
func joined(all []made) (out []made) {
	groups := sharing(all)
	for i, m := range all {
		if len(m.gateways) == 0 {
			out = append(out, m)
		}
		for _, g := range groups {
			if g.of[0] != i {
				continue
			}
			var same []made
			for _, j := range g.of {
				same = append(same, all[j])
			}
			out = append(out, join(same, g.hosts))
		}
	}
	return out
}

// shared are hosts, and who has rules for all of them: indexes of what was made, in their order.
type shared struct {
	hosts []string
	of    []int
}

// sharing tells hosts at the edge by who has rules for them.
func sharing(all []made) (groups []shared) {
	var hosts []shared // one by one
	for i, m := range all {
		if len(m.gateways) == 0 {
			continue
		}
		for _, h := range m.policy.(model.Route).Hosts {
			at := slices.IndexFunc(hosts, func(s shared) bool {
				return s.hosts[0] == h && slices.ContainsFunc(s.of, func(j int) bool { return meet(all[j].gateways, m.gateways) })
			})
			switch {
			case at < 0:
				hosts = append(hosts, shared{[]string{h}, []int{i}})
			case !slices.Contains(hosts[at].of, i):
				hosts[at].of = append(hosts[at].of, i)
			}
		}
	}
	for _, one := range hosts {
		at := slices.IndexFunc(groups, func(s shared) bool { return slices.Equal(s.of, one.of) })
		if at < 0 {
			groups = append(groups, one)
		} else if !slices.Contains(groups[at].hosts, one.hosts[0]) {
			groups[at].hosts = append(groups[at].hosts, one.hosts...)
		}
	}
	return groups
}

// meet reports whether two lists have an item in common.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// reached is how many rules are asked: those behind the first that fits every request never are, and must not be where others
// come between.
func reached(rules []part) int {
	if i := slices.IndexFunc(rules, part.fitsAll); i >= 0 {
		return i + 1
	}
	return len(rules)
}

// join makes one Route of several for hosts that all of them have.
func join(all []made, hosts []string) made {
	if len(all) == 1 {
		p := all[0].policy.(model.Route)
		p.Hosts = hosts
		return route(all[0].rule, p, all[0].parts)
	}
	for i, m := range all[1:] {
		if m.created == "" || all[i].created == "" {
			m.spec.left(fmt.Sprintf("for %s its rules stand in one Route with those of %s, and behind them: which of the two is older is not said", strings.Join(hosts, ", "), all[i].of))
		}
	}
	slices.SortStableFunc(all, func(a, b made) int {
		if a.created == "" || b.created == "" {
			return 0
		}
		return cmp.Compare(a.created, b.created)
	})
	var rules []part
	var service string
	for _, m := range all {
		rules, service = append(rules, m.parts[:reached(m.parts)]...), cmp.Or(service, m.policy.Meta().Service)
	}
	slices.SortStableFunc(rules, func(a, b part) int {
		switch first, second := a.fitsAll(), b.fitsAll(); {
		case first == second:
			return 0
		case first:
			return 1
		}
		return -1
	})
	p := all[0].policy.(model.Route)
	p.Service, p.Hosts = service, hosts
	return route(all[0].rule, p, rules)
}
