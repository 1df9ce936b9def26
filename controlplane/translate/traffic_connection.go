package translate

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/tcp/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// connect says how connections are held.
func connect(c *clusterv3.Cluster, t target) {
	s := t.settings.Connection
	if s == nil {
		return
	}
	if s.ConnectTimeout != nil {
		c.ConnectTimeout = durationOf(s.ConnectTimeout)
	}
	if s.KeepAlive != nil {
		c.UpstreamConnectionOptions.TcpKeepalive.KeepaliveTime = wrapperspb.UInt32(uint32(s.KeepAlive.Std().Seconds()))
	}
	if s.BufferSize != nil {
		c.PerConnectionBufferLimitBytes = wrapperspb.UInt32(uint32(s.BufferSize.Or(0)))
	}
	if t.protocol == model.ProtocolDubbo {
		connectDubbo(c, s)
		return
	}
	editHTTP(c, func(o *httpv3.HttpProtocolOptions) {
		common := o.GetCommonHttpProtocolOptions()
		if common == nil {
			common = &corev3.HttpProtocolOptions{}
			o.CommonHttpProtocolOptions = common
		}
		if s.IdleTimeout != nil {
			common.IdleTimeout = durationOf(s.IdleTimeout)
		}
		common.MaxConnectionDuration, common.MaxRequestsPerConnection = durationOf(s.MaxAge), uint32Of(s.MaxRequests)
		if h2 := o.GetExplicitHttpConfig().GetHttp2ProtocolOptions(); h2 != nil {
			h2.MaxConcurrentStreams = uint32Of(s.MaxStreams)
		}
	})
}

// connectDubbo is connect for pooled TCP connections. They have no longest age.
func connectDubbo(c *clusterv3.Cluster, s *model.Connection) {
	if s.IdleTimeout != nil {
		// Longer, and a provider's heartbeat would come on an idle connection, which Envoy closes then.
		idle := min(s.IdleTimeout.Std(), dubboIdle)
		c.TypedExtensionProtocolOptions[tcpOptions] = pack(&tcpv3.TcpProtocolOptions{IdleTimeout: durationpb.New(idle)})
	}
	if s.MaxRequests != nil {
		editHTTP(c, func(o *httpv3.HttpProtocolOptions) {
			o.CommonHttpProtocolOptions = &corev3.HttpProtocolOptions{MaxRequestsPerConnection: uint32Of(s.MaxRequests)}
		})
	}
}

// editHTTP changes the HTTP options of a cluster. One that speaks Dubbo has none before: what the pool and the filters of a
// cluster need is taken from them there too.
func editHTTP(c *clusterv3.Cluster, edit func(*httpv3.HttpProtocolOptions)) {
	options := &httpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{HttpProtocolOptions: &corev3.Http1ProtocolOptions{}},
		}},
	}
	if packed := c.TypedExtensionProtocolOptions[httpOptions]; packed != nil {
		options = &httpv3.HttpProtocolOptions{}
		if err := packed.UnmarshalTo(options); err != nil {
			return // it was packed here
		}
	}
	edit(options)
	c.TypedExtensionProtocolOptions[httpOptions] = pack(options)
}
