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

// recovery is how an instance that comes back gets its weight again, nil where nothing is said.
func recovery(s model.TrafficSettings) *model.Recovery {
	if s.Ejection != nil && s.Ejection.Recovery != nil {
		return s.Ejection.Recovery
	}
	if s.Breaker != nil {
		return s.Breaker.Recovery
	}
	return nil
}

// regain is a slow start that lasts as long as all steps, and begins with the first.
func regain(r *model.Recovery) *clusterv3.Cluster_SlowStartConfig {
	if r == nil {
		return nil
	}
	step := max(1, r.Step.Or(10*model.FullPercent/100).Number())
	window := time.Duration(float64(r.Every.Or(10*time.Second)) * 100 / step)
	return &clusterv3.Cluster_SlowStartConfig{SlowStartWindow: durationpb.New(window), MinWeightPercent: &typev3.Percent{Value: min(step, 100)}}
}
