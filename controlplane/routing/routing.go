// Package routing finds the route that Envoy would choose for a request, by the route configuration that Envoy was sent.
// It knows the matchers that the mesh uses; of others it says that it does not know them, rather than guess. It is pure.
package routing

import (
	"fmt"
	"math"
	"strings"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Request is what routes are chosen by.
type Request struct {
	Host    string            // as in the Host header, with or without a port
	Path    string            // with the query
	Verb    string            // the HTTP method
	Headers map[string]string // others, by lower-case name

	Arguments map[string]string // of the call, by path: 0.user.id
	Source    Source
}

// Match is a route that the request may take.
type Match struct {
	VirtualHost string
	Prefix      string // of the path, by which the list of routes was found; "" for the virtual host's own list
	Index       int    // in that list
	Route       *routev3.Route
	Share       float64  // of such requests that take it, 0 to 1
	Passed      []Passed // the routes before it in the list, and why they were not taken
}

// Passed is a route that the request did not fit.
type Passed struct {
	Index int
	Route *routev3.Route
	Why   string
}

// TakenBefore is why a route is passed that takes a share of the requests which routes before it have had.
const TakenBefore = "routes before it take the requests of its share"

// Find returns the routes that a request may take: one, or more where some take only a share of the requests. It is empty
// when Envoy would answer 404 by itself.
func Find(c *routev3.RouteConfiguration, r Request) ([]Match, error) {
	host := virtualHost(c, r.Host)
	if host == nil {
		return nil, nil
	}
	routes, prefix := host.GetRoutes(), ""
	if tree := host.GetMatcher(); tree != nil {
		var err error
		if routes, prefix, err = leaf(tree, r.header); err != nil {
			return nil, fmt.Errorf("virtual host %s: %w", host.GetName(), err)
		}
	}
	var out []Match
	var passed []Passed
	taken := 0.0 // of the throws: Envoy makes one for a request, whichever routes ask for a share
	for i, route := range routes {
		why, err := misfit(route.GetMatch(), r)
		if err != nil {
			return nil, fmt.Errorf("virtual host %s: route %d: %w", host.GetName(), i, err)
		}
		if why != "" {
			passed = append(passed, Passed{i, route, why})
			continue
		}
		upTo := fraction(route.GetMatch())
		share := max(0, upTo-taken)
		if share > 0 {
			out = append(out, Match{host.GetName(), prefix, i, route, share, passed})
		}
		if taken = max(taken, upTo); taken >= 1 {
			break
		}
		why = fmt.Sprintf("it takes %g%% of the requests", math.Round(share*1e6)/1e4)
		if share == 0 && upTo > 0 {
			why = TakenBefore
		}
		passed = append(passed[:len(passed):len(passed)], Passed{i, route, why})
	}
	return out, nil
}

// header is a header of the request, pseudo-headers included.
func (r Request) header(name string) (string, bool) {
	switch strings.ToLower(name) {
	case ":path":
		return r.Path, true
	case ":method":
		return r.Verb, true
	case ":authority", "host":
		return r.Host, true
	}
	if strings.HasPrefix(name, config.ArgumentPrefix) { // what a client sends by this name is overwritten or taken away
		return r.argument(name)
	}
	value, ok := r.Headers[strings.ToLower(name)]
	return value, ok
}

// virtualHost is the one that Envoy takes: the exact name, then the longest *.suffix, then the longest prefix.*, then *.
func virtualHost(c *routev3.RouteConfiguration, host string) (found *routev3.VirtualHost) {
	host = strings.ToLower(host)
	if c.GetIgnorePortInHostMatching() {
		if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && strings.Trim(host[i+1:], "0123456789") == "" {
			host = host[:i]
		}
	}
	best := 0
	for _, v := range c.GetVirtualHosts() {
		for _, domain := range v.GetDomains() {
			if rank := fitsDomain(strings.ToLower(domain), host); rank > best {
				found, best = v, rank
			}
		}
	}
	return found
}

// The ranks of domains: within each kind the longest counts.
const (
	anyDomain    = 1
	prefixDomain = 1 << 16
	suffixDomain = 2 << 16
	exactDomain  = 3 << 16
)

func fitsDomain(domain, host string) int {
	switch {
	case domain == "*":
		return anyDomain
	case domain == host:
		return exactDomain
	case strings.HasPrefix(domain, "*") && strings.HasSuffix(host, domain[1:]) && len(host) > len(domain)-1:
		return suffixDomain + len(domain)
	case strings.HasSuffix(domain, "*") && strings.HasPrefix(host, domain[:len(domain)-1]) && len(host) > len(domain)-1:
		return prefixDomain + len(domain)
	}
	return 0
}

// branch follows a list of conditions on headers to what stands behind the one that fits.
func branch(m *xdsmatcherv3.Matcher, header func(string) (string, bool)) (*xdsmatcherv3.Matcher, error) {
	for m.GetMatcherList() != nil {
		next := m.GetOnNoMatch()
		for _, one := range m.GetMatcherList().GetMatchers() {
			p := one.GetPredicate().GetSinglePredicate()
			var input matcherv3.HttpRequestHeaderMatchInput
			if p == nil || p.GetInput().GetTypedConfig().UnmarshalTo(&input) != nil || p.GetValueMatch().GetExact() == "" {
				return nil, fmt.Errorf("it has a condition that is not known here")
			}
			if value, there := header(input.GetHeaderName()); there && value == p.GetValueMatch().GetExact() {
				next = one.GetOnMatch()
				break
			}
		}
		if next.GetMatcher() == nil {
			return &xdsmatcherv3.Matcher{OnNoMatch: next}, nil
		}
		m = next.GetMatcher()
	}
	return m, nil
}

// leaf finds the routes in a tree by the longest prefix of a header.
func leaf(m *xdsmatcherv3.Matcher, header func(string) (string, bool)) ([]*routev3.Route, string, error) {
	m, err := branch(m, header)
	if err != nil {
		return nil, "", err
	}
	if action := m.GetOnNoMatch().GetAction(); m.GetMatcherTree() == nil && action != nil {
		return listed(action.GetTypedConfig(), "")
	}
	tree := m.GetMatcherTree()
	var input matcherv3.HttpRequestHeaderMatchInput
	if tree.GetPrefixMatchMap() == nil || tree.GetInput().GetTypedConfig().UnmarshalTo(&input) != nil {
		return nil, "", fmt.Errorf("its matcher is no tree of prefixes, which is all that is known here")
	}
	value, there := header(input.GetHeaderName())
	if !there {
		return nil, "", nil
	}
	longest, found := "", false
	for prefix := range tree.GetPrefixMatchMap().GetMap() {
		if strings.HasPrefix(value, prefix) && (!found || len(prefix) > len(longest)) {
			longest, found = prefix, true
		}
	}
	if !found {
		return nil, "", nil
	}
	return listed(tree.GetPrefixMatchMap().GetMap()[longest].GetAction().GetTypedConfig(), longest)
}

// listed are the routes of an action.
func listed(action *anypb.Any, longest string) ([]*routev3.Route, string, error) {
	var list routev3.RouteList
	if action.MessageIs(&list) {
		if err := action.UnmarshalTo(&list); err != nil {
			return nil, "", err
		}
		return list.GetRoutes(), longest, nil
	}
	var one routev3.Route
	if err := action.UnmarshalTo(&one); err != nil {
		return nil, "", fmt.Errorf("what stands at %s is neither a route nor a list of routes: %w", longest, err)
	}
	return []*routev3.Route{&one}, longest, nil
}
