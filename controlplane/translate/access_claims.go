package translate

import (
	"errors"
	"strconv"
	"strings"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// tokenData is where Envoy puts what tokens say.
const tokenData = "envoy.filters.http.jwt_authn"

// claim is a condition on a token of the policy's providers, or of all policies' when it has none. A condition turned round
// needs a token too.
func (u *unit) claim(p model.Access, path string, s model.StringMatch) (*rbacv3.Principal, error) {
	value, err := claimValue(s)
	if err != nil {
		return nil, err
	}
	tokens := []model.Access{p}
	if len(p.JWT) == 0 {
		tokens = u.tokenPolicies()
	}
	paths := [][]string{{path}}
	if strings.Contains(path, ".") {
		paths = append(paths, strings.Split(path, "."))
	}
	var list []*rbacv3.Principal
	for _, from := range tokens {
		for _, j := range from.JWT {
			var is []*rbacv3.Principal
			for _, segments := range paths {
				is = append(is, said(append([]string{tokenKey(from, j)}, segments...), value))
			}
			one := anyPrincipal(is)
			if s.Not != (s.Present != nil && !*s.Present) {
				one = &rbacv3.Principal{Identifier: &rbacv3.Principal_AndIds{AndIds: &rbacv3.Principal_Set{
					Ids: []*rbacv3.Principal{said([]string{tokenKey(from, j)}, present()), notPrincipal(one)},
				}}}
			}
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no policy of the service says which tokens are taken; write jwt")
	}
	return anyPrincipal(list), nil
}

// withoutToken fits requests that have no token of those that a policy requires, but for preflights, which browsers send
// without; nil if it requires none.
func withoutToken(p model.Access) *rbacv3.Policy {
	if len(p.JWT) == 0 || tokenOptional(p) {
		return nil
	}
	var list []*rbacv3.Principal
	for _, j := range p.JWT {
		list = append(list, said([]string{tokenKey(p, j)}, present()))
	}
	return &rbacv3.Policy{Permissions: []*rbacv3.Permission{noPreflight()}, Principals: []*rbacv3.Principal{notPrincipal(anyPrincipal(list))}}
}

// noPreflight fits all but preflights of CORS.
func noPreflight() *rbacv3.Permission {
	there := func(name string) *rbacv3.Permission {
		return fits(&routev3.HeaderMatcher{Name: name, HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{PresentMatch: true}})
	}
	preflight := []*rbacv3.Permission{fits(headerMatches(":method", exactly("OPTIONS"))), there("origin"), there("access-control-request-method")}
	return &rbacv3.Permission{Rule: &rbacv3.Permission_NotRule{NotRule: &rbacv3.Permission{
		Rule: &rbacv3.Permission_AndRules{AndRules: &rbacv3.Permission_Set{Rules: preflight}},
	}}}
}

func said(path []string, value *matcherv3.ValueMatcher) *rbacv3.Principal {
	return metadata(tokenData, path, value)
}

// metadata is a condition on what an earlier filter has found out.
func metadata(filter string, path []string, value *matcherv3.ValueMatcher) *rbacv3.Principal {
	m := &matcherv3.MetadataMatcher{Filter: filter, Value: value}
	for _, segment := range path {
		m.Path = append(m.Path, &matcherv3.MetadataMatcher_PathSegment{Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: segment}})
	}
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_SourcedMetadata{SourcedMetadata: &rbacv3.SourcedMetadata{MetadataMatcher: m}}}
}

func present() *matcherv3.ValueMatcher {
	return &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_PresentMatch{PresentMatch: true}}
}

// claimValue is a condition, without its not, on the value of a claim, or on one of its values where it is a list.
func claimValue(s model.StringMatch) (*matcherv3.ValueMatcher, error) {
	if s.Present != nil {
		return present(), nil
	}
	var forms []*matcherv3.ValueMatcher
	if s.Range != nil {
		forms = append(forms, number(&matcherv3.DoubleMatcher{MatchPattern: &matcherv3.DoubleMatcher_Range{
			Range: &typev3.DoubleRange{Start: float64(s.Range.Min), End: float64(s.Range.Max) + 1},
		}}))
	} else {
		text, err := stringMatcher(s)
		if err == nil {
			err = checkRegex(text.GetSafeRegex().GetRegex())
		}
		if err != nil {
			return nil, err
		}
		forms = append(forms, &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: text}})
	}
	if s.Exact != nil {
		if n, err := strconv.ParseInt(*s.Exact, 10, 53); err == nil {
			forms = append(forms, number(&matcherv3.DoubleMatcher{MatchPattern: &matcherv3.DoubleMatcher_Exact{Exact: float64(n)}}))
		}
		if *s.Exact == "true" || *s.Exact == "false" {
			forms = append(forms, &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_BoolMatch{BoolMatch: *s.Exact == "true"}})
		}
	}
	for _, f := range forms[:len(forms):len(forms)] {
		forms = append(forms, &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_ListMatch{ListMatch: &matcherv3.ListMatcher{
			MatchPattern: &matcherv3.ListMatcher_OneOf{OneOf: f},
		}}})
	}
	return &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_OrMatch{OrMatch: &matcherv3.OrMatcher{ValueMatchers: forms}}}, nil
}

func number(m *matcherv3.DoubleMatcher) *matcherv3.ValueMatcher {
	return &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_DoubleMatch{DoubleMatch: m}}
}
