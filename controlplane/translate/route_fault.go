package translate

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	faultcommonv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/fault/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// injectFaults makes requests slow or fail on purpose. Each fault, for each of its matches, is a filter of its own.
func injectFaults(r *routev3.Route, u *unit, s routeSettings) {
	n := 0
	for _, f := range orList(s.rule.Fault, s.service.Fault) {
		for _, m := range anyOf(f.Match) {
			config := fault(f)
			var err error
			if config.Headers, err = headersOnly(m, s.way); err != nil {
				u.report(s, "fault", err)
				continue
			}
			if n == maxPerRoute {
				u.report(s, "fault", errTooMany)
				return
			}
			enable(r, faultFilter+itoa(n), config)
			n++
		}
	}
}

func fault(f model.Fault) *faultv3.HTTPFault {
	out := &faultv3.HTTPFault{}
	if d := f.Delay; d != nil {
		out.Delay = &faultcommonv3.FaultDelay{
			FaultDelaySecifier: &faultcommonv3.FaultDelay_FixedDelay{FixedDelay: durationOf(d.Time)}, Percentage: fraction(d.Percent.Or(model.FullPercent)),
		}
	}
	if a := f.Abort; a != nil {
		out.Abort = &faultv3.FaultAbort{
			ErrorType: &faultv3.FaultAbort_HttpStatus{HttpStatus: model.Or(a.Status, 503)}, Percentage: fraction(a.Percent.Or(model.FullPercent)),
		}
	}
	if f.Rate != nil {
		out.ResponseRateLimit = &faultcommonv3.FaultRateLimit{
			LimitType:  &faultcommonv3.FaultRateLimit_FixedLimit_{FixedLimit: &faultcommonv3.FaultRateLimit_FixedLimit{LimitKbps: max(1, f.Rate.Or(0)>>10)}},
			Percentage: fraction(model.FullPercent),
		}
	}
	return out
}

// anyOf is a list of matches of which a request has to fit one: all requests fit when it is empty.
func anyOf(list []model.RequestMatch) []model.RequestMatch {
	if len(list) == 0 {
		return []model.RequestMatch{{}}
	}
	return list
}
