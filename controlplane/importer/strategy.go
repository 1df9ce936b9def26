package importer

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// target is what strategies apply to: a service, a method of it, or some of its requests.
type target struct {
	*object
	resource string
	match    []model.RequestMatch
	method   string
	answer   *answer
}

// apply adds strategies to the policy of the target's service.
func (t target) apply(to *made, strategies []rule) {
	p := to.policy.(model.Traffic)
	own := p.Methods[t.method]
	at := settings{"", &p.Limits, &p.Breaker, &p.RateLimit, &p.Fallback}
	if t.method != "" {
		to.from["methods["+t.method+"]"] = t.object
		at = settings{"methods[" + t.method + "].", &own.Limits, &own.Breaker, &own.RateLimit, &own.Fallback}
	}
	var on []string
	for _, s := range strategies {
		if what := t.strategy(s, at, to); what != "" && !slices.Contains(on, what) {
			on = append(on, what)
		}
	}
	t.respond(on, at, to)
	if t.method != "" && !reflect.DeepEqual(own, model.MethodSettings{}) {
		if p.Methods == nil {
			p.Methods = map[string]model.MethodSettings{}
		}
		p.Methods[t.method] = own
	}
	to.policy = p
}

// settings are those of a service, or of a method of it.
type settings struct {
	path     string
	limits   **model.Limits
	breaker  **model.Breaker
	rates    *[]model.RateLimit
	fallback *[]model.Fallback
}

// strategy adds a strategy, and tells which failures it brings about that can be answered otherwise.
func (t target) strategy(s rule, at settings, to *made) string {
	switch s.kind {
	case "RateLimitStrategy", "ThrottlingStrategy":
		limit, ok := rateLimit(s)
		if !ok {
			return ""
		}
		if limit.Match = t.match; t.answer.inline() {
			limit.Status, limit.Body = t.answer.status, t.answer.body
		}
		if slices.ContainsFunc(*at.rates, func(other model.RateLimit) bool { return reflect.DeepEqual(other, limit) }) {
			return model.FallbackOnRateLimited
		}
		to.from[fmt.Sprintf("%srateLimit[%d]", at.path, len(*at.rates))] = s.spec
		*at.rates = append(*at.rates, limit)
		return model.FallbackOnRateLimited
	case "ConcurrencyLimitStrategy":
		limits := &model.Limits{Requests: s.spec.number("maxConcurrency")}
		local(s.spec)
		if t.match != nil {
			t.lost(s, "limits are those of a service or of a Dubbo method, not of a path")
			return ""
		}
		if *at.limits != nil && !reflect.DeepEqual(*at.limits, limits) {
			t.lost(s, to.from[at.path+"limits"].report.of+" has said it already")
			return ""
		}
		*at.limits, to.from[at.path+"limits"] = limits, s.spec
		return model.FallbackOnOpen
	case "CircuitBreakerStrategy":
		b := breaker(s.spec)
		if b == nil {
			return ""
		}
		if t.match != nil {
			t.lost(s, "a breaker is that of a service or of a Dubbo method, not of a path")
			return ""
		}
		if *at.breaker != nil && !reflect.DeepEqual(*at.breaker, b) {
			t.lost(s, to.from[at.path+"breaker"].report.of+" has said it already")
			return ""
		}
		*at.breaker, to.from[at.path+"breaker"] = b, s.spec
		return model.FallbackOnOpen
	}
	s.spec.ignore(s.spec.names()...)
	return ""
}

