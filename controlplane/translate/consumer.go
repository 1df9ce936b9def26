package translate

import (
	mutationrulesv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	consumerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/dynamic_modules/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// The names under which the filters for calls from Dubbo to HTTP are configured in the listener and switched on in a route.
const (
	schemaFilter = "dubbo.schema"
	restFilter   = "dubbo.rest"
)

// consumer stands in front of the HTTP connection manager. It makes HTTP/2 of what a Dubbo consumer sends, and passes on
// as it is what does not begin as Dubbo does.
func consumer(opt Options) *listenerv3.Filter {
	limits := config.Consumer{MaxRequestBytes: opt.Bridge.MaxRequestBytes, MaxResponseBytes: opt.Bridge.MaxResponseBytes}
	return &listenerv3.Filter{Name: "dubbo.consumer", ConfigType: &listenerv3.Filter_TypedConfig{
		TypedConfig: pack(&consumerv3.DynamicModuleNetworkFilter{
			DynamicModuleConfig: module(opt),
			FilterName:          config.ConsumerFilter,
			FilterConfig:        pack(wrapperspb.String(string(limits.Text()))),
		}),
	}}
}

// converters make an HTTP request of a Dubbo call. They are there for routes from Dubbo to HTTP only. The first tells the
// second what describes the service: headers that a route sets come after the last filter.
func converters(opt Options) []*hcmv3.HttpFilter {
	return []*hcmv3.HttpFilter{
		{Name: schemaFilter, Disabled: true, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(&mutationv3.HeaderMutation{})}},
		httpFilter(restFilter, config.RestFilter, opt),
	}
}

// convert has an HTTP request made of a Dubbo call, and a Dubbo answer of the response; schemaID says what describes the
// service, "" for nothing.
func convert(r *routev3.Route, schemaID string) {
	remove := func(name string) *mutationrulesv3.HeaderMutation {
		return &mutationrulesv3.HeaderMutation{Action: &mutationrulesv3.HeaderMutation_Remove{Remove: name}}
	}
	told := remove(config.SchemaHeader)
	if schemaID != "" {
		told = &mutationrulesv3.HeaderMutation{Action: &mutationrulesv3.HeaderMutation_Append{Append: overwrite(config.SchemaHeader, schemaID)}}
	}
	r.TypedPerFilterConfig = map[string]*anypb.Any{
		schemaFilter: pack(&mutationv3.HeaderMutationPerRoute{Mutations: &mutationv3.Mutations{
			RequestMutations: []*mutationrulesv3.HeaderMutation{told, remove(config.OperationHeader)},
		}}),
		restFilter: pack(&routev3.FilterConfig{Config: &anypb.Any{}}),
	}
}
