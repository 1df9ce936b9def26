package translate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// The headers by which a caller asks for a variant, as in Dubbo's Triple over HTTP.
const (
	groupHeader   = config.GroupHeader
	versionHeader = config.VersionHeader
)

// uploadPause is how long a client may pause within a request, beyond the time the answer may take.
const uploadPause = 20 * time.Second

// way is one kind of requests to a service, and what becomes of them.
type way struct {
	match      func() *routev3.RouteMatch // a fresh one each time
	cut        string                     // what stands in the path before the part that the service gets
	bare       bool                       // all that can be asked for is what is cut off, of which the service gets "/"
	rewrite    string                     // what replaces the matched part of the path; "" keeps it
	calls      bool                       // the path is that of a call: /{service}/{method}
	mixed      bool                       // there are instances that speak plain HTTP beside those that are called
	mount      string                     // what stands in the path of calls in place of /{service}/, with a slash at its end; "" for that
	method     string                     // the Dubbo method, where it is known
	onePath    bool                       // its match is one of a whole path, so that a rewrite replaces all of it
	consumer   bool                       // calls of Dubbo consumers, which a service that speaks HTTP has to be given as JSON
	lane       *laneWay                   // that the requests are in, nil for none
	anew       bool                       // requests that have failed and fall back
	led        map[int]bool               // fallbacks that have routes, by index
	registered bool                       // by a rule of a registry
	rule       string                     // the name of the rule among those of the service
	operations map[pair]operationRef      // that the requests are of, nil for none
	asked      asked                      // arguments that its routes look at
	from, upTo model.Percent              // of the throws, which its requests have
}

// pathRoutes serves a service below its name on the gateway: calls as /{service}/{method}, which is the path that
// Dubbo, Triple and gRPC have anyway, and plain HTTP with the name cut off.
func (u *unit) pathRoutes() []*routev3.Route {
	prefix := pathPrefix(u.in.Service.Name)
	calls, plain := u.spoken()
	u.tellMixed(calls, plain)
	var out []*routev3.Route
	switch {
	case len(plain) == 0:
		return u.callRoutes(calls, way{match: u.below, calls: true})
	case len(calls) > 0:
		out = u.callRoutes(calls, way{match: u.isCall(calls, prefix+"/", u.below), calls: true, mixed: true})
	default:
		out = u.consumerRoutes(plain)
	}
	slash := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: prefix + "/"}}
	}
	bare := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: prefix}}
	}
	out = append(out, u.routes(plain, way{match: slash, cut: prefix, rewrite: "/"})...)
	return append(out, u.routes(plain, way{match: bare, bare: true, cut: prefix, rewrite: "/"})...)
}

// callRoutes tells callers apart where a service speaks more than one protocol: a Dubbo consumer is best served by an
// instance that speaks Dubbo 2, and a gRPC client by one that speaks gRPC; JSON is for all. So it does where there is a
// fallback, which has a form for each.
func (u *unit) callRoutes(calls []variant, w way) []*routev3.Route {
	dubbo, grpc := only(calls, model.ProtocolDubbo), only(calls, model.ProtocolTriple, model.ProtocolGRPC)
	if len(grpc) == 0 && !w.mixed && !fallsBack(u.in.Policies) {
		return u.routes(calls, w)
	}
	var out []*routev3.Route
	if w.mount == "" { // a Dubbo consumer knows no other path
		out = u.consumerRoutes(calls)
	}
	if len(dubbo) > 0 && len(grpc) > 0 {
		streams := w
		streams.match = typed(w.match, startingWith("application/grpc"))
		out = append(out, u.routes(grpc, streams)...)
	}
	return append(out, u.routes(calls, w)...)
}

// mountedRoutes serves a service below a prefix, which is cut off. "/" stands for all paths.
func (u *unit) mountedRoutes(prefix string) []*routev3.Route {
	base := strings.TrimSuffix(prefix, "/")
	below := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: base + "/"}}
	}
	calls, plain := u.spoken()
	w := way{match: below, cut: base, rewrite: pathPrefix(u.in.Service.Name) + "/", calls: true, mount: base + "/"}
	var out []*routev3.Route
	switch {
	case len(plain) == 0:
		return u.callRoutes(calls, w)
	case len(calls) > 0:
		w.match, w.mixed = u.isCall(calls, w.mount, below), true
		out = u.callRoutes(calls, w)
	}
	out = append(out, u.routes(plain, way{match: below, cut: base, rewrite: "/"})...)
	if base == "" {
		return out
	}
	bare := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: base}}
	}
	return append(out, u.routes(plain, way{match: bare, bare: true, cut: base, rewrite: "/"})...)
}

// consumerRoutes serve Dubbo consumers. They name the service in the path and as host.
func (u *unit) consumerRoutes(all []variant) []*routev3.Route {
	if u.opt.contrib() {
		return nil
	}
	return u.routes(all, way{match: typed(u.below, exactly(config.DubboContentType)), calls: true, consumer: true})
}

// below matches the service's own path.
func (u *unit) below() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: pathPrefix(u.in.Service.Name)}}
}

// calls are the variants that are called as /{service}/{method}.
func (u *unit) calls() []variant {
	return only(u.variants, model.ProtocolDubbo, model.ProtocolTriple, model.ProtocolGRPC)
}