// respond has refusals answered as the fallback action says.
func (t target) respond(on []string, at settings, to *made) {
	if t.answer.inline() {
		on = slices.DeleteFunc(on, func(what string) bool { return what == model.FallbackOnRateLimited })
	}
	if t.answer == nil || len(on) == 0 {
		return
	}
	status := model.Or(t.answer.status, 429)
	fallback := model.Fallback{On: on, Status: &status, Headers: t.answer.headers, Body: t.answer.body}
	for i, other := range *at.fallback {
		if fallback.On = other.On; reflect.DeepEqual(other, fallback) { // the same answer
			for _, what := range on {
				if !slices.Contains(other.On, what) {
					other.On = append(slices.Clone(other.On), what)
				}
			}
			(*at.fallback)[i] = other
			return
		}
		fallback.On = on
		if slices.ContainsFunc(on, func(what string) bool { return slices.Contains(other.On, what) }) {
			t.report.add(t.node, t.path, fmt.Sprintf("%s is not what %s gets: refusals of one service have one answer", t.answer.spec.report.of, t.resource))
			return
		}
	}
	if t.match != nil {
		t.answer.spec.left("it answers whatever is refused by a rate limit of " + to.policy.Meta().Service + ", not " + t.resource + " alone")
	}
	to.from[fmt.Sprintf("%sfallback[%d]", at.path, len(*at.fallback))] = t.answer.spec
	*at.fallback = append(*at.fallback, fallback)
}

// lost reports a strategy that does not fit a target.
func (t target) lost(s rule, why string) {
	t.report.add(t.key("targetResourceName"), t.at("targetResourceName"), fmt.Sprintf("%s for %s: %s", s.of, t.resource, why))
}

// local reports that a limit of a whole cluster becomes one of each proxy.
func local(spec *object) {
	if mode := spec.text("limitMode"); mode != "" && mode != "Local" {
		spec.lose("limitMode", mode+": each proxy counts for itself, so that the limit holds for each of them")
	}
}

func rateLimit(s rule) (out model.RateLimit, ok bool) {
	if s.kind == "ThrottlingStrategy" {
		interval := s.spec.duration("minIntervalOfRequests")
		s.spec.loseIf("queueTimeout", "requests do not queue: what comes too early is refused")
		if interval.Or(0) <= 0 {
			return out, false
		}
		one := uint32(1)
		per := model.Duration(max(interval.Std(), time.Second))
		n := uint32(max(1, math.Floor(float64(per)/float64(*interval))))
		return model.RateLimit{Requests: &n, Per: &per, Burst: &one}, true
	}
	if metric := s.spec.text("metricType"); metric != "" && metric != "RequestAmount" {
		s.spec.lose("metricType", metric+" is not counted, so that the limit is left out")
		s.spec.ignore(s.spec.names()...)
		return out, false
	}
	local(s.spec)
	out = model.RateLimit{Requests: s.spec.number("threshold"), Per: s.spec.duration("statDuration")}
	if seconds := s.spec.number("statDurationSeconds"); seconds != nil {
		per := model.Duration(time.Duration(*seconds) * time.Second)
		out.Per = &per
	}
	return out, out.Requests != nil
}

// breaker reads what opens a breaker; nil when that cannot be asked for.
func breaker(spec *object) *model.Breaker {
	strategy := spec.text("strategy")
	if strategy != "" && strategy != "SlowRequestRatio" && strategy != "ErrorRequestRatio" {
		spec.lose("strategy", strategy+" cannot be asked for, so that the breaker is left out")
		spec.ignore(spec.names()...)
		return nil
	}
	out := &model.Breaker{Window: spec.duration("statDuration"), OpenFor: spec.duration("recoveryTimeout"), MinRequests: spec.number("minRequestAmount")}
	if strategy == "SlowRequestRatio" {
		spec.loseIf("errorConditions", "it looks at slow requests alone")
		out.SlowPercent = spec.ratio("triggerRatio")
		if slow := spec.child("slowConditions"); slow != nil {
			out.SlowAfter = slow.duration("maxAllowedRt")
		}
		return out
	}
	out.ErrorPercent = spec.ratio("triggerRatio")
	spec.loseIf("errorConditions", "every failure counts")
	spec.loseIf("slowConditions", "it looks at failures alone")
	return out
}

// app is the application that a selector names, whose other labels are reported.
func (o *object) app() string {
	labels := o.exactly("selector")
	for name := range labels {
		if name != "app" && name != "application" {
			o.lose("selector", "a service is told by its application alone")
		}
	}
	return cmp.Or(labels["app"], labels["application"])
}
