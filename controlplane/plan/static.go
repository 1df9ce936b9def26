package plan

import (
	"fmt"
	"slices"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filelogv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Static writes resources as the static_resources of an Envoy that has no control plane, in JSON, so that Envoy can be
// asked whether it takes them.
func Static(r translate.Resources) ([]byte, error) {
	out := &bootstrapv3.Bootstrap_StaticResources{}
	for _, name := range translate.Names(r.Clusters) {
		c := proto.CloneOf(r.Clusters[name])
		if c.EdsClusterConfig == nil { // it has its endpoints with it
			out.Clusters = append(out.Clusters, c)
			continue
		}
		c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
		c.EdsClusterConfig = nil
		c.LoadAssignment = r.Endpoints[name]
		out.Clusters = append(out.Clusters, c)
	}
	for _, name := range translate.Names(r.Listeners) {
		l, err := inline(r.Listeners[name], r)
		if err != nil {
			return nil, fmt.Errorf("listener %s: %w", name, err)
		}
		out.Listeners = append(out.Listeners, l)
	}
	return protojson.Marshal(out)
}

// inline puts the routes of a listener into it, and leaves out what reads or writes files of the proxies' machines.
func inline(l *listenerv3.Listener, r translate.Resources) (*listenerv3.Listener, error) {
	l = proto.CloneOf(l)
	for _, chain := range l.GetFilterChains() {
		chain.TransportSocket = nil
		for _, filter := range chain.GetFilters() {
			if !filter.GetTypedConfig().MessageIs(&hcmv3.HttpConnectionManager{}) {
				continue
			}
			manager := &hcmv3.HttpConnectionManager{}
			if err := filter.GetTypedConfig().UnmarshalTo(manager); err != nil {
				return nil, err
			}
			if routes := r.Routes[manager.GetRds().GetRouteConfigName()]; routes != nil {
				manager.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: routes}
			}
			manager.AccessLog = slices.DeleteFunc(manager.AccessLog, func(l *accesslogv3.AccessLog) bool {
				return l.GetTypedConfig().MessageIs(&filelogv3.FileAccessLog{})
			})
			packed := &anypb.Any{}
			if err := anypb.MarshalFrom(packed, manager, proto.MarshalOptions{Deterministic: true}); err != nil {
				return nil, err
			}
			filter.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed}
		}
	}
	return l, nil
}
