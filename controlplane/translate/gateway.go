package translate

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// formFilter is the name under which the filter is configured in the listener and switched on in a route.
const formFilter = "dubbo.form"

// gatewayListeners are the gateway's ports. Each takes HTTP and Dubbo alike; the second is there for consumers that look
// for Dubbo at its usual port.
func gatewayListeners(services []ServiceResources, opt Options) []*listenerv3.Listener {
	out := []*listenerv3.Listener{gatewayListener(GatewayListener, opt.GatewayPort, services, opt)}
	if opt.GatewayDubboPort != 0 && !opt.contrib() {
		out = append(out, gatewayListener(GatewayDubboListener, opt.GatewayDubboPort, services, opt))
	}
	return out
}

func gatewayListener(name string, port uint32, services []ServiceResources, opt Options) *listenerv3.Listener {
	return &listenerv3.Listener{
		Name:                          name,
		Address:                       address(opt.GatewayAddress, port),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(opt.bufferBytes()),
		FilterChains:                  []*listenerv3.FilterChain{{Filters: networkFilters(name, services, opt)}},
	}
}

func networkFilters(name string, services []ServiceResources, opt Options) []*listenerv3.Filter {
	manager := &listenerv3.Filter{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(connectionManager(name, services, opt))},
	}
	if opt.contrib() {
		return []*listenerv3.Filter{manager}
	}
	return []*listenerv3.Filter{consumer(opt), manager}
}

func connectionManager(name string, services []ServiceResources, opt Options) *hcmv3.HttpConnectionManager {
	return &hcmv3.HttpConnectionManager{
		StatPrefix:     name,
		CodecType:      hcmv3.HttpConnectionManager_AUTO,
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: ads(), RouteConfigName: GatewayRoutes}},
		// Nothing in front of the gateway is trusted to say who calls.
		UseRemoteAddress:           wrapperspb.Bool(true),
		NormalizePath:              wrapperspb.Bool(true),
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		GenerateRequestId:          wrapperspb.Bool(true),
		StreamIdleTimeout:          durationpb.New(5 * time.Minute),
		RequestHeadersTimeout:      durationpb.New(10 * time.Second),
		CommonHttpProtocolOptions:  &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(time.Hour)},
		LocalReplyConfig:           localReplies(),
		HttpFilters:                httpFilters(services, opt),
	}
}

// httpFilters are the filters that a request meets, in order. Those of ours are there for few routes: requests on others
// never meet them.
func httpFilters(services []ServiceResources, opt Options) []*hcmv3.HttpFilter {
	filters := []*hcmv3.HttpFilter{httpFilter(formFilter, config.FormFilter, opt)}
	for _, s := range services {
		filters = append(filters, s.Tokens...) // before what looks at them
	}
	filters = append(filters, policyFilters()...)
	for _, s := range services {
		filters = append(filters, s.Filters...)
	}
	if !opt.contrib() {
		filters = append(filters, converters(opt)...)
	}
	return append(filters, router())
}

func router() *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: "envoy.filters.http.router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(&routerv3.Router{})}}
}
