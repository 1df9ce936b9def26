package translate

import (
	"fmt"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// recoveryFilter is the name under which the filter is configured in the listener and switched on in a route.
const recoveryFilter = "dubbo.recovery"

// basePreset is how long Envoy ejects an instance where the policy does not say it.
const basePreset = 30 * time.Second

// regain has instances that were out get their share of the route's calls again in steps. Envoy's slow start does not begin
// with the end of an ejection.
func regain(r *routev3.Route, u *unit, s routeSettings) {
	settings, name := u.called(s)
	c, slowly := recoveryOf(settings)
	if !slowly {
		return
	}
	if u.opt.contrib() {
		if settings.Ejection.Recovery != nil {
			u.report(s, "ejection", fmt.Errorf("recovery: %w", errNeedsModule))
		}
		return
	}
	for _, b := range s.rule.To { // of several services that share the requests, each must want it
		if o := u.others[b.Service]; o != nil {
			if other, _ := recoveryOf(o.settings(way{method: s.way.method}, model.Rule{}, "").service); other != c {
				return
			}
		}
	}
	c.Service = name
	enable(r, recoveryFilter, moduleFilter(config.RecoveryFilter, c.Text()))
}

// recoveryOf is how instances of a service that has these settings come back, without the name, and whether they do so slowly.
func recoveryOf(t model.TrafficSettings) (config.Recovery, bool) {
	e := t.Ejection
	if e == nil || hashes(t.LoadBalancing) {
		return config.Recovery{}, false
	}
	first, every := steps(e.Recovery)
	return config.Recovery{StepPercent: first, EveryMs: every.Milliseconds(), OutMs: e.BaseTime.Or(basePreset).Milliseconds()}, first < 100
}
