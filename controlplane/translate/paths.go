package translate

import (
	"slices"

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

// paths is what a host answers by path.
type paths struct {
	services   map[string]ServiceResources // by the prefix that is theirs alone
	operations map[string][]operation      // by the literal part that their templates begin with
	prefixes   map[string][]*routev3.Route // of what is exposed under a prefix; "/" for all paths
	filters    []string                    // that a form has to meet
	rules      []*routev3.Route            // that come before everything
	rest       []*routev3.Route            // that take what nothing else does
}

// leaves are the routes by prefix. Envoy looks at those of the longest prefix only, so what stands under shorter ones is
// repeated behind them; where there are neither operations nor prefixes nothing is.
func (p paths) leaves() map[string]*anypb.Any {
	out := make(map[string]*anypb.Any, len(p.services)+len(p.operations)+1)
	lengths := map[int]bool{}
	for _, prefix := range slices.Concat(Names(p.operations), Names(p.prefixes)) {
		lengths[len(prefix)] = true
		out[prefix] = p.leaf(prefix, p.shorter(prefix, nil))
	}
	if out["/"] == nil {
		out["/"] = p.leaf("/", nil)
	}
	for prefix, s := range p.services {
		switch above := p.shorter(prefix, lengths); {
		case out[prefix] != nil: // an operation's leaf has it
		case len(above) > 0 || len(p.rest) > 0:
			out[prefix] = p.leaf(prefix, above)
		case s.packed != nil:
			out[prefix] = s.packed
		}
	}
	return before(p.rules, out)
}

// before puts routes before those of every leaf. Messages that are joined as bytes have the items of both, so that no leaf
// is read and written again.
func before(routes []*routev3.Route, leaves map[string]*anypb.Any) map[string]*anypb.Any {
	if len(routes) == 0 {
		return leaves
	}
	first := pack(&routev3.RouteList{Routes: routes})
	for prefix, leaf := range leaves {
		leaves[prefix] = &anypb.Any{TypeUrl: leaf.TypeUrl, Value: slices.Concat(first.Value, leaf.Value)}
	}
	return leaves
}

// shorter lists the prefixes of a prefix that have operations, longest first, and those that are a service's path above
// it. Lengths, if any, are the only ones looked at.
func (p paths) shorter(prefix string, lengths map[int]bool) (out []string) {
	for n := len(prefix) - 1; n > 0; n-- {
		if lengths != nil && !lengths[n] {
			continue
		}
		_, service := p.services[prefix[:n]]
		_, exposed := p.prefixes[prefix[:n]]
		if _, found := p.operations[prefix[:n]]; found || exposed || service && prefix[n] == '/' {
			out = append(out, prefix[:n])
		}
	}
	return out
}

// leaf is what stands at a prefix and above it: the closest first, in each place operations before the service. Whoever
// asks for the path of an operation with another verb is told so in the end.
func (p paths) leaf(prefix string, above []string) *anypb.Any {
	var routes []*routev3.Route
	var operations []operation
	for _, at := range append([]string{prefix}, above...) {
		for _, op := range p.operations[at] {
			routes = append(routes, op.routes...)
		}
		operations = append(operations, p.operations[at]...)
		routes = append(routes, p.prefixes[at]...)
		routes = append(routes, p.services[at].Paths...)
	}
	if prefix == "/" && len(p.rest) == 0 && p.prefixes["/"] == nil {
		routes = append(routes, formRoute(p.filters))
	}
	return packRoutes(slices.Concat(routes, otherVerbs(operations), p.rest)...)
}
