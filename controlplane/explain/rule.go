package explain

import (
	"fmt"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// rule finds the rule of a Route policy that a mark names.
func (q Question) rule(mark string) (model.Rule, bool) {
	for _, p := range q.Snapshot.Policies.Routes {
		for i, rule := range p.Rules {
			if at := fmt.Sprintf("%s rules[%d]", model.PolicyID(p), i); mark == at || strings.HasPrefix(mark, at+" ") {
				return rule, true
			}
		}
	}
	return model.Rule{}, false
}

// whyNot says of each rule that stands before the one that fits why it does not. A rule has a route for each way in which
// requests come, and for each method with settings of its own: what such a route asks for beside the rule is not told, and
// that the path is another one only when there is nothing better to tell. What policies say themselves goes before what Envoy
// was told for it.
func (q Question) whyNot(passed []routing.Passed, rule, method string, carrier model.LaneCarrier) (out []string) {
	var rules []string
	reasons := map[string][]string{}
	for _, p := range passed {
		name := ruleOf(p.Route)
		if name == "" || name == rule || q.apart(name, p) || laneOf(p.Route, carrier) != "" { // which another policy asks for
			continue
		}
		if _, known := reasons[name]; !known {
			rules = append(rules, name)
		}
		if !slices.Contains(reasons[name], p.Why) {
			reasons[name] = append(reasons[name], p.Why)
		}
	}
	for _, name := range rules {
		if why := q.unfitRule(name, method); why != "" {
			out = append(out, name+": "+why)
			continue
		}
		all := reasons[name]
		if better := slices.DeleteFunc(slices.Clone(all), lesser); len(better) > 0 {
			all = better
		}
		out = append(out, name+": "+strings.Join(all, "; "))
	}
	return out
}

func aboutPath(why string) bool { return strings.HasPrefix(why, "the path ") }

// lesser reports whether a reason is told only where there is no better one.
func lesser(why string) bool { return aboutPath(why) || why == routing.TakenBefore }

// apart reports whether a route of a rule is for requests that come in another way than this one. A rule at the edge has one
// route for all.
func (q Question) apart(name string, p routing.Passed) bool {
	rule, known := q.rule(name)
	return known && q.otherWay(rule.Match, p)
}

// otherWay reports whether a route was passed for what it asks beside what policies do: that the request is a call of a Dubbo
// consumer or of a gRPC client, for another group or version, one that is made anew, or has another path of the service. Such a
// route says nothing of its rule, which may even stand behind the one that fits.
func (q Question) otherWay(policies []model.RequestMatch, p routing.Passed) bool {
	asks := func(of func(model.RequestMatch) bool) bool { return slices.ContainsFunc(policies, of) }
	if aboutPath(p.Why) && !asks(func(m model.RequestMatch) bool { return m.Path != nil || m.Method != nil }) {
		return true
	}
	ownGroup, ownVersion := asks(func(m model.RequestMatch) bool { return m.Group != nil }), asks(func(m model.RequestMatch) bool { return m.Version != nil })
	return slices.ContainsFunc(p.Route.GetMatch().GetHeaders(), func(h *routev3.HeaderMatcher) bool {
		switch h.GetName() {
		case config.FallbackHeader:
			return true
		case config.GroupHeader:
			return !ownGroup && !routing.Fits(h, q.Request)
		case config.VersionHeader:
			return !ownVersion && !routing.Fits(h, q.Request)
		case "content-type":
			return !routing.Fits(h, q.Request) && !asks(func(m model.RequestMatch) bool { return asksType(m, h) })
		}
		return false
	})
}

// asksType reports whether a policy itself asks for the content type that a route does.
func asksType(m model.RequestMatch, h *routev3.HeaderMatcher) bool {
	for name, s := range m.Headers {
		want := h.GetStringMatch()
		switch {
		case !strings.EqualFold(name, "content-type"):
		case want.GetExact() == config.DubboContentType:
			return model.Or(s.Exact, "") == config.DubboContentType
		default:
			return want.GetPrefix() == "" || s.Prefix == want.GetPrefix()
		}
	}
	return false
}
