package translate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/bounds"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unit is one service on its way to resources.
type unit struct {
	in       Input
	opt      Options
	variants []variant
	schemas  schemas
	others   map[string]*unit  // services that its rules lead to, without rules of theirs
	pools    map[string]target // clusters beside those of the variants, by name

	problems []model.Problem
	told     map[model.Problem]bool
}

func newUnit(in Input, opt Options) *unit {
	u := &unit{in: in, opt: opt, others: map[string]*unit{}, pools: map[string]target{}, told: map[model.Problem]bool{}}
	u.variants, u.problems = variants(in.Service)
	for i := range u.variants {
		u.variants[i].follows = in.Follows
	}
	var more []model.Problem
	u.schemas, more = schemasOf(in, u.variants, opt)
	u.problems = append(u.problems, more...)
	u.unsupported()
	u.boundRules()
	for _, o := range in.Others {
		u.others[o.Service.Name] = newUnit(o, opt)
	}
	u.checkAccess()
	return u
}

// boundRules leaves out the Route policies with the most routes while all of them together have too many.
func (u *unit) boundRules() {
	lanes := 1
	for _, l := range u.in.Policies.Lanes {
		if l.Has(u.in.Service.Name) {
			lanes += len(u.carriers())
		}
		if l.EnteredAt(u.in.Service.Name) {
			lanes += len(l.Match)
		}
	}
	cost := func(p model.Route) (n int) {
		for _, rule := range p.Rules {
			n += len(anyOf(rule.Match)) * (1 + len(u.in.methods(rule))) * lanes
		}
		return n
	}
	n := 0
	for _, p := range u.in.Policies.Routes {
		n += cost(p)
	}
	for n > bounds.MaxRules {
		most := u.in.Policies.Routes[0]
		for _, p := range u.in.Policies.Routes {
			if cost(p) >= cost(most) { // of equal ones the one that has less of a say
				most = p
			}
		}
		u.leftOut(sourceOf(most), fmt.Sprintf("%s is not in force on %s: its %d routes would be %d with those of the others; write no more than %d, matches and methods with settings of their own counted",
			model.PolicyID(most), u.in.Service.Name, cost(most), n, bounds.MaxRules))
		n -= cost(most)
		u.in.Policies.Routes = slices.DeleteFunc(slices.Clone(u.in.Policies.Routes), func(p model.Route) bool { return model.PolicyID(p) == model.PolicyID(most) })
	}
}

// problem notes what was left out, once.
func (u *unit) problem(key, reason string) { u.note(model.Problem{Key: key, Reason: reason}) }

// leftOut notes a policy that is not wholly in force on the service.
func (u *unit) leftOut(key, reason string) {
	u.note(model.Problem{Key: key, Reason: reason, LeftOut: true})
}

func (u *unit) note(p model.Problem) {
	if !u.told[p] {
		u.told[p] = true
		u.problems = append(u.problems, p)
	}
}

// report notes that a setting of a route cannot be used, and where it comes from.
func (u *unit) report(s routeSettings, field string, err error) {
	inRule := map[string]bool{"fault": len(s.rule.Fault) > 0, "rateLimit": len(s.rule.RateLimit) > 0, "cors": s.rule.CORS != nil, "fallback": len(s.rule.Fallback) > 0}
	key := cmp.Or(u.in.Policies.From[field], u.in.Service.Name)
	if inRule[field] {
		key = s.source
	}
	u.leftOut(key, fmt.Sprintf("%s on %s: %s: %v", key, u.in.Service.Name, field, err))
}

// settings are what policies say of the requests of a way.
func (u *unit) settings(w way, rule model.Rule, source string) routeSettings {
	s := routeSettings{service: u.in.Policies.Traffic, rule: rule, way: w, source: source}
	m, ok := u.in.Policies.Methods[w.method]
	if !ok {
		return s
	}
	t := &s.service
	t.Timeout, t.Retry, t.Strategy, t.Breaker = or(m.Timeout, t.Timeout), or(m.Retry, t.Retry), or(m.Strategy, t.Strategy), or(m.Breaker, t.Breaker)
	t.LoadBalancing, t.Fault, t.Fallback = or(m.LoadBalancing, t.LoadBalancing), orList(m.Fault, t.Fault), orList(m.Fallback, t.Fallback)
	s.methodLimits = m.RateLimit
	return s
}
