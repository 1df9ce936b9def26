package translate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// The filters that refuse requests. What fits a rule of the first is refused, and then what fits no rule of the second.
const (
	denyFilter  = "access.deny"
	allowFilter = "access.allow"
)

const actionDeny = "deny"

// restrict refuses requests of who may not call.
func restrict(r *routev3.Route, u *unit, s routeSettings) {
	deny := accessRules{held: map[string]*rbacv3.Policy{}, tried: map[string]*rbacv3.Policy{}}
	allow := accessRules{held: map[string]*rbacv3.Policy{}, tried: map[string]*rbacv3.Policy{}}
	for _, p := range u.in.Policies.Access {
		rules, err := u.policyRules(p, s.way)
		u.unclear(p, err)
		if p.Action == actionDeny {
			deny.add(rules, p.DryRun)
		} else {
			allow.add(rules, p.DryRun)
		}
		if missing := withoutToken(p); missing != nil { // where a listener does not ask for tokens yet
			deny.add(map[string]*rbacv3.Policy{p.Name + "/jwt": missing}, p.DryRun)
		}
	}
	if len(allow.tried) > 0 {
		maps.Copy(allow.tried, allow.held) // which count beside them
	}
	deny.refuse(r, denyFilter, rbacv3.RBAC_DENY)
	allow.refuse(r, allowFilter, rbacv3.RBAC_ALLOW)
}

// accessRules are rules of one action, those that are held to and those that are tried out.
type accessRules struct{ held, tried map[string]*rbacv3.Policy }

func (a *accessRules) add(rules map[string]*rbacv3.Policy, dry bool) {
	into := a.held
	if dry {
		into = a.tried
	}
	maps.Copy(into, rules)
}

func (a *accessRules) refuse(r *routev3.Route, filter string, action rbacv3.RBAC_Action) {
	if len(a.held)+len(a.tried) == 0 {
		return
	}
	out := refusing(filter)
	if len(a.held) > 0 {
		out.Rules = &rbacv3.RBAC{Action: action, Policies: a.held}
	}
	if len(a.tried) > 0 {
		out.ShadowRules = &rbacv3.RBAC{Action: action, Policies: a.tried}
	}
	enable(r, filter, &rbacfilterv3.RBACPerRoute{Rbac: out})
}

// refusing is a filter that refuses nothing yet. It has the names of counters, which Envoy takes in part from the listener,
// in part from the route.
func refusing(filter string) *rbacfilterv3.RBAC {
	return &rbacfilterv3.RBAC{RulesStatPrefix: filter, ShadowRulesStatPrefix: filter, TrackPerRuleStats: true}
}

// policyRules are the rules of a policy for requests of a way, by name. A policy that says only who callers are has none.
// With an error there are rules all the same: what of them cannot be expressed refuses.
func (u *unit) policyRules(p model.Access, w way) (map[string]*rbacv3.Policy, error) {
	var errs []error
	deny, out := p.Action == actionDeny, map[string]*rbacv3.Policy{}
	if len(p.Rules) == 0 && deny && len(p.JWT) == 0 && p.HMAC == nil && p.APIKey == nil {
		out[p.Name] = &rbacv3.Policy{Permissions: []*rbacv3.Permission{anything()}, Principals: []*rbacv3.Principal{anybody()}}
	}
	for i, rule := range p.Rules {
		name := p.Name + "/" + cmp.Or(rule.Name, itoa(i))
		if out[name] != nil {
			name += "-" + itoa(i)
		}
		one := &rbacv3.Policy{}
		for _, c := range rule.From {
			who, err := u.principal(p, c)
			if err != nil {
				errs = append(errs, fmt.Errorf("rules[%d].from: %w; %s", i, err, ruling(deny, "callers")))
				who = unknownCallers(deny)
			}
			one.Principals = append(one.Principals, who)
		}
		for _, m := range rule.To {
			what, err := permission(m, w, deny)
			if err != nil {
				errs = append(errs, fmt.Errorf("rules[%d].to: %w; %s", i, err, ruling(deny, "requests")))
				what = unknownRequests(deny)
			}
			one.Permissions = append(one.Permissions, what)
		}
		if len(one.Principals) == 0 {
			one.Principals = append(one.Principals, anybody())
		}
		if len(one.Permissions) == 0 {
			one.Permissions = append(one.Permissions, anything())
		}
		out[name] = one
	}
	return out, errors.Join(errs...)
}

// ruling is what becomes of a rule that cannot be expressed, in words.
func ruling(deny bool, which string) string {
	if deny {
		return "it denies all " + which
	}
	return "it allows none"
}

// hiddenMethod fits calls whose path does not tell the method: a generic call has it in its arguments, and an escape may
// stand for any character of it.
const hiddenMethod = `/[^/]+/(?:\$invoke(?:Async)?|[^/?]*%[^/?]*)(?:\?.*)?`

// permission is a condition on what is called. Where a call does not tell its method, it is refused by a rule about
// methods, and not allowed by one.
func permission(m model.RequestMatch, w way, deny bool) (*rbacv3.Permission, error) {
	if len(m.Query) > 0 || len(m.Cookies) > 0 || m.Percent != nil {
		return nil, errors.New("query, cookies and percent cannot be looked at here; name paths, methods, headers or attachments")
	}
	if holds, err := w.ofMethod(&m); err != nil || !holds {
		return &rbacv3.Permission{Rule: &rbacv3.Permission_NotRule{NotRule: anything()}}, err
	}
	var all []*rbacv3.Permission
	if m.Method != nil {
		told, err := headersOnly(model.RequestMatch{Method: m.Method}, w)
		if err != nil {
			return nil, err
		}
		method, unknown := fits(told[0]), fits(regexCondition(":path", hiddenMethod, false))
		if deny {
			all = append(all, &rbacv3.Permission{Rule: &rbacv3.Permission_OrRules{OrRules: &rbacv3.Permission_Set{Rules: []*rbacv3.Permission{method, unknown}}}})
		} else {
			all = append(all, method, &rbacv3.Permission{Rule: &rbacv3.Permission_NotRule{NotRule: unknown}})
		}
		m.Method = nil
	}
	conditions, err := headersOnly(m, w)
	if err != nil {
		return nil, err
	}
	for _, c := range conditions {
		all = append(all, fits(c))
	}
	switch len(all) {
	case 0:
		return anything(), nil
	case 1:
		return all[0], nil
	}
	return &rbacv3.Permission{Rule: &rbacv3.Permission_AndRules{AndRules: &rbacv3.Permission_Set{Rules: all}}}, nil
}

func fits(h *routev3.HeaderMatcher) *rbacv3.Permission {
	return &rbacv3.Permission{Rule: &rbacv3.Permission_Header{Header: h}}
}

func anything() *rbacv3.Permission {
	return &rbacv3.Permission{Rule: &rbacv3.Permission_Any{Any: true}}
}
func anybody() *rbacv3.Principal {
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_Any{Any: true}}
}
