package translate

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	admissionv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/admission_control/v3"
	codecv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/upstream_codec/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// admit refuses a growing share of requests while many fail, by a filter of the cluster's own: a change of it touches no
// listener and no other service.
func admit(c *clusterv3.Cluster, t target) {
	a := t.settings.AdmissionControl
	if a == nil {
		return
	}
	filterCluster(c, "envoy.filters.http.admission_control", admissionControl(a))
}

// filterCluster adds a filter to those that requests to a cluster's instances meet.
func filterCluster(c *clusterv3.Cluster, name string, m proto.Message) {
	filter := func(name string, m proto.Message) *hcmv3.HttpFilter {
		return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(m)}}
	}
	editHTTP(c, func(o *httpv3.HttpProtocolOptions) {
		if n := len(o.HttpFilters); n > 0 {
			o.HttpFilters = o.HttpFilters[:n-1]
		}
		// The codec stands last.
		o.HttpFilters = append(o.HttpFilters, filter(name, m), filter("envoy.filters.http.upstream_codec", &codecv3.UpstreamCodec{}))
	})
}

func admissionControl(a *model.AdmissionControl) *admissionv3.AdmissionControl {
	percent := func(p *model.Percent, preset float64) *corev3.RuntimePercent {
		if p != nil {
			preset = p.Number()
		}
		return &corev3.RuntimePercent{DefaultValue: &typev3.Percent{Value: preset}, RuntimeKey: noRuntimeKey}
	}
	return &admissionv3.AdmissionControl{
		EvaluationCriteria: &admissionv3.AdmissionControl_SuccessCriteria_{SuccessCriteria: &admissionv3.AdmissionControl_SuccessCriteria{}},
		SamplingWindow:     durationpb.New(a.Window.Or(30 * time.Second)),
		Aggression:         runtimeDouble(model.Or(a.Aggression, 1)),
		SrThreshold:        percent(a.SuccessRate, 95),
		RpsThreshold:       &corev3.RuntimeUInt32{DefaultValue: model.Or(a.MinRate, 0), RuntimeKey: noRuntimeKey},

		MaxRejectionProbability: percent(a.MaxRefused, 80),
		Enabled:                 &corev3.RuntimeFeatureFlag{DefaultValue: wrapperspb.Bool(true), RuntimeKey: noRuntimeKey},
	}
}
