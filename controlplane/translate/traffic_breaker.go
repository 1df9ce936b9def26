package translate

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// breakOpen takes out each instance of which too large a share of the calls of a window has failed, up to all of them: then
// the service is open, and calls are refused without anybody being asked. After their time they are asked again, half-open:
// one bad window more and they are out once more. Envoy's panic mode, which would ask instances that are out, is off.
func breakOpen(c *clusterv3.Cluster, t target) {
	b := t.settings.Breaker
	if b == nil || b.ErrorPercent == nil {
		return
	}
	o := c.OutlierDetection
	if o == nil {
		o = &clusterv3.OutlierDetection{EnforcingConsecutive_5Xx: never, EnforcingSuccessRate: never, EnforcingLocalOriginSuccessRate: never}
		c.OutlierDetection = o
	}
	o.Interval = durationpb.New(b.Window.Or(10 * time.Second))
	o.BaseEjectionTime = durationpb.New(b.OpenFor.Or(30 * time.Second))
	o.MaxEjectionTime = o.BaseEjectionTime // it does not grow
	o.MaxEjectionPercent, o.AlwaysEjectOneHost = always, wrapperspb.Bool(true)
	o.EnforcingFailurePercentage, o.FailurePercentageThreshold = always, wrapperspb.UInt32(max(1, b.ErrorPercent.Whole()))
	o.FailurePercentageRequestVolume, o.FailurePercentageMinimumHosts = wrapperspb.UInt32(model.Or(b.MinRequests, 20)), wrapperspb.UInt32(1)
	c.CommonLbConfig.HealthyPanicThreshold = &typev3.Percent{Value: 0}
}

// The steps in which something comes back where the policy does not say it.
const (
	stepPreset  = 10 // percent
	everyPreset = 10 * time.Second
)

// steps are the percent of the first step, and the time that all of them take.
func steps(r *model.Recovery) (first float64, all time.Duration) {
	first = min(100, max(1, r.Step.Or(stepPreset*model.FullPercent/100).Number()))
	return first, time.Duration(float64(r.Every.Or(everyPreset)) * 100 / first)
}

// readmission lets calls in by and by when a breaker closes: as long as failures are remembered, a share of the calls is
// refused, which falls with each success.
func readmission(b *model.Breaker) *model.AdmissionControl {
	if b == nil || b.ErrorPercent == nil || b.Recovery == nil {
		return nil
	}
	first, all := steps(b.Recovery)
	window := model.Duration(min(max(all, time.Second), 10*time.Minute))
	success := max(model.FullPercent/100, model.FullPercent-*b.ErrorPercent)
	refused := model.FullPercent - model.Percent(first/100*float64(model.FullPercent))
	return &model.AdmissionControl{Window: &window, SuccessRate: &success, MaxRefused: &refused}
}

// regain is a slow start that lasts as long as all steps, and begins with the first.
func regain(e *model.Ejection) *clusterv3.Cluster_SlowStartConfig {
	if e == nil || e.Recovery == nil {
		return nil
	}
	first, all := steps(e.Recovery)
	return &clusterv3.Cluster_SlowStartConfig{SlowStartWindow: durationpb.New(all), MinWeightPercent: &typev3.Percent{Value: first}}
}
