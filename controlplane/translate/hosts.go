package translate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// gatewayRoutes is the route configuration of the ports that answer everything: a virtual host for each service that is
// reached by host name, and one for all other hosts, where a service is reached by path.
func gatewayRoutes(services []ServiceResources, opt Options) (*routev3.RouteConfiguration, []model.Problem) {
	out := routeConfiguration(GatewayRoutes)
	if schemas := schemaHost(services); schemas != nil {
		out.VirtualHosts = append(out.VirtualHosts, schemas)
	}
	operations, problems := claim(services)
	base := paths{services: make(map[string]ServiceResources, len(services)), operations: operations}
	owner := hostOwners(services)
	for _, s := range services {
		base.filters = append(base.filters, s.switches...)
		if s.packed != nil {
			base.services[pathPrefix(s.Name)] = s
		}
		for _, name := range s.domains() {
			// Envoy refuses all routes if two virtual hosts share a domain.
			if first := owner[name]; first.service != s.Name {
				if own := s.claims(name); own.rank != byGeneralPolicy || own.policy != first.policy { // that has the host whichever service it is
					problems = append(problems, own.lost(name, first))
				}
				continue
			}
			host := virtualHost(name, opt)
			host.Routes = s.Hosted
			out.VirtualHosts = append(out.VirtualHosts, host)
		}
	}
	slices.Sort(base.filters)
	base.filters = slices.Compact(base.filters)
	rest := virtualHost("*", opt)
	rest.Matcher = pathMatcher(base.leaves())
	out.VirtualHosts = append(out.VirtualHosts, rest)
	return out, problems
}

func routeConfiguration(name string) *routev3.RouteConfiguration {
	return &routev3.RouteConfiguration{
		Name: name,
		// A host counts without its port, so that no name needs a wildcard.
		IgnorePortInHostMatching: true,
		// What the routes say to the filter overrides what a client says: it is removed first, then set by a route.
		RequestHeadersToRemove:          []string{config.SchemaHeader, config.OperationHeader},
		MostSpecificHeaderMutationsWins: true,
	}
}

// domains are the host names that a service wants.
func (s ServiceResources) domains() []string {
	switch {
	case len(s.Hosted) == 0:
		return nil
	case s.Domain == "":
		return s.Hosts
	}
	return append([]string{s.Domain}, s.Hosts...)
}

// hosts are the hosts that Route policies name for the service, beside its own name, and by which policies.
func (u *unit) hosts() (hosts []string, by map[string]hostClaim) {
	by = map[string]hostClaim{}
	for _, p := range u.in.Policies.Routes {
		for _, h := range p.Hosts {
			if h = strings.ToLower(h); h == "*" || h == schemaDomain || h == domain(u.in.Service.Name) {
				continue
			}
			if _, known := by[h]; !known { // the first by precedence
				by[h] = hostClaim{service: u.in.Service.Name, rank: rankOf(p), policy: model.PolicyID(p), source: sourceOf(p)}
			}
			hosts = append(hosts, h)
		}
	}
	return unique(hosts), by
}

// hostClaim is a service that wants a host, and why.
type hostClaim struct {
	service string
	rank    claimRank
	policy  string // Route/hello, "" when the host is the service's own name
	source  string // of the policy
}

// claimRank is what counts first among those who want a host.
type claimRank int

const (
	byName         claimRank = iota // the name of the service is the host, as it stands
	byNameCaseless                  // it differs in case alone
	byNamingPolicy                  // a policy that names the service has the host
	bySelectingPolicy
	byGeneralPolicy
)

func rankOf(p model.Route) claimRank {
	switch {
	case p.Service != "":
		return byNamingPolicy
	case p.Selector != nil:
		return bySelectingPolicy
	}
	return byGeneralPolicy
}

// claims is why a service wants a host that is one of its domains.
func (s ServiceResources) claims(host string) hostClaim {
	switch {
	case s.Name == host:
		return hostClaim{service: s.Name}
	case s.Domain == host:
		return hostClaim{service: s.Name, rank: byNameCaseless}
	}
	return s.hostedBy[host]
}

// before reports whether a claim counts before another: by rank, then by the name of the policy. Of services with the same
// claim the first by name has the host.
func (c hostClaim) before(other hostClaim) bool {
	return cmp.Or(cmp.Compare(c.rank, other.rank), strings.Compare(c.policy, other.policy)) < 0
}

// lost tells whoever claims a host that another service has it.
func (c hostClaim) lost(host string, winner hostClaim) model.Problem {
	if c.policy == "" {
		return model.Problem{Key: c.service, Reason: fmt.Sprintf("host name %s belongs to service %s; rename one of them, or call this one by path", host, winner.service)}
	}
	by := "whose name it is"
	if winner.policy != "" {
		by = "by " + winner.policy + ", which goes before"
	}
	return model.Problem{Key: c.source, Reason: fmt.Sprintf("%s on %s: hosts: %s belongs to service %s, %s; name another host, or rename the policy that is to have it", c.policy, c.service, host, winner.service, by)}
}

// hostOwners gives each host name to one service. A newcomer that differs in case alone takes nothing from a service whose name
// is a host name as it stands.
func hostOwners(services []ServiceResources) map[string]hostClaim {
	owner := map[string]hostClaim{}
	for _, s := range services {
		for _, name := range s.domains() {
			claim := s.claims(name)
			if first, taken := owner[name]; !taken || claim.before(first) {
				owner[name] = claim
			}
		}
	}
	return owner
}

func virtualHost(domain string, opt Options) *routev3.VirtualHost {
	return &routev3.VirtualHost{Name: domain, Domains: []string{domain}, RetryPolicy: retries(opt)}
}

// noService answers for a path that belongs to no service.
func noService() *routev3.Route {
	return &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action: problemResponse(404, "No such service",
			"No service of this name is registered. Call POST /{interface}/{method} for Dubbo, or /{service}/… for HTTP; `dubbomesh services` lists what there is."),
		ResponseHeadersToAdd: problemHeaders(),
	}
}

// formRoute switches the form filter on for a form on POST /. The filter sets the path that the form asks for and has
// the route chosen again; the route's own answer is for a form that the filter let pass. Which filters a request meets
// is decided before that: so it meets all that any service's route switches on, and each then looks at the route chosen.
func formRoute(filters []string) *routev3.Route {
	r := &routev3.Route{
		Match: &routev3.RouteMatch{
			PathSpecifier: &routev3.RouteMatch_Path{Path: "/"},
			Headers: []*routev3.HeaderMatcher{
				headerMatches(":method", exactly("POST")),
				headerMatches("content-type", startingWith("application/x-www-form-urlencoded")),
			},
		},
		Action:               problemResponse(404, "No such service", "The form names no service; send the field interface with the name of a registered one."),
		ResponseHeadersToAdd: problemHeaders(),
	}
	switchOn(r, append([]string{formFilter}, filters...))
	return r
}

// switches are the filters that routes switch on and that a form has to meet as well. Left out are those for calls of
// Dubbo consumers, and those that act on whatever meets them.
func switches(routes []*routev3.Route) []string {
	found := map[string]bool{}
	for _, r := range routes {
		for name := range r.GetTypedPerFilterConfig() {
			switch {
			case name == schemaFilter, name == restFilter, strings.HasPrefix(name, adaptivePrefix):
			default:
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func exactly(value string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value}}
}

// startingWith matches a prefix in whichever case.
func startingWith(prefix string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: prefix}, IgnoreCase: true}
}

func headerMatches(name string, m *matcherv3.StringMatcher) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{Name: name, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: m}}
}
