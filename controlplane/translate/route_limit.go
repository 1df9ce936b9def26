package translate

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// limitFilter is the name under which the filter is configured in the listener and switched on in a route.
const limitFilter = "dubbo.limits"

var errTooManyLimits = fmt.Errorf("one request can have %d of them; leave some out", config.MaxLimits)

// limitRate refuses requests above a rate. The routes that a limit is for name it alike, so that they share it.
func limitRate(r *routev3.Route, u *unit, s routeSettings) {
	if u.opt.contrib() {
		limitByEnvoy(r, u, s)
		return
	}
	out := config.Limits{Service: u.in.Service.Name}
	for _, l := range s.limits() {
		match, counts := u.limitMatch(l, s)
		if !counts {
			continue
		}
		if len(out.Limits) == config.MaxLimits {
			u.report(s, "rateLimit", errTooManyLimits)
			break
		}
		out.Limits = append(out.Limits, limitOf(l, match, u.callerHeader(), s.way))
	}
	if len(out.Limits) == 0 {
		return
	}
	if err := out.Check(); err != nil {
		u.report(s, "rateLimit", err)
		return
	}
	enable(r, limitFilter, moduleFilter(config.LimitsFilter, out.Text()))
}

// namedLimit is a limit with its name among those of a service.
type namedLimit struct {
	name string
	model.RateLimit
}

// limits are those of the route's calls: of the rule, of the method and of the service.
func (s routeSettings) limits() (out []namedLimit) {
	add := func(where string, list []model.RateLimit) {
		for i, l := range list {
			out = append(out, namedLimit{where + "rateLimit." + itoa(i), l})
		}
	}
	add(s.way.rule+".", s.rule.RateLimit)
	add("methods."+escaped(s.way.method)+".", s.methodLimits)
	add("", s.service.RateLimit)
	return out
}

// ruleName tells a rule of a service from all others: by its name, so that it stays the same when others come and go.
func ruleName(p model.Route, index int) string {
	name, same := p.Rules[index].Name, 0
	for _, r := range p.Rules {
		if r.Name == name {
			same++
		}
	}
	if name == "" || same > 1 {
		name = "rules." + itoa(index)
	}
	return "Route/" + escaped(p.Name) + "/" + escaped(name)
}

// limitMatch says which requests of the route a limit counts: those that fit one of the matches, all without any.
func (u *unit) limitMatch(l namedLimit, s routeSettings) (match [][]config.Condition, counts bool) {
	for _, m := range anyOf(l.Match) {
		if fits, err := s.way.ofMethod(&m); err != nil || !fits {
			continue
		}
		headers, err := headersOnly(m, s.way)
		if err != nil {
			u.report(s, "rateLimit", err)
			continue
		}
		if len(headers) == 0 {
			return nil, true
		}
		var all []config.Condition
		for _, h := range headers {
			all = append(all, conditionOf(h))
		}
		match = append(match, all)
	}
	return match, len(match) > 0
}

func limitOf(l namedLimit, match [][]config.Condition, caller string, w way) config.Limit {
	requests := model.Or(l.Requests, 1)
	out := config.Limit{
		Name: l.name, Requests: requests, PerMs: l.Per.Or(time.Second).Milliseconds(), Burst: model.Or(l.Burst, max(1, requests)),
		Match: match, Status: int(model.Or(l.Status, 429)), DryRun: l.DryRun,
	}
	for _, by := range l.By {
		out.By = append(out.By, limitKey(by, caller, w))
	}
	if l.Body != "" {
		out.Type = headersOf(model.Fallback{Body: l.Body})["content-type"]
		out.Body = strings.NewReplacer("%RESPONSE_CODE%", itoa(out.Status), "%RESPONSE_CODE_DETAILS%", config.LimitedDetails).Replace(l.Body)
	}
	return out
}

// limitKey is by what requests get buckets of their own. Caller is the header with the name of who calls.
func limitKey(by, caller string, w way) config.LimitKey {
	kind, name, _ := strings.Cut(by, ":")
	switch kind {
	case "sourceIp":
		return config.LimitKey{From: config.KeySource}
	case "caller":
		return config.LimitKey{From: config.KeyHeader, Name: caller}
	case "header":
		return config.LimitKey{From: config.KeyHeader, Name: strings.ToLower(name)}
	case "attachment":
		return config.LimitKey{From: config.KeyHeader, Name: config.AttachmentPrefix + strings.ToLower(name)}
	case "method":
		if w.method != "" {
			return config.LimitKey{From: config.KeyText, Name: escaped(w.method)}
		}
		if w.calls {
			return config.LimitKey{From: config.KeyMethod}
		}
	}
	return config.LimitKey{From: config.KeyPath}
}

// headersOnly are conditions for filters that can look at headers alone; the path is one of them, with its query.
func headersOnly(m model.RequestMatch, w way) ([]*routev3.HeaderMatcher, error) {
	if len(m.Cookies) > 0 || m.Percent != nil {
		return nil, errors.New("cookies and percent cannot be looked at here; write a Route with a rule for them, which has this field too")
	}
	if s := m.Source; s != nil && len(s.IP)+len(s.Labels)+len(s.Zone) > 0 {
		return nil, errSource
	}
	conditions, err := headerConditions(m, w)
	for _, name := range slices.Sorted(maps.Keys(m.Query)) {
		s := positive(m.Query[name])
		whole, bad := s.QueryPattern(name)
		if err = errors.Join(err, bad); bad == nil {
			conditions = append(conditions, regexCondition(":path", whole, s.Not))
		}
	}
	return conditions, errors.Join(err, checkRegexes(&routev3.RouteMatch{Headers: conditions}))
}

// conditionOf is a condition for the filter, which has it from those that Envoy is given.
func conditionOf(h *routev3.HeaderMatcher) config.Condition {
	c := config.Condition{Header: h.Name, Not: h.InvertMatch, Empty: h.TreatMissingHeaderAsEmpty}
	switch s := h.HeaderMatchSpecifier.(type) {
	case *routev3.HeaderMatcher_PresentMatch:
		c.Present = &s.PresentMatch
		return c
	case *routev3.HeaderMatcher_RangeMatch:
		c.Range = &config.ConditionRange{Min: s.RangeMatch.Start, End: s.RangeMatch.End}
		return c
	}
	m := h.GetStringMatch()
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		c.Exact = &p.Exact
		if m.IgnoreCase {
			c.Exact, c.Regex = nil, "(?i)"+regexp.QuoteMeta(p.Exact)
		}
	case *matcherv3.StringMatcher_Prefix:
		c.Prefix = p.Prefix
		if m.IgnoreCase {
			c.Prefix, c.Regex = "", "(?is)"+regexp.QuoteMeta(p.Prefix)+".*"
		}
	case *matcherv3.StringMatcher_Suffix:
		c.Suffix = p.Suffix
		if m.IgnoreCase {
			c.Suffix, c.Regex = "", "(?is).*"+regexp.QuoteMeta(p.Suffix)
		}
	case *matcherv3.StringMatcher_Contains:
		c.Contains = p.Contains
		if m.IgnoreCase {
			c.Contains, c.Regex = "", "(?is).*"+regexp.QuoteMeta(p.Contains)+".*"
		}
	default:
		c.Regex = m.GetSafeRegex().GetRegex()
	}
	return c
}
