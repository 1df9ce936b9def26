package translate

import (
	"fmt"
	"regexp/syntax"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// maxRegex bounds the compiled size of a regular expression, in instructions. Envoy refuses all routes because of one that
// is larger than re2.max_program_size.error_level in its bootstrap, which is 1000 in ours. The size is estimated here by
// Go's compiler, which is of the same making, so that there is some room.
const maxRegex = 700

// checkRegex says why Envoy would refuse an expression.
func checkRegex(regex string) error {
	parsed, err := syntax.Parse(regex, syntax.Perl)
	if err != nil {
		return err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return err
	}
	size := 0
	for _, inst := range program.Inst {
		size += 1 + len(inst.Rune)/2 // a class costs by its ranges
	}
	if size > maxRegex {
		return fmt.Errorf("the condition becomes an expression of %d steps, and Envoy takes %d; write less of it, or split it", size, maxRegex)
	}
	return nil
}

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
