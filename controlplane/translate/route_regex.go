package translate

import (
	"regexp"
	"regexp/syntax"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// An expression of a rewrite is about the path that the service gets. Where something stands before that and is cut off,
// Envoy has one expression for both.

// matchedRule is a rule and the requests that get it.
type matchedRule struct {
	match *routev3.RouteMatch
	rule  model.Rule
}

// cutOff splits a rule that rewrites by an expression where something is cut off: requests whose path the expression fits,
// and those that have it cut off alone.
func cutOff(match *routev3.RouteMatch, w way, rule model.Rule) []matchedRule {
	if w.cut == "" || rule.Rewrite == nil || rule.Rewrite.Regex == nil {
		return []matchedRule{{match, rule}}
	}
	plain, rewrite := rule, *rule.Rewrite
	rewrite.Regex = nil
	plain.Rewrite = &rewrite
	expression, _ := behind(w.cut, *rule.Rewrite.Regex)
	if path, ok := match.PathSpecifier.(*routev3.RouteMatch_Path); ok {
		if re, err := regexp.Compile(expression); err != nil || !re.MatchString(path.Path) {
			rule = plain
		}
		return []matchedRule{{match, rule}}
	}
	fits := proto.CloneOf(match)
	fits.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: expression + ".*"}}
	if match.RuntimeFraction != nil { // what was not of the share there is not of it here
		match.Headers = append(match.Headers, regexCondition(":path", withQuery(expression), true))
	}
	return []matchedRule{{fits, rule}, {match, plain}}
}

// withQuery is an expression for a whole path with its query, in which the other looks no further than the path.
func withQuery(expression string) string {
	if end := strings.TrimSuffix(strings.TrimSuffix(expression, ")"), "$"); end != strings.TrimSuffix(expression, ")") && !strings.HasSuffix(end, `\`) {
		return end + expression[len(end)+1:] + `(?:\?.*)?`
	}
	return expression + `[^?]*(?:\?.*)?`
}

// behind makes the expression of a rewrite, and what replaces it, that is about the path behind what is cut off. One that
// may begin anywhere replaces the first place alone.
func behind(cut string, r model.RegexRewrite) (expression, by string) {
	if parsed, err := syntax.Parse(r.Pattern, syntax.Perl); err == nil && afloat(parsed) {
		rest, bare := strings.CutPrefix(r.Pattern, "^")
		if !bare || strings.Contains(rest, "|") {
			rest = "(?:" + parsed.String() + ")"
		}
		return "^" + regexp.QuoteMeta(cut) + rest, r.Substitution
	}
	return "^" + regexp.QuoteMeta(cut) + "(.*?)(?:" + r.Pattern + ")", `\1` + groupsBehind(r.Substitution)
}

// afloat takes what ties an expression to the beginning of the text off it, and reports whether it was tied in all its cases.
func afloat(e *syntax.Regexp) bool {
	switch e.Op {
	case syntax.OpConcat:
		if e.Sub[0].Op != syntax.OpBeginText {
			return false
		}
		e.Sub = e.Sub[1:]
		return true
	case syntax.OpAlternate:
		for _, sub := range e.Sub {
			if !afloat(sub) {
				return false
			}
		}
		return true
	}
	return false
}

// groupsBehind is a substitution where one more group stands before those that it names.
func groupsBehind(substitution string) string {
	var out strings.Builder
	for i := 0; i < len(substitution); i++ {
		out.WriteByte(substitution[i])
		if substitution[i] != '\\' || i+1 == len(substitution) {
			continue
		}
		i++
		switch c := substitution[i]; {
		case c >= '1' && c <= '8':
			out.WriteByte(c + 1)
		default: // a backslash; of nine groups the last cannot be named
			out.WriteByte(c)
		}
	}
	return out.String()
}
