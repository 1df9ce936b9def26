package routing

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// misfit says why a request does not fit a match, shares apart; "" when it does.
func misfit(m *routev3.RouteMatch, r Request) (string, error) {
	if len(m.GetDynamicMetadata()) > 0 || m.GetTlsContext() != nil || m.GetGrpc() != nil {
		return "", errors.New("it asks for more than the request itself, which is not known here")
	}
	path, query, _ := strings.Cut(r.Path, "?")
	path, _, _ = strings.Cut(path, "#")
	if why, err := misfitPath(m, path); why != "" || err != nil {
		return why, err
	}
	for _, h := range m.GetHeaders() {
		value, there := r.header(h.GetName())
		fits, err := fitsHeader(h, value, there)
		if err != nil {
			return "", fmt.Errorf("header %s: %w", h.GetName(), err)
		}
		if !fits {
			return called(h.GetName()) + " does not fit " + describe(h), nil
		}
	}
	for _, s := range m.GetFilterState() {
		if why, err := misfitSource(s, r.Source); why != "" || err != nil {
			return why, err
		}
	}
	for _, q := range m.GetQueryParameters() {
		fits, err := fitsQuery(q, query)
		if err != nil {
			return "", fmt.Errorf("query parameter %s: %w", q.GetName(), err)
		}
		if !fits {
			return "query parameter " + q.GetName() + " does not fit", nil
		}
	}
	for _, c := range m.GetCookies() {
		value, there := Cookie(r.Headers["cookie"], c.GetName())
		fits, err := fitsText(c.GetStringMatch(), value)
		if err != nil {
			return "", fmt.Errorf("cookie %s: %w", c.GetName(), err)
		}
		if (there && fits) == c.GetInvertMatch() {
			return "cookie " + c.GetName() + " does not fit", nil
		}
	}
	return "", nil
}

// Fits reports whether a request has what a condition on a header asks for; not when how it asks is not known here.
func Fits(h *routev3.HeaderMatcher, r Request) bool {
	value, there := r.header(h.GetName())
	fits, err := fitsHeader(h, value, there)
	return err == nil && fits
}

// called names a header, or the argument that it holds.
func called(header string) string {
	if path, is := config.ArgumentPath(header); is {
		return "argument " + path
	}
	return "header " + header
}

func misfitPath(m *routev3.RouteMatch, path string) (string, error) {
	fold := func(s string) string { return s }
	if m.GetCaseSensitive() != nil && !m.GetCaseSensitive().GetValue() {
		fold = strings.ToLower
	}
	fits, want := false, ""
	switch p := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		fits, want = strings.HasPrefix(fold(path), fold(p.Prefix)), "prefix "+p.Prefix
	case *routev3.RouteMatch_Path:
		fits, want = fold(path) == fold(p.Path), p.Path
	case *routev3.RouteMatch_PathSeparatedPrefix:
		rest, below := strings.CutPrefix(fold(path), fold(p.PathSeparatedPrefix))
		fits, want = below && (rest == "" || rest[0] == '/'), "prefix "+p.PathSeparatedPrefix
	case *routev3.RouteMatch_SafeRegex:
		var err error
		if fits, err = fitsRegex(p.SafeRegex.GetRegex(), path); err != nil {
			return "", fmt.Errorf("path: %w", err)
		}
		want = "expression " + p.SafeRegex.GetRegex()
	default:
		return "", fmt.Errorf("how it matches paths (%T) is not known here", p)
	}
	if fits {
		return "", nil
	}
	return "the path does not fit " + want, nil
}

func fitsHeader(h *routev3.HeaderMatcher, value string, there bool) (bool, error) {
	if p, ok := h.GetHeaderMatchSpecifier().(*routev3.HeaderMatcher_PresentMatch); ok {
		return (there || h.GetTreatMissingHeaderAsEmpty()) == p.PresentMatch != h.GetInvertMatch(), nil
	}
	if h.GetHeaderMatchSpecifier() == nil {
		return there != h.GetInvertMatch(), nil
	}
	if !there && !h.GetTreatMissingHeaderAsEmpty() {
		return false, nil // Envoy looks no further, not even at invert_match
	}
	var fits bool
	var err error
	switch s := h.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_StringMatch:
		fits, err = fitsText(s.StringMatch, value)
	case *routev3.HeaderMatcher_RangeMatch:
		n, parsed := strconv.ParseInt(value, 10, 64)
		fits = parsed == nil && n >= s.RangeMatch.GetStart() && n < s.RangeMatch.GetEnd()
	default:
		return false, fmt.Errorf("how it is matched (%T) is not known here", s)
	}
	return fits != h.GetInvertMatch(), err
}

