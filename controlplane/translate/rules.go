package translate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// branches are the routes of requests that come in one way and get variants of one group and version: those of each rule
// that fits the way, in the order of the policies, then the one that is left.
func (u *unit) branches(to []variant, w way) (out []*routev3.Route) {
	w.asked = u.asks()
	var parts shares
	for _, p := range u.in.Policies.Routes {
		part := w
		part.registered = p.Registered
		for i, rule := range p.Rules {
			source := sourceOf(p)
			part.rule = ruleName(p, i)
			for _, m := range anyOf(rule.Match) {
				share := parts.after(p.Hosts, m)
				part.from, part.upTo = share.from, share.upTo
				if m.Percent != nil {
					m.Percent = &share.upTo
				}
				routes, err := u.ruled(to, part, p.Hosts, rule, m, source)
				if err != nil {
					u.withoutRule(p, i, err)
					continue
				}
				if len(routes) > 0 {
					parts.take(share)
				}
				out = append(out, routes...)
			}
		}
	}
	rest := parts.after(nil, model.RequestMatch{})
	w.from, w.upTo = rest.from, rest.upTo
	for _, v := range u.methods(w, model.Rule{}) {
		out = append(out, u.laned(to, v, model.Rule{}, "", v.match())...)
	}
	u.tellArguments(out, to, w)
	return out
}

// withoutRule notes a rule that is left out. One of a policy for all services that leads to a service need not be possible on
// those that speak otherwise.
func (u *unit) withoutRule(p model.Route, i int, err error) {
	note := u.leftOut
	if p.Service == "" && p.Selector == nil && errors.As(err, new(unlike)) {
		note = u.problem
	}
	note(sourceOf(p), fmt.Sprintf("%s on %s: rules[%d] is left out: %v", model.PolicyID(p), u.in.Service.Name, i, err))
}

// unlike is why requests of one service cannot be sent to another.
type unlike string

func (e unlike) Error() string { return string(e) }

// methods splits a way: one part for each method that has settings of its own, the last for the others.
func (u *unit) methods(w way, rule model.Rule) (out []way) {
	if w.calls {
		for _, name := range u.in.methods(rule) {
			part := w
			part.method = name
			own := pathPrefix(u.in.Service.Name) + "/" + escaped(name)
			path := own
			if w.mount != "" {
				path, part.rewrite = w.mount+escaped(name), own
			}
			part.match = func() *routev3.RouteMatch {
				m := w.match()
				m.PathSpecifier = &routev3.RouteMatch_Path{Path: path}
				return m
			}
			out = append(out, part)
		}
	}
	return append(out, w)
}

// ruled are the routes of one rule and one of its matches; none when no request of the way can fit.
func (u *unit) ruled(to []variant, w way, hosts []string, rule model.Rule, m model.RequestMatch, source string) (out []*routev3.Route, err error) {
	if fits, err := w.ofMethod(&m); err != nil || !fits {
		return nil, err
	}
	for _, part := range u.methods(w, rule) {
		match, whole, m := part.match(), part, m
		all := m
		if !onePath(match, &m, &part) {
			continue
		}
		if err := narrow(match, m, w); err != nil {
			return nil, err
		}
		if len(hosts) > 0 && !slices.Contains(hosts, "*") {
			match.Headers = append(match.Headers, regexCondition(":authority", hostPattern(hosts), false))
		}
		if err := checkRegexes(match); err != nil {
			return nil, err
		}
		r := &routev3.Route{}
		switch {
		case rule.Redirect != nil && w.consumer:
			return nil, nil // Dubbo has no such thing
		case rule.Redirect != nil:
			redirectTo(r, rule, w)
		case rule.Respond != nil:
			respond(r, rule.Respond)
		default:
			if !w.registered { // one of a registry leads to the service itself
				if err := u.reachable(w.takers(to), rule); err != nil {
					return nil, err
				}
			}
			for _, x := range cutOff(match, part, rule) {
				if err := checkRegexes(x.match); err != nil {
					return nil, fmt.Errorf("rewrite: %w", err)
				}
				for _, r := range u.laned(to, part, x.rule, source, x.match) {
					r.Name = rule.Name
					out = append(out, r)
				}
			}
			before, err := u.preflight(to, whole, hosts, rule, all, source)
			if err != nil {
				return nil, err
			}
			out = append(out, before...)
			continue
		}
		r.Match, r.Name = match, rule.Name
		out = append(out, r)
	}
	return out, nil
}

// ofMethod takes a condition on the method off a match where the way knows the method without looking at a path, and reports
// whether it holds there.
func (w way) ofMethod(m *model.RequestMatch) (fits bool, err error) {
	if m.Method == nil || w.calls {
		return true, nil
	}
	fits, err = fitsText(*m.Method, w.method)
	if err != nil || !fits || w.method == "" {
		return false, err
	}
	m.Method = nil
	return true, nil
}

// fitsText evaluates a condition on a text that is known here.
func fitsText(s model.StringMatch, text string) (bool, error) {
	re, err := regexp.Compile(s.Flags() + "^(?:" + s.Pattern() + ")$")
	if err != nil {
		return false, err
	}
	return re.MatchString(text) != s.Not, nil
}

// hostPattern fits hosts with or without a port; *.example.com stands for every name below.
func hostPattern(hosts []string) string {
	var list []string
	for _, h := range hosts {
		if below, wild := strings.CutPrefix(h, "*."); wild {
			list = append(list, `[^:]+\.`+regexp.QuoteMeta(below))
			continue
		}
		list = append(list, regexp.QuoteMeta(h))
	}
	return `(?i)(?:` + strings.Join(list, "|") + `)(?::[0-9]+)?`
}

