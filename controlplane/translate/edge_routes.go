package translate

import (
	"slices"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// edgeRoutes is the route configuration of a port that does not answer everything: the hosts that it answers, and on each
// what is exposed there. Dubbo knows no hosts, so that its consumers find all that is exposed.
type edgeRoutes struct {
	edge
	opt    Options
	offers []offer
	rules  []*routev3.Route
	cors   *corsv3.CorsPolicy
}

func newEdgeRoutes(e edge, services []ServiceResources, opt Options) (r edgeRoutes, problems []model.Problem) {
	r = edgeRoutes{edge: e, opt: opt, offers: e.offers(services)}
	r.rules, problems = e.rules()
	if c := e.gateway.CORS; c != nil {
		var errs []error
		r.cors, errs = corsPolicy(c)
		for _, err := range errs {
			problems = append(problems, e.problem("cors", err.Error()))
		}
	}
	return r, problems
}

func (r edgeRoutes) configuration() *routev3.RouteConfiguration {
	out := routeConfiguration(r.routes())
	var offered []ServiceResources
	for _, o := range r.offers {
		offered = append(offered, o.ServiceResources)
	}
	if schemas := schemaHost(offered); schemas != nil {
		out.VirtualHosts = append(out.VirtualHosts, schemas)
	}
	if to := r.listener.RedirectToTLS; to != nil {
		out.VirtualHosts = append(out.VirtualHosts, r.redirected(*to)...)
		return out
	}
	if r.protocol == edgeDubbo {
		out.VirtualHosts = append(out.VirtualHosts, r.forDubbo("*", noService()))
		return out
	}
	hosts := r.hosts()
	for _, h := range hosts {
		out.VirtualHosts = append(out.VirtualHosts, r.host(h))
	}
	switch {
	case slices.Contains(hosts, "*"):
	case r.consumers(r.opt):
		out.VirtualHosts = append(out.VirtualHosts, r.forDubbo("*", noHost()))
	default:
		v := virtualHost("*", r.opt)
		v.Routes = []*routev3.Route{noHost()}
		out.VirtualHosts = append(out.VirtualHosts, v)
	}
	return out
}

// hosts are all that the port has an answer for, "*" last.
func (r edgeRoutes) hosts() []string {
	all := lower(r.listener.Hosts)
	if len(all) == 0 {
		all = []string{"*"}
	}
	for _, o := range r.offers {
		all = append(all, o.hosts...)
		for _, d := range o.domains() {
			if o.under(d) {
				all = append(all, d)
			}
		}
	}
	all = unique(slices.DeleteFunc(all, func(h string) bool { return h == "*" || h == schemaDomain }))
	if len(r.listener.Hosts) == 0 || slices.Contains(lower(r.listener.Hosts), "*") {
		all = append(all, "*")
	}
	return all
}

// host is what a host answers: services by path, or the service whose host it is. Both do on a host of the listener's, and
// beside the latter stands what the policy exposes under just this host.
func (r edgeRoutes) host(name string) *routev3.VirtualHost {
	v := virtualHost(name, r.opt)
	here := slices.DeleteFunc(slices.Clone(r.offers), func(o offer) bool { return !o.under(name) })
	var owned []*routev3.Route
	if i := owner(here, name); i >= 0 {
		self := here[i]
		owned = self.Hosted
		if !slices.Contains(lower(r.listener.Hosts), name) {
			here = slices.DeleteFunc(here, func(o offer) bool { return !o.explicit || o.Name == self.Name && o.prefix == "" })
		}
	}
	if r.cors != nil {
		v.TypedPerFilterConfig = map[string]*anypb.Any{corsFilter: pack(r.cors)}
	}
	if owned != nil && len(here) == 0 {
		v.Routes = append(slices.Clone(r.rules), owned...)
		return v
	}
	all := here
	if name == "*" && r.consumers(r.opt) {
		all = r.offers
	}
	v.Matcher = r.tree(here, owned)
	if len(all) > len(here) {
		v.Matcher = dubboFirst(r.tree(withoutPrefixes(all), nil), &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Matcher{Matcher: v.Matcher}})
	}
	return v
}

// owner is the offer whose own host this is, -1 for none.
func owner(offers []offer, host string) int {
	first := -1
	for i, o := range offers {
		if slices.Contains(o.domains(), host) && (first < 0 || o.claims(host).before(offers[first].claims(host))) {
			first = i
		}
	}
	return first
}

