package translate

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

var (
	never  = wrapperspb.UInt32(0)
	always = wrapperspb.UInt32(100)
)

// eject takes failing instances out for a while. Of what Envoy would look at by itself, only failures in a row are looked at
// unless the policy says so.
func eject(c *clusterv3.Cluster, t target) {
	e := t.settings.Ejection
	if e == nil {
		return
	}
	o := &clusterv3.OutlierDetection{
		Interval: durationOf(e.Interval), BaseEjectionTime: durationOf(e.BaseTime), MaxEjectionTime: durationOf(e.MaxTime),
		EnforcingSuccessRate: never, EnforcingLocalOriginSuccessRate: never,
		// By default Envoy brings an instance back with the next health check that is good, however it treats calls.
		SuccessfulActiveHealthCheckUnejectHost: wrapperspb.Bool(false),
	}
	if base := e.BaseTime.Or(0); base > 0 && base > e.MaxTime.Or(base) {
		o.MaxEjectionTime = durationOf(e.BaseTime) // Envoy refuses a longest time that is shorter than the first
	}
	share := e.MaxPercent.Or(10 * model.FullPercent / 100)
	o.MaxEjectionPercent = wrapperspb.UInt32(share.Whole())
	// A share of few instances may be less than one of them.
	o.AlwaysEjectOneHost = wrapperspb.Bool(share > 0)
	ejectInARow(o, e)
	if s := e.SuccessRate; s != nil {
		o.EnforcingSuccessRate, o.SuccessRateRequestVolume, o.SuccessRateMinimumHosts = always, uint32Of(s.MinRequests), uint32Of(s.MinInstances)
		if s.Factor != nil {
			o.SuccessRateStdevFactor = wrapperspb.UInt32(uint32(*s.Factor * 1000))
		}
	}
	if f := e.FailurePercent; f != nil {
		o.EnforcingFailurePercentage, o.FailurePercentageThreshold = always, wrapperspb.UInt32(f.Threshold.Or(0).Whole())
		o.FailurePercentageRequestVolume, o.FailurePercentageMinimumHosts = uint32Of(f.MinRequests), uint32Of(f.MinInstances)
	}
	c.OutlierDetection = o
	if e.PanicBelow != nil {
		c.CommonLbConfig.HealthyPanicThreshold = &typev3.Percent{Value: e.PanicBelow.Number()}
	}
}

// ejectInARow counts failures in a row; 0 switches a count off.
func ejectInARow(o *clusterv3.OutlierDetection, e *model.Ejection) {
	switch n := e.Consecutive5xx; {
	case n == nil:
	case *n == 0:
		o.EnforcingConsecutive_5Xx = never
	default:
		o.Consecutive_5Xx = wrapperspb.UInt32(*n)
	}
	if n := model.Or(e.ConsecutiveGatewayErrors, 0); n > 0 {
		o.ConsecutiveGatewayFailure, o.EnforcingConsecutiveGatewayFailure = wrapperspb.UInt32(n), always
	}
	if n := model.Or(e.ConsecutiveLocalFailures, 0); n > 0 {
		o.SplitExternalLocalOriginErrors = true
		o.ConsecutiveLocalOriginFailure, o.EnforcingConsecutiveLocalOriginFailure = wrapperspb.UInt32(n), always
	}
}