// hostedRoutes serves an HTTP service under its name as host.
func (u *unit) hostedRoutes() []*routev3.Route {
	match := func() *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
	}
	plain := only(u.variants, model.ProtocolHTTP, model.ProtocolH2, model.ProtocolGRPC)
	if len(plain) == 0 {
		return nil
	}
	consumed := u.calls()
	if len(consumed) == 0 {
		consumed = plain
	}
	return append(u.consumerRoutes(consumed), u.routes(plain, way{match: match})...)
}

func only(all []variant, protocols ...model.Protocol) (out []variant) {
	for _, v := range all {
		if slices.Contains(protocols, v.protocol) {
			out = append(out, v)
		}
	}
	return out
}

// routes has one route per request that can be answered and a last one that tells what can be asked for.
func (u *unit) routes(all []variant, w way) (out []*routev3.Route) {
	if len(all) == 0 {
		return nil
	}
	answered := selections(all)
	if plain := only(all, model.ProtocolHTTP, model.ProtocolH2, model.ProtocolGRPC); len(plain) == len(all) && len(answered) == 1 {
		// Group and version mean nothing to an HTTP or gRPC service that has none: it gets whatever headers pass by.
		return u.branches(answered[0].to, w)
	}
	for _, s := range answered {
		for _, r := range u.branches(s.to, w) {
			r.Match.Headers = append(r.Match.Headers, headerIs(groupHeader, s.group), headerIs(versionHeader, s.version))
			// The provider looks its service up by group and version, so the call has to carry those it is sent to.
			if r.GetRoute() != nil {
				r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, setHeader(groupHeader, s.group, s.to[0].group)...)
				r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, setHeader(versionHeader, s.version, s.to[0].version)...)
			}
			out = append(out, r)
		}
	}
	return append(out, &routev3.Route{Match: w.match(), Action: problemResponse(400, "No such variant", exists(all)), ResponseHeadersToAdd: problemHeaders()})
}

// route sends one kind of requests to variants of the same group and version, as a rule says, or without one.
func (u *unit) route(to []variant, w way, rule model.Rule, source string) *routev3.Route {
	r := &routev3.Route{Match: w.match()}
	s, described := u.schemas[pair{to[0].group, to[0].version}]
	if w.consumer {
		if dubbo := only(to, model.ProtocolDubbo); len(dubbo) > 0 {
			to = dubbo
		} else if json := only(to, model.ProtocolHTTP, model.ProtocolH2, model.ProtocolTriple); len(json) > 0 {
			to = json
			convert(r, s.id)
		} else {
			r.Action, r.ResponseHeadersToAdd = problemResponse(501, "No way from Dubbo", "This service speaks gRPC alone, which has no form for the arguments of a Dubbo call."), problemHeaders()
			return r
		}
	}
	if described && len(only(to, model.ProtocolDubbo)) > 0 {
		if op, ok := w.operations[pair{to[0].group, to[0].version}]; ok {
			r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, overwrite(config.SchemaHeader, op.schema), overwrite(config.OperationHeader, op.index))
		} else {
			r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, overwrite(config.SchemaHeader, s.id))
		}
	}
	if w.calls || w.operations != nil {
		// The bridge is not told which provider it speaks to, so the problems it writes cannot name it.
		r.ResponseHeadersToAdd = append(r.ResponseHeadersToAdd, overwrite(config.ProviderHeader, "%UPSTREAM_REMOTE_ADDRESS%"))
	}
	action := u.action(u.destinations(to, w, rule), w)
	u.mirror(action, to, w, rule)
	if other, err := u.callee(rule); w.calls && err == nil && other != "" {
		action.RegexRewrite = substitute(`^/[^/?]+`, substitution(pathPrefix(other)))
		if w.mount != "" {
			action.PrefixRewrite, action.RegexRewrite = "", substitute(`^`+w.called(), substitution(pathPrefix(other)+"/"))
		}
	}
	r.Action = &routev3.Route_Route{Route: action}
	settings := u.settings(w, rule, source)
	features := routeFeatures
	if w.anew {
		features = anewFeatures
	}
	for _, apply := range features {
		apply(r, u, settings)
	}
	return r
}

// called is an expression for what stands before the method in the path of a call.
func (w way) called() string {
	if w.mount != "" {
		return regexp.QuoteMeta(w.mount)
	}
	return `/[^/]+/`
}

// typed narrows a match to requests of a content type.
func typed(match func() *routev3.RouteMatch, contentType *matcherv3.StringMatcher) func() *routev3.RouteMatch {
	return func() *routev3.RouteMatch {
		m := match()
		m.Headers = append(m.Headers, headerMatches("content-type", contentType))
		return m
	}
}

// headerIs matches a header's value; for "" also a request without the header.
func headerIs(name, value string) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{
		Name:                      name,
		TreatMissingHeaderAsEmpty: value == "",
		HeaderMatchSpecifier:      &routev3.HeaderMatcher_StringMatch{StringMatch: exactly(value)},
	}
}

func setHeader(name, asked, value string) []*corev3.HeaderValueOption {
	if asked == value {
		return nil
	}
	return []*corev3.HeaderValueOption{overwrite(name, literal(value))}
}

// overwrite sets a header to a value in which Envoy's command operators count.
func overwrite(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
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
