package translate

import (
	"fmt"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	adaptivev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/adaptive_concurrency/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// adaptiveFilters is the filter that bounds what is under way for a service by the latency. Envoy has it in listeners
// only, and one for all routes that switch it on: each service has its own, which a change replaces with the listener.
func (u *unit) adaptiveFilters() []*hcmv3.HttpFilter {
	a := u.in.Policies.Traffic.AdaptiveConcurrency
	if a == nil {
		return nil
	}
	if _, known := typev3.StatusCode_name[int32(model.Or(a.Status, 503))]; !known {
		u.report(routeSettings{}, "adaptiveConcurrency", fmt.Errorf("status %d is none that Envoy knows; 503 is answered", *a.Status))
		standard := *a
		standard.Status, a = nil, &standard
	}
	return []*hcmv3.HttpFilter{{
		Name: u.adaptiveName(), Disabled: true,
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(adaptiveConcurrency(a))},
	}}
}

const adaptivePrefix = "adaptive-concurrency|"

func (u *unit) adaptiveName() string { return adaptivePrefix + u.in.Service.Name }

// adapt switches the service's filter on.
func adapt(r *routev3.Route, u *unit, s routeSettings) {
	if s.service.AdaptiveConcurrency != nil {
		enable(r, u.adaptiveName(), switchedOn)
	}
}

func adaptiveConcurrency(a *model.AdaptiveConcurrency) *adaptivev3.AdaptiveConcurrency {
	out := &adaptivev3.AdaptiveConcurrency{ConcurrencyControllerConfig: &adaptivev3.AdaptiveConcurrency_GradientControllerConfig{
		GradientControllerConfig: &adaptivev3.GradientControllerConfig{
			SampleAggregatePercentile: &typev3.Percent{Value: a.Percentile.Or(50 * model.FullPercent / 100).Number()},
			ConcurrencyLimitParams: &adaptivev3.GradientControllerConfig_ConcurrencyLimitCalculationParams{
				MaxConcurrencyLimit:       uint32Of(a.MaxLimit),
				ConcurrencyUpdateInterval: durationpb.New(a.Update.Or(100 * time.Millisecond)),
			},
			MinRttCalcParams: &adaptivev3.GradientControllerConfig_MinimumRTTCalculationParams{
				Interval:     durationpb.New(a.MinLatencyInterval.Or(time.Minute)),
				RequestCount: uint32Of(a.MinLatencyRequests),
				Buffer:       &typev3.Percent{Value: a.Buffer.Or(25 * model.FullPercent / 100).Number()},
			},
		},
	}}
	if a.Status != nil {
		out.ConcurrencyLimitExceededStatus = &typev3.HttpStatus{Code: typev3.StatusCode(*a.Status)}
	}
	return out
}
