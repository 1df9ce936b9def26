package importer

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// faultTolerance makes a Traffic policy for each target of a FaultToleranceRule of OpenSergo: what its strategies say, and
// what is answered in place of a refusal.
func (k *known) faultTolerance(r rule) (out []model.Policy) {
	app := ""
	if s := r.spec.child("selector"); s != nil {
		app = s.text("app")
	}
	if meta, ok := r.top.fields["metadata"].(map[string]any); ok && app == "" {
		if labels, ok := meta["labels"].(map[string]any); ok && labels["app"] != nil {
			app = fmt.Sprint(labels["app"])
		}
	}
	strategies := k.strategies(r)
	answer := k.fallback(r)
	for i, t := range r.spec.children("targets") {
		name := ""
		if i > 0 {
			name = fmt.Sprintf("%s-%d", r.name, i+1)
		}
		policy := model.Traffic{PolicyMeta: r.meta(name, app)}
		resource := t.text("targetResourceName")
		match := []model.RequestMatch(nil)
		method := ""
		if path, ok := httpResource(resource); ok {
			match = []model.RequestMatch{path}
		} else if iface, call, ok := strings.Cut(resource, ":"); ok {
			policy.Service = iface
			method, _, _ = strings.Cut(call, "(")
		} else {
			policy.Service = resource
		}
		if policy.Service == "" {
			t.lose("targetResourceName", "what service has it is not said: neither spec.selector.app nor metadata.labels.app is there")
			continue
		}
		s := target{t, resource, match, method, answer}
		var settings model.TrafficSettings
		var own model.MethodSettings
		for _, strategy := range strategies {
			s.apply(strategy, &settings, &own)
		}
		policy.TrafficSettings = settings
		if method != "" && (own.Limits != nil || len(own.RateLimit) > 0) {
			policy.Methods = map[string]model.MethodSettings{method: own}
		}
		if settings.Limits != nil || settings.Breaker != nil || len(settings.RateLimit) > 0 || policy.Methods != nil {
			out = append(out, policy)
		}
	}
	return out
}

// httpResource reads /foo and GET:/foo.
func httpResource(resource string) (model.RequestMatch, bool) {
	verb, path := "", resource
	if before, after, ok := strings.Cut(resource, ":"); ok && strings.HasPrefix(after, "/") {
		verb, path = before, after
	}
	if !strings.HasPrefix(path, "/") {
		return model.RequestMatch{}, false
	}
	out := model.RequestMatch{Path: &model.StringMatch{Exact: &path}}
	if verb != "" {
		out.Verb = []string{verb}
	}
	return out, true
}

// strategies are the rules that a rule names.
func (k *known) strategies(r rule) (out []rule) {
	for _, s := range r.spec.children("strategies") {
		name := s.text("name")
		found, ok := k.named(s.text("kind"), name)
		if !ok {
			s.lose("name", "there is no strategy "+name+" in the files")
			continue
		}
		out = append(out, found)
	}
	return out
}

// response is what is answered in place of a refusal.
type response struct {
	status *uint32
	body   string
}

func (k *known) fallback(r rule) (out response) {
	name := r.spec.text("fallbackAction")
	if name == "" {
		return out
	}
	action, ok := k.named("HttpRequestFallbackAction", name)
	if !ok {
		r.spec.lose("fallbackAction", "there is no HttpRequestFallbackAction "+name+" in the files")
		return out
	}
	action.spec.ignore("behavior")
	if d := action.spec.child("behaviorDesc"); d != nil {
		out.status, out.body = d.number("responseStatusCode"), d.text("responseContentBody")
		d.loseIf("responseAdditionalHeaders", "a refusal has no headers of its own")
	}
	return out
}

// target is what strategies apply to.
type target struct {
	*object
	resource string
	match    []model.RequestMatch
	method   string
	answer   response
}

// apply adds what a strategy says.
func (t target) apply(s rule, settings *model.TrafficSettings, own *model.MethodSettings) {
	switch s.kind {
	case "RateLimitStrategy", "ThrottlingStrategy":
		limit, ok := rateLimit(s)
		if !ok {
			return
		}
		limit.Match, limit.Status, limit.Body = t.match, t.answer.status, t.answer.body
		if t.method != "" {
			own.RateLimit = append(own.RateLimit, limit)
		} else {
			settings.RateLimit = append(settings.RateLimit, limit)
		}
	case "ConcurrencyLimitStrategy":
		limits := &model.Limits{Requests: s.spec.number("maxConcurrency")}
		local(s.spec)
		switch {
		case t.method != "":
			own.Limits = limits
		case t.match != nil:
			t.lost(s, "limits are those of a service or of a Dubbo method, not of a path")
		default:
			settings.Limits = limits
		}
	case "CircuitBreakerStrategy":
		b := breaker(s.spec)
		if t.method != "" || t.match != nil {
			t.lost(s, "a breaker is that of a service, not of a part of it")
			return
		}
		settings.Breaker = b
	}
}

// lost reports a strategy that does not fit a target.
func (t target) lost(s rule, why string) {
	t.report.lost = append(t.report.lost, Lost{t.report.of, t.at("targetResourceName"), fmt.Sprintf("%s for %s: %s", s.of, t.resource, why)})
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
	s.spec.ignore("metricType")
	local(s.spec)
	out = model.RateLimit{Requests: s.spec.number("threshold"), Per: s.spec.duration("statDuration")}
	if seconds := s.spec.number("statDurationSeconds"); seconds != nil {
		per := model.Duration(time.Duration(*seconds) * time.Second)
		out.Per = &per
	}
	return out, out.Requests != nil
}

func breaker(spec *object) *model.Breaker {
	out := &model.Breaker{Window: spec.duration("statDuration"), OpenFor: spec.duration("recoveryTimeout"), MinRequests: spec.number("minRequestAmount")}
	if spec.text("strategy") == "SlowRequestRatio" {
		out.SlowPercent = spec.percent("triggerRatio")
		if slow := spec.child("slowConditions"); slow != nil {
			out.SlowAfter = slow.duration("maxAllowedRt")
		}
		return out
	}
	out.ErrorPercent = spec.percent("triggerRatio")
	spec.loseIf("errorConditions", "every failure counts")
	return out
}