// tree finds offers by path. What fits none of them goes to rest.
func (r edgeRoutes) tree(offers []offer, rest []*routev3.Route) *xdsmatcherv3.Matcher {
	p := paths{services: map[string]ServiceResources{}, prefixes: map[string][]*routev3.Route{}, rest: rest, rules: r.rules}
	var services []ServiceResources
	for _, o := range offers {
		services = append(services, o.ServiceResources)
		p.filters = append(p.filters, o.switches...)
		if o.packed != nil {
			p.services[pathPrefix(o.Name)] = o.ServiceResources
		}
		if o.prefix != "" && p.prefixes[o.prefix] == nil {
			p.prefixes[o.prefix] = o.Mounted[o.prefix]
		}
	}
	p.operations, _ = claim(services)
	slices.Sort(p.filters)
	p.filters = slices.Compact(p.filters)
	return pathMatcher(p.leaves())
}

// withoutPrefixes are offers as Dubbo consumers find them, whose paths name the service.
func withoutPrefixes(offers []offer) []offer {
	out := slices.Clone(offers)
	for i := range out {
		out[i].prefix = ""
	}
	return out
}

// redirected sends every HTTP request of the port's hosts to a port with TLS. Dubbo consumers cannot be sent elsewhere,
// and are served.
func (r edgeRoutes) redirected(port uint32) (out []*routev3.VirtualHost) {
	redirect := &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action: &routev3.Route_Redirect{Redirect: &routev3.RedirectAction{
			SchemeRewriteSpecifier: &routev3.RedirectAction_HttpsRedirect{HttpsRedirect: true},
			PortRedirect:           port,
			ResponseCode:           routev3.RedirectAction_PERMANENT_REDIRECT, // keeps the verb and the body of calls
		}},
	}
	last := redirect
	for _, h := range lower(r.listener.Hosts) {
		if h == "*" {
			continue
		}
		v := virtualHost(h, r.opt)
		v.Routes = []*routev3.Route{redirect}
		out, last = append(out, v), noHost()
	}
	if r.consumers(r.opt) {
		return append(out, r.forDubbo("*", last))
	}
	v := virtualHost("*", r.opt)
	v.Routes = []*routev3.Route{last}
	return append(out, v)
}

// forDubbo answers the calls of Dubbo consumers, and everything else with one route.
func (r edgeRoutes) forDubbo(name string, otherwise *routev3.Route) *routev3.VirtualHost {
	v := virtualHost(name, r.opt)
	v.Matcher = dubboFirst(r.tree(withoutPrefixes(r.offers), nil), &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Action{
		Action: &xdscorev3.TypedExtensionConfig{Name: "route", TypedConfig: pack(otherwise)},
	}})
	return v
}

// dubboFirst tells the calls of Dubbo consumers from everything else.
func dubboFirst(calls *xdsmatcherv3.Matcher, otherwise *xdsmatcherv3.Matcher_OnMatch) *xdsmatcherv3.Matcher {
	isCall := &xdsmatcherv3.Matcher_MatcherList_Predicate{MatchType: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate_{
		SinglePredicate: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate{
			Input: &xdscorev3.TypedExtensionConfig{Name: "content-type", TypedConfig: pack(&matcherv3.HttpRequestHeaderMatchInput{HeaderName: "content-type"})},
			Matcher: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate_ValueMatch{ValueMatch: &xdsmatcherv3.StringMatcher{
				MatchPattern: &xdsmatcherv3.StringMatcher_Exact{Exact: config.DubboContentType},
			}},
		},
	}}
	return &xdsmatcherv3.Matcher{
		MatcherType: &xdsmatcherv3.Matcher_MatcherList_{MatcherList: &xdsmatcherv3.Matcher_MatcherList{
			Matchers: []*xdsmatcherv3.Matcher_MatcherList_FieldMatcher{{
				Predicate: isCall, OnMatch: &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Matcher{Matcher: calls}},
			}},
		}},
		OnNoMatch: otherwise,
	}
}

// noHost answers for hosts that the port does not.
func noHost() *routev3.Route {
	return &routev3.Route{
		Match:                &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action:               problemResponse(404, "No such host", "This port answers other hosts; `dubbomesh get gateway -o yaml` lists them."),
		ResponseHeadersToAdd: problemHeaders(),
	}
}