// fitsQuery looks at the first parameter of the name. Envoy compares as it stands in the URL.
func fitsQuery(q *routev3.QueryParameterMatcher, query string) (bool, error) {
	value, there := "", false
	for part := range strings.SplitSeq(query, "&") {
		if name, v, _ := strings.Cut(part, "="); name == q.GetName() && part != "" {
			value, there = v, true
			break
		}
	}
	switch m := q.GetQueryParameterMatchSpecifier().(type) {
	case *routev3.QueryParameterMatcher_PresentMatch:
		return there == m.PresentMatch, nil
	case *routev3.QueryParameterMatcher_StringMatch:
		if !there {
			return false, nil
		}
		return fitsText(m.StringMatch, value)
	}
	return there, nil
}

// Cookie finds a cookie in the header of that name.
func Cookie(header, name string) (string, bool) {
	for part := range strings.SplitSeq(header, ";") {
		if n, v, _ := strings.Cut(strings.TrimSpace(part), "="); n == name {
			return strings.Trim(v, `"`), true
		}
	}
	return "", false
}

func fitsText(m *matcherv3.StringMatcher, text string) (bool, error) {
	fold := func(s string) string { return s }
	if m.GetIgnoreCase() {
		fold = strings.ToLower
	}
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return fold(text) == fold(p.Exact), nil
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(fold(text), fold(p.Prefix)), nil
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(fold(text), fold(p.Suffix)), nil
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(fold(text), fold(p.Contains)), nil
	case *matcherv3.StringMatcher_SafeRegex:
		return fitsRegex(p.SafeRegex.GetRegex(), text)
	}
	return false, fmt.Errorf("how it is matched (%T) is not known here", m.GetMatchPattern())
}

// fitsRegex matches a whole text. Go's syntax is that of RE2, which Envoy uses.
func fitsRegex(expression, text string) (bool, error) {
	re, err := regexp.Compile("^(?:" + expression + ")$")
	if err != nil {
		return false, err
	}
	return re.MatchString(text), nil
}

// describe says in short what a header has to be.
func describe(h *routev3.HeaderMatcher) string {
	text := "what is asked for"
	switch s := h.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_StringMatch:
		switch p := s.StringMatch.GetMatchPattern().(type) {
		case *matcherv3.StringMatcher_Exact:
			text = strconv.Quote(p.Exact)
		case *matcherv3.StringMatcher_SafeRegex:
			text = "expression " + p.SafeRegex.GetRegex()
		default:
			text = s.StringMatch.String()
		}
	case *routev3.HeaderMatcher_RangeMatch:
		text = fmt.Sprintf("%d to %d", s.RangeMatch.GetStart(), s.RangeMatch.GetEnd()-1)
	case *routev3.HeaderMatcher_PresentMatch:
		text = "that it is there"
		if !s.PresentMatch {
			text = "that it is not there"
		}
	}
	if h.GetInvertMatch() {
		return "the opposite of " + text
	}
	return text
}

// fraction is the share of the requests that fit otherwise.
func fraction(m *routev3.RouteMatch) float64 {
	if m.GetRuntimeFraction() == nil {
		return 1
	}
	p := m.GetRuntimeFraction().GetDefaultValue()
	of := map[typev3.FractionalPercent_DenominatorType]float64{
		typev3.FractionalPercent_HUNDRED: 100, typev3.FractionalPercent_TEN_THOUSAND: 10_000, typev3.FractionalPercent_MILLION: 1_000_000,
	}[p.GetDenominator()]
	return min(1, float64(p.GetNumerator())/of)
}
