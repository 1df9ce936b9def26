package translate

import (
	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// pathMatcher finds the routes of a service by the longest prefix of the path, in a tree. Envoy tries the routes of a
// plain list one after the other, which costs a request more than all the rest once there are some hundred services.
func pathMatcher(byPath map[string]*anypb.Any) *xdsmatcherv3.Matcher {
	tree := make(map[string]*xdsmatcherv3.Matcher_OnMatch, len(byPath))
	for prefix, routes := range byPath {
		tree[prefix] = &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Action{
			Action: &xdscorev3.TypedExtensionConfig{Name: "routes", TypedConfig: routes},
		}}
	}
	return &xdsmatcherv3.Matcher{MatcherType: &xdsmatcherv3.Matcher_MatcherTree_{MatcherTree: &xdsmatcherv3.Matcher_MatcherTree{
		Input: &xdscorev3.TypedExtensionConfig{Name: "path", TypedConfig: pack(&matcherv3.HttpRequestHeaderMatchInput{HeaderName: ":path"})},
		TreeType: &xdsmatcherv3.Matcher_MatcherTree_PrefixMatchMap{
			PrefixMatchMap: &xdsmatcherv3.Matcher_MatcherTree_MatchMap{Map: tree},
		},
	}}}
}

// packRoutes makes a leaf of the tree. "/a" is a prefix of "/ab/c" too, so the leaf ends in the answer for no service.
func packRoutes(routes ...*routev3.Route) *anypb.Any {
	return pack(&routev3.RouteList{Routes: append(routes[:len(routes):len(routes)], noService())})
}
