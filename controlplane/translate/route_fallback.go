package translate

import (
	"maps"
	"slices"
	"strings"

	xdstype "github.com/cncf/xds/go/xds/type/matcher/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	customv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/custom_response/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// fallBack answers in place of a failure. It looks at what the retries have left, whoever refused: a limit, a breaker, Envoy
// because nobody can be asked, or the service.
func fallBack(r *routev3.Route, u *unit, s routeSettings) {
	var found []*xdstype.Matcher_MatcherList_FieldMatcher
	for _, f := range s.fallbacks() {
		if u.opt.contrib() {
			u.report(s, "fallback", errNeedsModule)
			break
		}
		if leads(f) {
			continue
		}
		found = append(found, &xdstype.Matcher_MatcherList_FieldMatcher{
			Predicate: failures(f),
			OnMatch:   &xdstype.Matcher_OnMatch{OnMatch: &xdstype.Matcher_OnMatch_Action{Action: matching("fallback", fixedAnswer(f, s.way.consumer))}},
		})
	}
	if len(found) > 0 {
		enable(r, fallbackFilter, &customv3.CustomResponse{CustomResponseMatcher: &xdstype.Matcher{
			MatcherType: &xdstype.Matcher_MatcherList_{MatcherList: &xdstype.Matcher_MatcherList{Matchers: found}},
		}})
	}
}

// fallbacks are those of the route's calls.
func (s routeSettings) fallbacks() []model.Fallback {
	return fallbacks(orList(s.rule.Fallback, s.service.Fallback), or(s.rule.Strategy, s.service.Strategy))
}

// fallbacks are those that are written, or what the strategy failsafe means: any failure is an empty result.
func fallbacks(list []model.Fallback, strategy *model.Strategy) []model.Fallback {
	if len(list) == 0 && strategy != nil && strategy.Mode == model.StrategyFailsafe {
		return []model.Fallback{{On: []string{model.FallbackOn5xx}, Body: "null"}}
	}
	return list
}

// fallsBack reports whether any call of a service has a fallback.
func fallsBack(p model.ServicePolicies) bool {
	found := len(fallbacks(p.Traffic.Fallback, p.Traffic.Strategy)) > 0
	for _, m := range p.Methods {
		found = found || len(fallbacks(m.Fallback, m.Strategy)) > 0
	}
	for _, r := range p.Routes {
		found = found || slices.ContainsFunc(r.Rules, func(rule model.Rule) bool { return len(fallbacks(rule.Fallback, rule.Strategy)) > 0 })
	}
	return found
}

// failures fits the answers in whose place a fallback stands.
func failures(f model.Fallback) *xdstype.Matcher_MatcherList_Predicate {
	var fits []*xdstype.Matcher_MatcherList_Predicate
	for _, o := range failedOn(f) {
		fits = append(fits, failure(o))
	}
	for _, status := range f.Statuses {
		fits = append(fits, statusIs(itoa(int(status))))
	}
	if len(fits) == 1 {
		return fits[0]
	}
	return &xdstype.Matcher_MatcherList_Predicate{MatchType: &xdstype.Matcher_MatcherList_Predicate_OrMatcher{
		OrMatcher: &xdstype.Matcher_MatcherList_Predicate_PredicateList{Predicate: fits},
	}}
}

// failedOn are the failures in whose place a fallback stands.
func failedOn(f model.Fallback) []string {
	if len(f.On) == 0 && len(f.Statuses) == 0 {
		return []string{model.FallbackOnOpen, model.FallbackOnOverload, model.FallbackOnTimeout}
	}
	return f.On
}

func failure(on string) *xdstype.Matcher_MatcherList_Predicate {
	switch on {
	case model.FallbackOnOpen:
		return toldBy(config.DetailsOpen)
	case model.FallbackOnRateLimited:
		return toldBy(config.DetailsRateLimited)
	case model.FallbackOnOverload:
		return &xdstype.Matcher_MatcherList_Predicate{MatchType: &xdstype.Matcher_MatcherList_Predicate_AndMatcher{
			AndMatcher: &xdstype.Matcher_MatcherList_Predicate_PredicateList{Predicate: []*xdstype.Matcher_MatcherList_Predicate{statusIs("503"), toldBy(config.DetailsAnswered)}},
		}}
	case model.FallbackOnTimeout:
		return statusIs("504")
	}
	return statusClassIs("5xx")
}

// headersOf are the headers of a fixed answer, by lower-case name. A body without a type is JSON if it looks so.
func headersOf(f model.Fallback) map[string]string {
	out := map[string]string{}
	for name, value := range f.Headers {
		out[strings.ToLower(name)] = value
	}
	if _, said := out["content-type"]; !said && f.Body != "" {
		out["content-type"] = "text/plain; charset=utf-8"
		if strings.ContainsAny(f.Body[:1], `{["`) || slices.Contains([]string{"null", "true", "false"}, f.Body) {
			out["content-type"] = "application/json"
		}
	}
	return out
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
