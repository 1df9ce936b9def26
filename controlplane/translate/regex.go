package translate

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/bounds"
)

// checkRegex says why Envoy would refuse an expression.
func checkRegex(regex string) error { return bounds.Regex(regex, bounds.MaxRegex) }

// checkRegexes checks every expression of a match.
func checkRegexes(m *routev3.RouteMatch) error {
	var list []*matcherv3.StringMatcher
	for _, h := range m.GetHeaders() {
		list = append(list, h.GetStringMatch())
	}
	for _, q := range m.GetQueryParameters() {
		list = append(list, q.GetStringMatch())
	}
	for _, c := range m.GetCookies() {
		list = append(list, c.GetStringMatch())
	}
	expressions := []string{m.GetSafeRegex().GetRegex()}
	for _, s := range list {
		expressions = append(expressions, s.GetSafeRegex().GetRegex())
	}
	for _, e := range expressions {
		if err := checkRegex(e); err != nil {
			return err
		}
	}
	return nil
}
