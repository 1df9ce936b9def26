package translate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// The headers by which a caller asks for a variant, as in Dubbo's Triple over HTTP.
const (
	groupHeader   = "tri-service-group"
	versionHeader = "tri-service-version"
)

// uploadPause is how long a client may pause within a request, beyond the time the answer may take.
const uploadPause = 20 * time.Second

// pathRoutes serves a service below its name on the gateway: calls as /{service}/{method}, which is the path that
// Dubbo, Triple and gRPC have anyway, and plain HTTP with the name cut off.
func pathRoutes(service string, all []variant, opt Options) []*routev3.Route {
	prefix := pathPrefix(service)
	if calls := only(all, model.ProtocolDubbo, model.ProtocolTriple, model.ProtocolGRPC); len(calls) > 0 {
		match := func() *routev3.RouteMatch {
			return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: prefix}}
		}
		return variantRoutes(calls, match, "", opt)
	}
	match := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: prefix + "/"}}
	}
	bare := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: prefix}}
	}
	return append(variantRoutes(all, match, "/", opt), variantRoutes(all, bare, "/", opt)...)
}

// hostedRoutes serves an HTTP service under its name as host.
func hostedRoutes(all []variant, opt Options) []*routev3.Route {
	match := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
	}
	return variantRoutes(only(all, model.ProtocolHTTP, model.ProtocolH2, model.ProtocolGRPC), match, "", opt)
}

func only(all []variant, protocols ...model.Protocol) (out []variant) {
	for _, v := range all {
		if slices.Contains(protocols, v.protocol) {
			out = append(out, v)
		}
	}
	return out
}

// variantRoutes has one route per request that can be answered and a last one that tells what can be asked for.
func variantRoutes(all []variant, match func() *routev3.RouteMatch, rewrite string, opt Options) (out []*routev3.Route) {
	if len(all) == 0 {
		return nil
	}
	answered := selections(all)
	if plain := only(all, model.ProtocolHTTP, model.ProtocolH2, model.ProtocolGRPC); len(plain) == len(all) && len(answered) == 1 {
		// Group and version mean nothing to an HTTP or gRPC service that has none: it gets whatever headers pass by.
		return []*routev3.Route{{Match: match(), Action: &routev3.Route_Route{Route: action(answered[0].to, rewrite, opt)}}}
	}
	for _, s := range answered {
		r := &routev3.Route{Match: match(), Action: &routev3.Route_Route{Route: action(s.to, rewrite, opt)}}
		r.Match.Headers = []*routev3.HeaderMatcher{headerIs(groupHeader, s.group), headerIs(versionHeader, s.version)}
		// The provider looks its service up by group and version, so the call has to carry those it is sent to.
		r.RequestHeadersToAdd = append(setHeader(groupHeader, s.group, s.to[0].group), setHeader(versionHeader, s.version, s.to[0].version)...)
		out = append(out, r)
	}
	return append(out, &routev3.Route{Match: match(), Action: problemResponse(400, "No such variant", exists(all)), ResponseHeadersToAdd: problemHeaders()})
}

// headerIs matches a header's value; for "" also a request without the header.
func headerIs(name, value string) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{
		Name:                      name,
		TreatMissingHeaderAsEmpty: value == "",
		HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value},
		}},
	}
}

func setHeader(name, asked, value string) []*corev3.HeaderValueOption {
	if asked == value {
		return nil
	}
	return []*corev3.HeaderValueOption{{
		Header:       &corev3.HeaderValue{Key: name, Value: literal(value)},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}}
}

// literal keeps Envoy from reading a command operator into a header value.
func literal(s string) string { return strings.ReplaceAll(s, "%", "%%") }

func exists(all []variant) string {
	var names []string
	for _, s := range all {
		if n := fmt.Sprintf("(%s: %q, %s: %q)", groupHeader, s.group, versionHeader, s.version); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return "This service is not offered in the group and version asked for. Set the headers to one of: " + strings.Join(names, ", ")
}

// action sends a request to the variants, which differ in nothing but their protocol: in proportion to what serves.
func action(to []variant, rewrite string, opt Options) *routev3.RouteAction {
	a := &routev3.RouteAction{Timeout: durationpb.New(opt.RouteTimeout), PrefixRewrite: rewrite}
	if opt.RouteTimeout > 0 {
		// The timeout runs once the request is complete; a client that stops in the middle of it would be kept, with all
		// it has sent, for minutes.
		a.IdleTimeout = durationpb.New(opt.RouteTimeout + uploadPause)
	}
	if len(to) == 1 && to[0].protocol == model.ProtocolGRPC {
		// A stream may live for long. A caller's own deadline (grpc-timeout) is kept all the same.
		a.Timeout, a.IdleTimeout = durationpb.New(0), nil
		a.MaxStreamDuration = &routev3.RouteAction_MaxStreamDuration{GrpcTimeoutHeaderMax: durationpb.New(0)}
	}
	serving := slices.DeleteFunc(slices.Clone(to), func(v variant) bool { return v.weight() == 0 })
	switch len(serving) {
	case 0:
		a.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: to[0].cluster}
	case 1:
		a.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: serving[0].cluster}
	default:
		a.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: split(serving)}
	}
	return a
}

func split(to []variant) *routev3.WeightedCluster {
	var sum uint64
	for _, v := range to {
		sum += v.weight()
	}
	out, scale := &routev3.WeightedCluster{}, weightScale(sum)
	for _, v := range to {
		out.Clusters = append(out.Clusters, &routev3.WeightedCluster_ClusterWeight{
			Name: v.cluster, Weight: wrapperspb.UInt32(max(1, uint32(v.weight()/scale))),
		})
	}
	return out
}
