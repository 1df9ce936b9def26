package translate

import (
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// preflight are the routes for what a browser asks before it makes a request that a rule with CORS is for: none when the rule
// itself fits that. A preflight has the host, the path and the query of the request, and names its verb; it has no headers, cookies
// or body of it, so that the rule's conditions on those are not asked for.
func (u *unit) preflight(to []variant, w way, hosts []string, rule model.Rule, m model.RequestMatch, source string) ([]*routev3.Route, error) {
	if rule.CORS == nil || w.consumer || w.registered {
		return nil, nil
	}
	asked := model.RequestMatch{Host: m.Host, Path: m.Path, Method: m.Method, Query: m.Query}
	if s := m.Source; s != nil {
		asked.Source = &model.SourceMatch{IP: s.IP, Labels: s.Labels, Zone: s.Zone}
	}
	match := w.match()
	if !onePath(match, &asked, &w) {
		return nil, nil
	}
	verbs, fixed := m.Verb, false
	match.Headers = slices.DeleteFunc(match.Headers, func(h *routev3.HeaderMatcher) bool {
		if h.GetName() == ":method" {
			verbs, fixed = []string{h.GetStringMatch().GetExact()}, true
		}
		return h.GetName() == ":method" || h.GetName() == "content-type" && h.GetInvertMatch()
	})
	elsewhere := func(h *routev3.HeaderMatcher) bool { return h.GetName() == "content-type" } // gRPC, which no page speaks
	if slices.ContainsFunc(match.Headers, elsewhere) || fixed && len(m.Verb) > 0 && !slices.Contains(m.Verb, verbs[0]) {
		return nil, nil
	}
	if !fixed && fitsPreflights(m) {
		return nil, nil
	}
	if err := narrow(match, asked, w); err != nil {
		return nil, err
	}
	if len(hosts) > 0 && !slices.Contains(hosts, "*") {
		match.Headers = append(match.Headers, regexCondition(":authority", hostPattern(hosts), false))
	}
	there := true
	announced := model.StringMatch{In: verbs}
	if len(verbs) == 0 {
		announced = model.StringMatch{Present: &there}
	}
	told, err := headerConditions(model.RequestMatch{Verb: []string{"OPTIONS"}, Headers: map[string]model.StringMatch{
		"access-control-request-method": announced, "origin": {Present: &there},
	}}, w)
	if err != nil {
		return nil, err
	}
	match.Headers = append(match.Headers, told...)
	if err := checkRegexes(match); err != nil {
		return nil, err
	}
	r := u.route(to, w, rule, source)
	r.Match, r.Name = match, rule.Name
	return []*routev3.Route{r}, nil
}

// fitsPreflights reports whether the preflights of requests fit a match as these do.
func fitsPreflights(m model.RequestMatch) bool {
	return (len(m.Verb) == 0 || slices.Contains(m.Verb, "OPTIONS")) && m.Percent == nil && m.Group == nil && m.Version == nil &&
		len(m.Headers)+len(m.Cookies)+len(m.Attachments)+len(m.Arguments) == 0 && (m.Source == nil || len(m.Source.Service) == 0)
}