func redirectTo(r *routev3.Route, rule model.Rule, w way) {
	d := rule.Redirect
	a := &routev3.RedirectAction{HostRedirect: d.Host, PortRedirect: model.Or(d.Port, 0), StripQuery: d.StripQuery, ResponseCode: redirectCodes[model.Or(d.Status, 302)]}
	if d.Scheme != "" {
		a.SchemeRewriteSpecifier = &routev3.RedirectAction_SchemeRedirect{SchemeRedirect: d.Scheme}
	}
	switch prefixes := (routeSettings{rule: rule, way: w}).prefixes(); {
	case d.Path != "":
		a.PathRewriteSpecifier = &routev3.RedirectAction_PathRedirect{PathRedirect: d.Path}
	case d.Prefix != "" && len(prefixes) > 0:
		a.PathRewriteSpecifier = &routev3.RedirectAction_RegexRewrite{RegexRewrite: substitute(`^(?:`+strings.Join(prefixes, "|")+`)`, substitution(w.cut+d.Prefix))}
	}
	r.Action = &routev3.Route_Redirect{Redirect: a}
}

var redirectCodes = map[uint32]routev3.RedirectAction_RedirectResponseCode{
	301: routev3.RedirectAction_MOVED_PERMANENTLY, 302: routev3.RedirectAction_FOUND, 303: routev3.RedirectAction_SEE_OTHER,
	307: routev3.RedirectAction_TEMPORARY_REDIRECT, 308: routev3.RedirectAction_PERMANENT_REDIRECT,
}

func respond(r *routev3.Route, a *model.Response) {
	d := &routev3.DirectResponseAction{Status: model.Or(a.Status, 200)}
	if a.Body != "" {
		d.Body = &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: a.Body}}
	}
	r.Action = &routev3.Route_DirectResponse{DirectResponse: d}
	for _, name := range slices.Sorted(maps.Keys(a.Headers)) {
		r.ResponseHeadersToAdd = append(r.ResponseHeadersToAdd, overwrite(strings.ToLower(name), literal(a.Headers[name])))
	}
}

// takers are those of the variants that requests of the way may get: a Dubbo consumer gets what speaks Dubbo, if anything
// does.
func (w way) takers(to []variant) []variant {
	if dubbo := only(to, model.ProtocolDubbo); w.consumer && len(dubbo) > 0 {
		return dubbo
	}
	return to
}

// reachable says why a rule's backends cannot be called.
func (u *unit) reachable(to []variant, rule model.Rule) error {
	if r := rule.Rewrite; r != nil && r.Regex != nil {
		if err := checkRegex(r.Regex.Pattern); err != nil {
			return fmt.Errorf("rewrite: %w", err)
		}
	}
	if len(only(to, model.ProtocolHTTP, model.ProtocolH2)) < len(to) {
		if _, err := u.callee(rule); err != nil {
			return err
		}
	}
	for _, b := range rule.To {
		if _, err := u.backend(to, b.Service, b.Labels, b.Group, b.Version); err != nil {
			return err
		}
	}
	for _, m := range rule.Mirror {
		if _, err := u.backend(to, m.Service, m.Labels, m.Group, m.Version); err != nil {
			return fmt.Errorf("mirror: %w", err)
		}
	}
	return nil
}

// callee is the other service that a rule sends calls to, "" for none. The path of a call names its service, and can be
// changed for a route only as a whole.
func (u *unit) callee(rule model.Rule) (string, error) {
	var names []string
	for _, b := range rule.To {
		names = append(names, cmp.Or(b.Service, u.in.Service.Name))
	}
	for _, m := range rule.Mirror {
		if m.Service != "" && m.Service != u.in.Service.Name {
			return "", unlike(fmt.Sprintf("mirror: a call of %s cannot be copied to %s, since its path names the service; mirror to labels, group or version of the same", u.in.Service.Name, m.Service))
		}
	}
	switch names = unique(names); {
	case len(names) > 1:
		return "", unlike(fmt.Sprintf("calls cannot be split among the services %s, since their path names one; write a rule for each", strings.Join(names, ", ")))
	case len(names) == 1 && names[0] != u.in.Service.Name:
		return names[0], nil
	}
	return "", nil
}

// backend finds the variants that a policy names, relative to those that are asked for, narrowed to instances with labels.
func (u *unit) backend(to []variant, service string, labels map[string]string, group, version *string) ([]variant, error) {
	from, all := u, to
	if service != "" && service != u.in.Service.Name {
		other, ok := u.others[service]
		if !ok {
			return nil, fmt.Errorf("there is no service %s; register one, or name another", service)
		}
		from, all = other, other.variants
	} else if group != nil || version != nil {
		all = u.variants
	}
	want := pair{model.Or(group, to[0].group), model.Or(version, to[0].version)}
	fits := slices.DeleteFunc(slices.Clone(all), func(v variant) bool { return pair{v.group, v.version} != want })
	if len(fits) == 0 && from != u && group == nil && version == nil {
		for _, s := range selections(all) { // another service need not have the groups and versions of this one
			if s.group == "" && s.version == "" {
				fits = s.to
			}
		}
	}
	// What speaks Dubbo alone cannot be given a request that is no call, and the other way round.
	dubbo := len(only(to, model.ProtocolDubbo)) == len(to)
	fits = slices.DeleteFunc(fits, func(v variant) bool { return (v.protocol == model.ProtocolDubbo) != dubbo })
	if len(fits) == 0 {
		return nil, unlike(cmp.Or(service, u.in.Service.Name) + fmt.Sprintf(" has no instances of group %q and version %q that speak the same protocol; register some, or change the backend", want.group, want.version))
	}
	out := make([]variant, len(fits))
	for i, v := range fits {
		out[i] = u.pool(v, labels, from.in.Policies.Traffic)
	}
	return out, nil
}
