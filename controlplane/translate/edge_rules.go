package translate

import (
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// rules are the routes of the policy's own rules, one for each match. A rule with a condition that cannot be checked is
// left out: it would fit more than was meant.
func (e edge) rules() (out []*routev3.Route, problems []model.Problem) {
	var parts shares
	for i, rule := range e.gateway.Rules {
		var routes []*routev3.Route
		for _, m := range rule.Match {
			share := parts.after(nil, m)
			if m.Percent != nil {
				m.Percent = &share.upTo
			}
			match := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
			err := narrow(match, m, way{})
			if err == nil {
				err = checkRegexes(match)
			}
			if err != nil {
				problems = append(problems, e.problem(fmt.Sprintf("rules[%d]", i), err.Error()))
				continue
			}
			parts.take(share)
			routes = append(routes, ruleRoute(rule, m, match))
		}
		out = append(out, routes...)
	}
	return out, problems
}

func ruleRoute(rule model.EdgeRule, m model.RequestMatch, match *routev3.RouteMatch) *routev3.Route {
	r := &routev3.Route{Name: rule.Name, Match: match}
	if rule.Redirect == nil {
		respond(r, rule.Respond)
		return r
	}
	// Dubbo consumers cannot be sent elsewhere.
	call := headerMatches("content-type", exactly(config.DubboContentType))
	call.InvertMatch, call.TreatMissingHeaderAsEmpty = true, true
	match.Headers = append(match.Headers, call)
	redirectTo(r, model.Rule{Match: []model.RequestMatch{m}, Redirect: rule.Redirect}, way{})
	return r
}
