package translate

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// cluster is the part of a target that does not change when instances come, go or change weight.
func cluster(t target, opt Options) *clusterv3.Cluster {
	c := &clusterv3.Cluster{
		Name:                 t.cluster,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig:     &clusterv3.Cluster_EdsClusterConfig{EdsConfig: ads(), ServiceName: t.cluster},
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
	speak(c, t.protocol, opt)
	for _, apply := range clusterFeatures {
		apply(c, t)
	}
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

// ads says that a resource comes over the stream that the cluster came over.
func ads() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
	}
}
