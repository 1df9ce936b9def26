package translate

import (
	"fmt"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/tcp/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// The names of a cluster's protocol options.
const (
	tcpOptions  = "envoy.extensions.upstreams.tcp.v3.TcpProtocolOptions"
	httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
)

const (
	// A Dubbo provider sends a heartbeat on a connection that was idle for 60 s, and Envoy closes a pooled connection
	// on which data arrives unasked. Letting go earlier keeps that from ever meeting a request.
	dubboIdle = 30 * time.Second
	// Shorter than the keep-alive of common HTTP/1.1 servers (Tomcat 20 s), so that it is Envoy that closes first.
	http1Idle = 15 * time.Second
)

// bridge makes the Go filter speak Dubbo on the cluster's pooled TCP connections.
func bridge(c *clusterv3.Cluster, opt Options) {
	c.UpstreamConfig = bridgeUpstream(opt)
	c.TypedExtensionProtocolOptions = map[string]*anypb.Any{
		tcpOptions: pack(&tcpv3.TcpProtocolOptions{IdleTimeout: durationpb.New(dubboIdle)}),
	}
}

func http1(c *clusterv3.Cluster) {
	httpProtocol(c, &httpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(http1Idle)},
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{HttpProtocolOptions: &corev3.Http1ProtocolOptions{}},
		}},
	})
}

func http2(c *clusterv3.Cluster) {
	httpProtocol(c, &httpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
				// Many calls share a connection. One that was quiet is asked before the next call is put on it, because TCP
				// would notice a dead one much later; a periodic PING would be against the rules of gRPC servers.
				ConnectionKeepalive: &corev3.KeepaliveSettings{ConnectionIdleInterval: durationpb.New(30 * time.Second), Timeout: durationpb.New(5 * time.Second)},
			}},
		}},
	})
}

func httpProtocol(c *clusterv3.Cluster, o *httpv3.HttpProtocolOptions) {
	c.TypedExtensionProtocolOptions = map[string]*anypb.Any{
		httpOptions: pack(o),
	}
}

// pack wraps a message; equal messages give equal bytes. It always marshals: all text from outside that is packed
// was checked or made to be UTF-8.
func pack(m proto.Message) *anypb.Any {
	out := &anypb.Any{}
	if err := anypb.MarshalFrom(out, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		panic(fmt.Sprintf("%T does not marshal: %v", m, err))
	}
	return out
}
