package translate

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// rewrite changes path and host on the way.
func rewrite(r *routev3.Route, u *unit, s routeSettings) {
	w := s.rule.Rewrite
	if w == nil {
		return
	}
	a := r.GetRoute()
	if w.Host != "" {
		a.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: w.Host}
	}
	replace := func(pattern, by string) { a.PrefixRewrite, a.RegexRewrite = "", substitute(pattern, by) }
	switch {
	case w.Path != "" && s.way.onePath:
		a.PrefixRewrite, a.RegexRewrite = w.Path, nil
	case w.Path != "":
		replace(`^[^?]*`, substitution(w.Path))
	case w.Regex != nil && s.way.cut != "":
		replace(behind(s.way.cut, *w.Regex))
	case w.Regex != nil:
		replace(w.Regex.Pattern, w.Regex.Substitution)
	case w.Method != "":
		if s.way.mount != "" {
			replace(`^`+s.way.called()+`[^?]*`, substitution(pathPrefix(u.in.Service.Name)+"/"+w.Method))
			break
		}
		replace(`^(/[^/]+/)[^?]*`, `\1`+substitution(w.Method))
	case w.Prefix != "":
		if prefixes := s.prefixes(); len(prefixes) > 0 {
			replace(`^(?:`+strings.Join(prefixes, "|")+`)`, substitution(w.Prefix))
		}
	}
}

// prefixes are the path prefixes of a rule's matches as they are asked for, in expressions.
func (s routeSettings) prefixes() (out []string) {
	for _, m := range s.rule.Match {
		if m.Path != nil && m.Path.Prefix != "" {
			prefix := regexp.QuoteMeta(s.way.cut + m.Path.Prefix)
			if s.way.bare && m.Path.Prefix == "/" {
				prefix = regexp.QuoteMeta(s.way.cut)
			}
			if m.Path.IgnoreCase {
				prefix = "(?i:" + prefix + ")"
			}
			out = append(out, prefix)
		}
	}
	return out
}

func substitute(pattern, by string) *matcherv3.RegexMatchAndSubstitute {
	return &matcherv3.RegexMatchAndSubstitute{Pattern: &matcherv3.RegexMatcher{Regex: pattern}, Substitution: by}
}

// substitution is a text in which a backslash is itself.
func substitution(text string) string { return strings.ReplaceAll(text, `\`, `\\`) }

// editHeaders changes headers in both directions.
func editHeaders(r *routev3.Route, _ *unit, s routeSettings) {
	request, response := headerEdits(s.rule.Headers)
	r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, request.add...)
	r.RequestHeadersToRemove = append(r.RequestHeadersToRemove, request.remove...)
	r.ResponseHeadersToAdd = append(r.ResponseHeadersToAdd, response.add...)
	r.ResponseHeadersToRemove = append(r.ResponseHeadersToRemove, response.remove...)
}

// edits are changes in one direction. Envoy removes first.
type edits struct {
	add    []*corev3.HeaderValueOption
	remove []string
}

func headerEdits(h *model.HeaderEdits) (request, response edits) {
	if h == nil {
		return request, response
	}
	return change(h.Request), change(h.Response)
}

func change(c *model.HeaderChange) (e edits) {
	if c == nil {
		return e
	}
	for _, name := range slices.Sorted(maps.Keys(c.Set)) {
		e.add = append(e.add, overwrite(strings.ToLower(name), literal(c.Set[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Add)) {
		e.add = append(e.add, &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: strings.ToLower(name), Value: literal(c.Add[name])}})
	}
	for _, name := range c.Remove {
		e.remove = append(e.remove, strings.ToLower(name))
	}
	return e
}

// allowOrigins answers preflight requests, and says on answers who may read them.
func allowOrigins(r *routev3.Route, u *unit, s routeSettings) {
	c := s.rule.CORS
	if c == nil {
		return
	}
	policy, errs := corsPolicy(c)
	for _, err := range errs {
		u.report(s, "cors", err)
	}
	enable(r, corsFilter, policy)
}

func corsPolicy(c *model.CORS) (policy *corsv3.CorsPolicy, errs []error) {
	policy = &corsv3.CorsPolicy{
		AllowMethods: strings.Join(c.AllowMethods, ","), AllowHeaders: strings.Join(c.AllowHeaders, ","), ExposeHeaders: strings.Join(c.ExposeHeaders, ","),
		AllowCredentials: wrapperspb.Bool(c.AllowCredentials),
	}
	if c.MaxAge != nil {
		policy.MaxAge = strconv.Itoa(int(c.MaxAge.Std().Seconds()))
	}
	for _, o := range c.AllowOrigins {
		m, err := stringMatcher(o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		policy.AllowOriginStringMatch = append(policy.AllowOriginStringMatch, m)
	}
	return policy, errs
}
