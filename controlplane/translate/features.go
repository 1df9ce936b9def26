package translate

import (
	"math"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	bufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/buffer/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	customv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/custom_response/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// target is a cluster in the making: whom it reaches, and what policies say of that.
type target struct {
	variant
	settings model.TrafficSettings
}

// clusterFeatures are applied to each cluster, in this order. Each leaves a cluster alone of which no policy says
// anything.
var clusterFeatures = []func(*clusterv3.Cluster, target){
	balance,
	warmUp, // needs the policy that balance has set
	preferLocality,
	limit,
	budgetRetries, // replaces limits of retries
	connect,
	eject,
	checkHealth,
	completeRedirects, // a filter of the cluster, beside the protocol that connect has set
	admit,             // another one
}

// routeSettings are what policies say of the requests of a route: what a rule says goes before what is said of the method,
// and that before what is said of the service.
type routeSettings struct {
	service model.TrafficSettings // with the method's in it, but for its rate limits
	rule    model.Rule
	way     way
	source  string // the policy that the rule is of, "" for none

	methodLimits []model.RateLimit
}

// routeFeatures are applied to each route that leads to instances, in this order.
var routeFeatures = []func(*routev3.Route, *unit, routeSettings){
	timeOut,
	retry,
	fork, // needs the retries
	hash,
	rewrite,
	followRedirects,
	editHeaders,
	passLane,
	allowOrigins,
	askTokens,
	askCallers,
	restrict, // needs what tokens and keys say
	limitSize,
	limitRate,
	adapt,
	breakCircuit,
	injectFaults,
	regain,
	fallBack,
	fallElsewhere,
}

// anewFeatures are applied to each route for calls that are made anew, in this order.
var anewFeatures = []func(*routev3.Route, *unit, routeSettings){
	timeOut,
	retry,
	hash,
	passLane,
	allowOrigins,
	breakCircuit,
}

// The filters that routes switch on, by the names that routes know them by. Of faults, and of Envoy's rate limits, several
// may apply to one request, each by a filter of its own.
const (
	corsFilter      = "envoy.filters.http.cors"
	fallbackFilter  = "envoy.filters.http.custom_response"
	bufferFilter    = "envoy.filters.http.buffer"
	faultFilter     = "fault."
	rateLimitFilter = "rate-limit."
	maxPerRoute     = 4
)

// policyFilters are there for routes whose policies need them; requests on others never meet them. What answers at the
// edge comes before what costs something, and what pretends to be the service comes last.
func policyFilters(opt Options) []*hcmv3.HttpFilter {
	off := func(name string, m proto.Message) *hcmv3.HttpFilter {
		return &hcmv3.HttpFilter{Name: name, Disabled: true, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(m)}}
	}
	filters := []*hcmv3.HttpFilter{off(corsFilter, &corsv3.Cors{})}
	if !opt.contrib() {
		filters = append(filters, httpFilter(callersFilter, config.CallersFilter, opt))
	}
	filters = append(filters,
		off(denyFilter, refusing(denyFilter)),
		off(allowFilter, refusing(allowFilter)),
		off(fallbackFilter, &customv3.CustomResponse{}),                                         // sees the refusals of all that come after it
		off(bufferFilter, &bufferv3.Buffer{MaxRequestBytes: wrapperspb.UInt32(math.MaxUint32)}), // a route says how much
	)
	if !opt.contrib() {
		filters = append(filters, httpFilter(elsewhereFilter, config.ElsewhereFilter, opt)) // before the one that answers, on the way back
	}
	if opt.contrib() {
		for i := range maxPerRoute {
			filters = append(filters, off(rateLimitFilter+itoa(i), &ratelimitv3.LocalRateLimit{StatPrefix: "rate_limit"}))
		}
	} else {
		filters = append(filters,
			httpFilter(limitFilter, config.LimitsFilter, opt),
			httpFilter(breakerFilter, config.BreakerFilter, opt), // what was refused before says nothing of the service
		)
	}
	for i := range maxPerRoute {
		filters = append(filters, off(faultFilter+itoa(i), &faultv3.HTTPFault{}))
	}
	if !opt.contrib() {
		filters = append(filters, httpFilter(recoveryFilter, config.RecoveryFilter, opt)) // of what still goes to instances
	}
	return filters
}

// enable switches a filter on for a route.
func enable(r *routev3.Route, filter string, m proto.Message) {
	if r.TypedPerFilterConfig == nil {
		r.TypedPerFilterConfig = map[string]*anypb.Any{}
	}
	r.TypedPerFilterConfig[filter] = pack(m)
}

// switchOn has the requests of a route meet filters as the listener configures them, where the route has no word of its own.
func switchOn(r *routev3.Route, filters []string) {
	for _, name := range filters {
		if r.GetTypedPerFilterConfig()[name] == nil {
			enable(r, name, switchedOn)
		}
	}
}

// switchedOn is for a filter that is configured in the listener already.
var switchedOn = &routev3.FilterConfig{Config: &anypb.Any{}}
