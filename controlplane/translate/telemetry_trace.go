package translate

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tracev3 "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tracingv3 "github.com/envoyproxy/go-control-plane/envoy/type/tracing/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// defaultSampling is the share of requests that are traced where a policy does not say.
const defaultSampling = model.FullPercent / 100

// tracedAs is the name of the gateway among the services of a trace.
const tracedAs = "dubbomesh-gateway"

// trace sends spans to the collector that the first policy names: that of all services, else those of services in the
// order of their names. Envoy has one collector a port; whoever names another is told.
func (out *telemetry) trace(all told, some []told, services []ServiceResources, opt Options) {
	id := func(t told) string { return t.tracing }
	var collector *told
	for _, t := range append([]told{all}, byPolicy(all, some, id)...) {
		switch {
		case t.settings.Tracing == nil || t.settings.Tracing.Off:
		case t.collector() == "":
		case collector == nil:
			collector = &t
		case t.collector() != collector.collector():
			out.problem(t, fmt.Sprintf("spans go to %s, by %s: Envoy sends those of a port to one collector; name the same, or none", collector.collector(), collector.tracing))
		}
	}
	if collector == nil {
		for _, t := range append([]told{all}, byPolicy(all, some, id)...) {
			if t.settings.Tracing != nil && !t.settings.Tracing.Off {
				out.problem(t, "no policy names a collector, so that there are no spans; write address: host:4317, or service")
			}
		}
		return
	}
	cluster, err := out.collect(collector.settings.Tracing, services, opt)
	if err != nil {
		out.problem(*collector, err.Error())
		return
	}
	out.tracing = &hcmv3.HttpConnectionManager_Tracing{
		ClientSampling: &typev3.Percent{}, // a caller's decision is in traceparent
		RandomSampling: &typev3.Percent{},
		Provider: &tracev3.Tracing_Http{Name: "envoy.tracers.opentelemetry", ConfigType: &tracev3.Tracing_Http_TypedConfig{
			TypedConfig: pack(&tracev3.OpenTelemetryConfig{ServiceName: tracedAs, Sampler: sampler(all, some), GrpcService: &corev3.GrpcService{
				TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: cluster}},
				Timeout:         durationpb.New(collectIn),
			}}),
		}},
		SpawnUpstreamSpan: wrapperspb.Bool(true), // attempts are spans of their own
	}
	if t := all.settings.Tracing; t != nil && !t.Off {
		out.tracing.RandomSampling.Value = 100 // of which the sampler takes its share
		out.tracing.CustomTags = customTags(t.Tags)
	}
}

func (out *telemetry) problem(t told, reason string) {
	out.problems = append(out.problems, model.Problem{Key: t.tracing, Reason: t.tracing + ": tracing: " + reason})
}

// collector is where the policy wants spans, "" when it does not say.
func (t told) collector() string {
	if t.settings.Tracing.Service != "" {
		return "service " + t.settings.Tracing.Service
	}
	return t.settings.Tracing.Address
}

// collect returns the cluster of a collector: one that a service has, or one of its own.
func (out *telemetry) collect(t *model.Tracing, services []ServiceResources, opt Options) (string, error) {
	if t.Service == "" {
		c, err := collectorCluster(t.Address, opt)
		if err != nil {
			return "", err
		}
		out.collector = c
		return c.Name, nil
	}
	at := slices.IndexFunc(services, func(s ServiceResources) bool { return s.Name == t.Service })
	if at < 0 {
		return "", fmt.Errorf("service %s is not registered, so that there are no spans; register it, or write address: host:4317", t.Service)
	}
	for _, protocol := range []model.Protocol{model.ProtocolGRPC, model.ProtocolH2, model.ProtocolTriple} {
		for _, c := range services[at].Clusters {
			if strings.HasPrefix(c.Name, string(protocol)+"|") && ClusterService(c.Name) == t.Service {
				return c.Name, nil
			}
		}
	}
	return "", fmt.Errorf("service %s speaks no gRPC, so that there are no spans; register its OTLP port with protocol: grpc", t.Service)
}

// collectIn bounds how long the collector may take for a batch of spans.
const collectIn = 5 * time.Second

func collectorCluster(at string, opt Options) (*clusterv3.Cluster, error) {
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil, fmt.Errorf("%s is no host:port", at)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%s has no port; write host:4317", at)
	}
	name := "otlp|" + at
	c := &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STRICT_DNS},
		ConnectTimeout:       durationpb.New(opt.ConnectTimeout),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address(host, uint32(n))}}}},
		}}},
	}
	http2(c)
	return c, nil
}

// traceRoute says whether requests of a route are traced, and what their spans say; the sampler takes a share of them.
func traceRoute(t *model.Tracing) *routev3.Tracing {
	if t.Off {
		return &routev3.Tracing{ClientSampling: fraction(0), RandomSampling: fraction(0), OverallSampling: fraction(0)}
	}
	return &routev3.Tracing{ClientSampling: fraction(0), RandomSampling: fraction(model.FullPercent), CustomTags: customTags(t.Tags)}
}

// customTags are tags of spans: a fixed text, or header:<name>.
func customTags(tags map[string]string) (out []*tracingv3.CustomTag) {
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		tag := &tracingv3.CustomTag{Tag: name}
		if header, ok := strings.CutPrefix(tags[name], "header:"); ok {
			tag.Type = &tracingv3.CustomTag_RequestHeader{RequestHeader: &tracingv3.CustomTag_Header{Name: strings.ToLower(header)}}
		} else {
			tag.Type = &tracingv3.CustomTag_Literal_{Literal: &tracingv3.CustomTag_Literal{Value: tags[name]}}
		}
		out = append(out, tag)
	}
	return out
}
