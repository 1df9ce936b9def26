package translate

import (
	"errors"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// breakerFilter is the name under which the filter is configured in the listener and switched on in a route.
const breakerFilter = "dubbo.breaker"

// What a breaker does where its policy does not say it.
const (
	breakerRequests = 20
	breakerWindow   = 10 * time.Second
	breakerOpen     = 30 * time.Second
	breakerProbes   = 5
)

var errNeedsModule = errors.New("it needs dataplane " + DynamicModule)

// breakCircuit has the route's calls counted by the breaker of the service that it leads to, or of the method.
func breakCircuit(r *routev3.Route, u *unit, s routeSettings) {
	settings, name := u.called(s)
	if settings.Breaker == nil || s.way.anew && u.calledInstead(s.rule) == nil { // which would refuse other instances for what these have done
		return
	}
	if u.opt.contrib() {
		u.report(s, "breaker", errNeedsModule)
		return
	}
	b := breakerOf(*settings.Breaker)
	b.Service = name
	if m := u.serving(name).in.Policies.Methods[s.way.method]; m.Breaker != nil {
		b.Method = s.way.method
	}
	enable(r, breakerFilter, moduleFilter(config.BreakerFilter, b.Text()))
}

// called is the service that the requests of a route go to: what policies say of it, and its name.
func (u *unit) called(s routeSettings) (model.TrafficSettings, string) {
	if other := u.calledInstead(s.rule); other != nil {
		return other.settings(way{method: s.way.method}, model.Rule{}, "").service, other.in.Service.Name
	}
	return s.service, u.in.Service.Name
}

// calledInstead is the one other service that a rule sends all requests to, nil for none.
func (u *unit) calledInstead(rule model.Rule) *unit {
	var other *unit
	for i, b := range rule.To {
		o := u.others[b.Service]
		if o == nil || i > 0 && o != other {
			return nil
		}
		other = o
	}
	return other
}

func breakerOf(b model.Breaker) config.Breaker {
	first, every := steps(b.Recovery)
	out := config.Breaker{
		MinRequests: int64(model.Or(b.MinRequests, breakerRequests)), WindowMs: b.Window.Or(breakerWindow).Milliseconds(),
		OpenMs: b.OpenFor.Or(breakerOpen).Milliseconds(), Probes: int64(model.Or(b.Probes, breakerProbes)),
		StepPercent: first, EveryMs: every.Milliseconds(),
	}
	if b.ErrorPercent != nil {
		out.ErrorPercent = b.ErrorPercent.Number()
	}
	if b.SlowPercent != nil {
		out.SlowPercent, out.SlowMs = b.SlowPercent.Number(), b.SlowAfter.Or(time.Second).Milliseconds()
	}
	return out
}

// The steps in which something comes back where the policy does not say it.
const (
	stepPreset  = 10 // percent
	everyPreset = 10 * time.Second
)

// steps are the percent of a step and the time between two.
func steps(r *model.Recovery) (percent float64, every time.Duration) {
	if r == nil {
		r = &model.Recovery{}
	}
	return min(100, max(1, r.Step.Or(stepPreset*model.FullPercent/100).Number())), r.Every.Or(everyPreset)
}
