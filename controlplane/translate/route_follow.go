package translate

import (
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	mutationrulesv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	headersv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	previousv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/internal_redirect/previous_routes/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// redirectFilter makes where a service redirects to an absolute URL, on the routes that say so: Envoy follows no other.
const redirectFilter = "absolute-redirects"

// followRedirects has Envoy make a request anew where the service sends the caller.
func followRedirects(r *routev3.Route, _ *unit, s routeSettings) {
	f := s.rule.FollowRedirects
	if f == nil {
		return
	}
	p := &routev3.InternalRedirectPolicy{
		MaxInternalRedirects:  wrapperspb.UInt32(model.Or(f.Max, 1)),
		RedirectResponseCodes: f.Statuses,
	}
	if f.OtherRoutes {
		p.Predicates = []*corev3.TypedExtensionConfig{{Name: "previous_routes", TypedConfig: pack(&previousv3.PreviousRoutesConfig{})}}
	}
	r.GetRoute().InternalRedirectPolicy = p
	enable(r, redirectFilter, &headersv3.HeaderMutationPerRoute{Mutations: &headersv3.Mutations{
		ResponseMutations: []*mutationrulesv3.HeaderMutation{{Action: &mutationrulesv3.HeaderMutation_Append{Append: &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: "location", Value: absoluteLocation},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS,
		}}}},
	}})
}

// absoluteLocation puts before a location that begins with a slash what it is relative to: the scheme, and where it begins
// with one slash alone the host that was asked for.
const absoluteLocation = "%CEL(" + location + ".startsWith('/') ? request.scheme : '')%" +
	"%CEL(" + location + ".startsWith('//') ? ':' : " + location + ".startsWith('/') ? '://' : '')%" +
	"%CEL(!" + location + ".startsWith('/') || " + location + ".startsWith('//') ? '' : " +
	"'x-envoy-original-host' in request.headers ? request.headers['x-envoy-original-host'] : request.host)%" +
	"%RESP(location)%"

const location = "response.headers['location']"

// completeRedirects lets routes switch on what they need to follow redirects. It is a filter of the cluster since Envoy looks
// for redirects before any answer reaches those of listeners.
func completeRedirects(c *clusterv3.Cluster, t target) {
	if t.follows && (t.protocol == model.ProtocolHTTP || t.protocol == model.ProtocolH2) {
		filterCluster(c, redirectFilter, &headersv3.HeaderMutation{})
	}
}

// follows reports whether a rule follows redirects.
func follows(routes []model.Route) bool {
	return slices.ContainsFunc(routes, func(p model.Route) bool {
		return slices.ContainsFunc(p.Rules, func(r model.Rule) bool { return r.FollowRedirects != nil })
	})
}
