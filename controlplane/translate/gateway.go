package translate

import (
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// formFilter is the name under which the filter is configured in the listener and switched on in a route.
const formFilter = "dubbo.form"

// gatewayListener opens a port.
func gatewayListener(e edge, services []ServiceResources, told telemetry, opt Options) *listenerv3.Listener {
	l := &listenerv3.Listener{
		Name:                          e.name,
		Address:                       address(e.address, e.port),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(opt.bufferBytes()),
		FilterChains:                  []*listenerv3.FilterChain{{Filters: networkFilters(e, services, told, opt)}},
	}
	secure(l, e)
	return l
}

func networkFilters(e edge, services []ServiceResources, told telemetry, opt Options) []*listenerv3.Filter {
	manager := &listenerv3.Filter{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(connectionManager(e, services, told, opt))},
	}
	rules, _ := e.rules() // which may ask for labels, as services' routes do
	source := tellSource(append(slices.Clip(services), ServiceResources{sourceKeys: sourceKeys(rules)}))
	if !e.consumers(opt) {
		return []*listenerv3.Filter{source, manager}
	}
	return []*listenerv3.Filter{source, consumer(opt), manager}
}

func connectionManager(e edge, services []ServiceResources, told telemetry, opt Options) *hcmv3.HttpConnectionManager {
	codec := hcmv3.HttpConnectionManager_AUTO
	if e.protocol == edgeDubbo {
		codec = hcmv3.HttpConnectionManager_HTTP2 // which the filter before it makes of Dubbo
	}
	return &hcmv3.HttpConnectionManager{
		StatPrefix:     e.stat(),
		CodecType:      codec,
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: ads(), RouteConfigName: e.routes()}},
		// Nothing in front of the gateway is trusted to say who calls, but for as many proxies as the policy says.
		UseRemoteAddress:           wrapperspb.Bool(true),
		XffNumTrustedHops:          model.Or(e.gateway.TrustedHops, 0),
		NormalizePath:              wrapperspb.Bool(true),
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		GenerateRequestId:          wrapperspb.Bool(true),
		StreamIdleTimeout:          durationpb.New(5 * time.Minute),
		RequestHeadersTimeout:      durationpb.New(10 * time.Second),
		CommonHttpProtocolOptions:  &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(time.Hour)},
		LocalReplyConfig:           localReplies(opt),
		HttpFilters:                httpFilters(services, opt),
		// What is the mesh's to say is taken off requests from outside: Envoy does so before anything looks at a request, and
		// not again when it is made anew.
		EarlyHeaderMutationExtensions: []*corev3.TypedExtensionConfig{
			takeOff("access.without-caller", config.CallerHeader, config.CallerAttachment),
			takeOff("envoy.http.early_header_mutation.header_mutation", config.FallbackHeader),
		},
		AccessLog: told.logs,
		Tracing:   told.tracing,
	}
}

// httpFilters are the filters that a request meets, in order. Those of ours are there for few routes: requests on others
// never meet them.
func httpFilters(services []ServiceResources, opt Options) []*hcmv3.HttpFilter {
	filters := []*hcmv3.HttpFilter{httpFilter(formFilter, config.FormFilter, opt)}
	if !opt.contrib() {
		filters = append(filters, httpFilter(argumentsFilter, config.ArgumentsFilter, opt)) // before all that look at routes
	}
	for _, s := range services {
		filters = append(filters, s.Tokens...) // before what looks at them
	}
	filters = append(filters, policyFilters(opt)...)
	for _, s := range services {
		filters = append(filters, s.Filters...)
	}
	if !opt.contrib() {
		filters = append(filters, converters(opt)...)
	}
	return append(filters, router())
}

func takeOff(name string, headers ...string) *corev3.TypedExtensionConfig {
	return &corev3.TypedExtensionConfig{Name: name, TypedConfig: pack(&earlyv3.HeaderMutation{Mutations: mutations(edits{remove: headers})})}
}

func router() *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: "envoy.filters.http.router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(&routerv3.Router{})}}
}
