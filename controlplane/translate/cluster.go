package translate

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unlimited is a circuit breaker that is not there to break: Envoy's default of 1024 connections, pending requests and
// requests would fail calls at an ordinary load. Limits belong into policies.
const unlimited = 1 << 20

// cluster is the part of a variant that does not change when instances come, go or change weight.
func cluster(v variant, opt Options) *clusterv3.Cluster {
	c := &clusterv3.Cluster{
		Name:                 v.cluster,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig:     &clusterv3.Cluster_EdsClusterConfig{EdsConfig: ads(), ServiceName: v.cluster},
		ConnectTimeout:       durationpb.New(opt.ConnectTimeout),
		LbPolicy:             clusterv3.Cluster_ROUND_ROBIN,
		// By default Envoy gathers changes of weight for a second before it applies them.
		CommonLbConfig:                &clusterv3.Cluster_CommonLbConfig{UpdateMergeWindow: durationpb.New(0)},
		CircuitBreakers:               &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{threshold(corev3.RoutingPriority_DEFAULT), threshold(corev3.RoutingPriority_HIGH)}},
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(opt.bufferBytes()),
		// A machine that vanished without a word is noticed after 45 s even by a connection that waits.
		UpstreamConnectionOptions: &clusterv3.UpstreamConnectionOptions{TcpKeepalive: &corev3.TcpKeepalive{
			KeepaliveProbes: wrapperspb.UInt32(3), KeepaliveTime: wrapperspb.UInt32(30), KeepaliveInterval: wrapperspb.UInt32(5),
		}},
	}
	if v.warmUp > 0 {
		c.LbConfig = &clusterv3.Cluster_RoundRobinLbConfig_{RoundRobinLbConfig: &clusterv3.Cluster_RoundRobinLbConfig{
			SlowStartConfig: &clusterv3.Cluster_SlowStartConfig{SlowStartWindow: durationpb.New(max(v.warmUp, time.Millisecond))},
		}}
	}
	speak(c, v.protocol, opt)
	return c
}

// speak makes the cluster talk as its instances do.
func speak(c *clusterv3.Cluster, p model.Protocol, opt Options) {
	switch p {
	case model.ProtocolDubbo:
		bridge(c, opt)
	case model.ProtocolTriple, model.ProtocolH2, model.ProtocolGRPC:
		http2(c)
	case model.ProtocolHTTP:
		http1(c)
	}
}

func threshold(p corev3.RoutingPriority) *clusterv3.CircuitBreakers_Thresholds {
	return &clusterv3.CircuitBreakers_Thresholds{
		Priority:           p,
		MaxConnections:     wrapperspb.UInt32(unlimited),
		MaxPendingRequests: wrapperspb.UInt32(unlimited),
		MaxRequests:        wrapperspb.UInt32(unlimited),
		// When an instance that carries most of a service is killed, most requests in flight are retried at once, and
		// each may be: what bounds the load is the number of retries of one request, and that only failures of a
		// connection, or a refusal, are retried.
		RetryBudget: &clusterv3.CircuitBreakers_Thresholds_RetryBudget{
			BudgetPercent:       &typev3.Percent{Value: 100},
			MinRetryConcurrency: wrapperspb.UInt32(128),
		},
	}
}

// ads says that a resource comes over the stream that the cluster came over.
func ads() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
	}
}
