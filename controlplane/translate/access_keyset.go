package translate

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	modulefilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/dynamic_modules/v3"
	codecv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/upstream_codec/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// A file with the keys of tokens that Envoy read by itself would be a part of its listener: without the file, or with
// one that is no key set, Envoy refuses the listener with all services. So it fetches the keys as from a server, from a cluster
// in which a filter of ours answers.
const (
	keySetHost = "keys.invalid"
	fileKept   = 5 * time.Second // how long what was fetched is used
)

func keySetCluster(service, file string) string { return "keys|" + service + "|" + file }

// keySets are the clusters that answer with the files that the policies of the service name, and their instances, which nobody
// is asked at.
func (u *unit) keySets() (clusters []*clusterv3.Cluster, instances []*endpointv3.ClusterLoadAssignment) {
	files := map[string]bool{}
	for _, p := range u.tokenPolicies() {
		for _, j := range p.JWT {
			if j.JWKS == "" && j.JWKSURL == "" {
				files[j.JWKSFile] = true
			}
		}
	}
	for _, file := range Names(files) {
		name := keySetCluster(u.in.Service.Name, file)
		c := cluster(target{variant: variant{cluster: name, protocol: model.ProtocolHTTP}}, u.opt)
		editHTTP(c, func(o *httpv3.HttpProtocolOptions) {
			o.HttpFilters = []*hcmv3.HttpFilter{
				{Name: config.KeySetFilter, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(&modulefilterv3.DynamicModuleFilter{
					DynamicModuleConfig: module(u.opt), FilterName: config.KeySetFilter, FilterConfig: pack(wrapperspb.String(file)),
				})}},
				{Name: "envoy.filters.http.upstream_codec", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(&codecv3.UpstreamCodec{})}},
			}
		})
		clusters = append(clusters, c)
		instances = append(instances, &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address("127.0.0.1", 9)}}}},
		}}})
	}
	return clusters, instances
}
