package translate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// callersFilter is the name under which the filter that knows callers by keys and signatures is configured in the listener
// and switched on in a route.
const callersFilter = "access.callers"

// askCallers has callers show a key or a signature.
func askCallers(r *routev3.Route, u *unit, s routeSettings) {
	var c config.Callers
	for _, p := range u.callerPolicies() {
		c.Policies = append(c.Policies, credentials(p))
	}
	if len(c.Policies) == 0 {
		return
	}
	c.Attachment = len(only(u.variants, model.ProtocolDubbo)) > 0
	c.Reroute = u.routesByCaller()
	if size := s.service.MaxRequestSize; size != nil {
		c.MaxRequestBytes = int(size.Or(0))
	}
	enable(r, callersFilter, moduleFilter(config.CallersFilter, c.Text()))
}

// credentials is what a policy asks for, as the filter reads it.
func credentials(p model.Access) config.CallerPolicy {
	out := config.CallerPolicy{Name: p.Name, DryRun: p.DryRun}
	if k := p.APIKey; k != nil {
		out.APIKey = &config.CallerKey{Keys: k.Keys, Header: strings.ToLower(k.Header), Query: k.Query, Optional: k.Optional}
		if k.Header == "" && k.Query == "" {
			out.APIKey.Header = config.DefaultKeyHeader
		}
	}
	if h := p.HMAC; h != nil {
		out.HMAC = &config.CallerHMAC{
			Keys: h.Keys, Header: strings.ToLower(cmp.Or(h.Header, config.DefaultSignatureHeader)), Optional: h.Optional,
			WindowSeconds: int(h.Window.Or(config.DefaultWindowSeconds*time.Second) / time.Second),
		}
		for _, name := range h.SignedHeaders {
			out.HMAC.SignedHeaders = append(out.HMAC.SignedHeaders, strings.ToLower(name))
		}
	}
	return out
}

func showsCredentials(p model.Access) bool { return p.APIKey != nil || p.HMAC != nil }

// callerPolicies are those that ask for keys or signatures.
func (u *unit) callerPolicies() (out []model.Access) {
	for _, p := range u.in.Policies.Access {
		if showsCredentials(p) {
			out = append(out, p)
		}
	}
	return out
}

// checkCredentials says why keys and signatures cannot be asked for.
func (u *unit) checkCredentials(p model.Access) error {
	switch {
	case !showsCredentials(p):
		return nil
	case u.opt.contrib():
		return fmt.Errorf("nobody checks keys and signatures with the dataplane %s; run a stock Envoy with %s", ContribGolang, DynamicModule)
	}
	return credentials(p).Check()
}

// callerHeader is where a request has the name of its caller: as a key or a signature proves it, or else as the
// application of a Dubbo consumer says it.
func (u *unit) callerHeader() string {
	if slices.ContainsFunc(u.callerPolicies(), func(p model.Access) bool { return !p.DryRun }) {
		return config.CallerHeader
	}
	return callerHeader
}

// caller is a condition on the name behind a key or signature that the policy asks for, or any policy when it asks for none.
func (u *unit) caller(p model.Access, names []string) (*rbacv3.Principal, error) {
	from := []model.Access{p}
	if !showsCredentials(p) {
		from = u.callerPolicies()
	}
	var list []*rbacv3.Principal
	for _, one := range from {
		for _, name := range names {
			list = append(list, metadata(config.CallerMetadata, []string{one.Name}, &matcherv3.ValueMatcher{
				MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: exactly(name)},
			}))
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no policy of the service asks callers for a key or signature; write apiKey or hmac")
	}
	return anyPrincipal(list), nil
}

// routesByCaller reports whether rules of the service look at the name of the caller, which is known once a route has been
// chosen.
func (u *unit) routesByCaller() bool {
	looks := func(list []model.RequestMatch) bool {
		return slices.ContainsFunc(list, func(m model.RequestMatch) bool {
			for name := range m.Headers {
				if strings.EqualFold(name, config.CallerHeader) {
					return true
				}
			}
			return false
		})
	}
	for _, p := range u.in.Policies.Routes {
		if slices.ContainsFunc(p.Rules, func(r model.Rule) bool { return looks(r.Match) }) {
			return true
		}
	}
	return slices.ContainsFunc(u.in.Policies.Lanes, func(l model.Lane) bool { return looks(l.Match) })
}

// meetAll has requests that are given another route when their caller is known meet the filters of every route that they
// may be given: which filters they meet is decided before.
func (u *unit) meetAll(s ServiceResources) {
	if len(u.callerPolicies()) == 0 || !u.routesByCaller() {
		return
	}
	meet(s.Paths)
	meet(s.Hosted)
	for _, routes := range s.Mounted {
		meet(routes)
	}
	for _, op := range s.operations {
		meet(op.routes)
	}
}

func meet(routes []*routev3.Route) {
	all := switches(routes)
	for _, r := range routes {
		if r.TypedPerFilterConfig[callersFilter] != nil {
			switchOn(r, all)
		}
	}
}
