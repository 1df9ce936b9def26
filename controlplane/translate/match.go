package translate

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// callerHeader carries the name of the application that makes a Dubbo call, as an attachment says it.
const callerHeader = config.AttachmentPrefix + "remote.application"

// narrow adds a policy's conditions to a match of the way that requests come in. A condition that cannot be checked here
// is an error: the rule must not be used then, since it would fit more than was meant.
func narrow(match *routev3.RouteMatch, m model.RequestMatch, w way) error {
	headers, err := headerConditions(m, w)
	if err != nil {
		return err
	}
	match.Headers = append(match.Headers, headers...)
	if err := sourceConditions(match, m.Source); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Query)) {
		if err := queryCondition(match, name, m.Query[name]); err != nil {
			return fmt.Errorf("query %s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Cookies)) {
		is := positive(m.Cookies[name])
		text, err := stringMatcher(is)
		if err != nil {
			return fmt.Errorf("cookie %s: %w", name, err)
		}
		match.Cookies = append(match.Cookies, &routev3.CookieMatcher{Name: name, StringMatch: text, InvertMatch: is.Not})
	}
	if m.Percent != nil {
		match.RuntimeFraction = &corev3.RuntimeFractionalPercent{DefaultValue: fraction(*m.Percent)}
	}
	return nil
}

// headerConditions are the conditions that the headers of a request alone decide on, :path among them, and those that the
// arguments of a call are told by.
func headerConditions(m model.RequestMatch, w way) (out []*routev3.HeaderMatcher, err error) {
	add := func(name string, s *model.StringMatch) {
		if s == nil || err != nil {
			return
		}
		var h *routev3.HeaderMatcher
		if h, err = headerCondition(name, *s); err == nil {
			out = append(out, h)
			return
		}
		err = fmt.Errorf("%s: %w", name, err)
	}
	if m.Host != nil {
		out = append(out, regexCondition(":authority", `(?i)`+m.Host.Pattern()+`(?::[0-9]+)?`, m.Host.Not))
	}
	if m.Path != nil {
		out = append(out, regexCondition(":path", w.pathAsked(*m.Path)+`(?:\?.*)?`, m.Path.Not))
	}
	if m.Method != nil {
		out = append(out, regexCondition(":path", w.called()+m.Method.Pattern()+`(?:\?.*)?`, m.Method.Not))
	}
	if len(m.Verb) > 0 {
		add(":method", &model.StringMatch{In: m.Verb})
	}
	add(groupHeader, m.Group)
	add(versionHeader, m.Version)
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		s := m.Headers[name]
		add(strings.ToLower(name), &s)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Attachments)) {
		s := m.Attachments[name]
		add(config.AttachmentPrefix+strings.ToLower(name), &s)
	}
	for _, path := range slices.Sorted(maps.Keys(m.Arguments)) {
		name, bad := w.asked.argument(path)
		if err = errors.Join(err, bad); bad == nil {
			s := argumentText(m.Arguments[path])
			add(name, &s)
		}
	}
	if m.Source != nil && len(m.Source.Service) > 0 {
		add(callerHeader, &model.StringMatch{In: m.Source.Service})
	}
	return out, err
}

// pathAsked is an expression for the paths, as they are asked for, of which the service gets one that fits.
func (w way) pathAsked(s model.StringMatch) string {
	if !w.bare {
		return s.Flags() + regexp.QuoteMeta(w.cut) + s.Pattern()
	}
	if fits, err := regexp.MatchString(s.Flags()+"^(?:"+s.Pattern()+")$", "/"); err == nil && fits {
		return regexp.QuoteMeta(w.cut)
	}
	return regexp.QuoteMeta(w.cut + "/") // which nobody asks for this way
}

func headerCondition(name string, s model.StringMatch) (*routev3.HeaderMatcher, error) {
	h := &routev3.HeaderMatcher{Name: name, InvertMatch: s.Not}
	switch {
	case s.Present != nil:
		h.HeaderMatchSpecifier = &routev3.HeaderMatcher_PresentMatch{PresentMatch: *s.Present}
		return h, nil
	case s.Range != nil && s.Range.Max < math.MaxInt64: // which Envoy has no end for
		h.HeaderMatchSpecifier = &routev3.HeaderMatcher_RangeMatch{RangeMatch: &typev3.Int64Range{Start: s.Range.Min, End: s.Range.Max + 1}}
	default:
		text, err := stringMatcher(s)
		if err != nil {
			return nil, err
		}
		h.HeaderMatchSpecifier = &routev3.HeaderMatcher_StringMatch{StringMatch: text}
	}
	// Without the header there is nothing that fits, so that "not" does; and no text is what it is without one.
	h.TreatMissingHeaderAsEmpty = s.Not || s.Exact != nil && *s.Exact == ""
	return h, nil
}

func regexCondition(name, regex string, not bool) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{Name: name, InvertMatch: not, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: regexMatcher(regex)}}
}

func regexMatcher(regex string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: regex}}}
}

// queryCondition adds a condition on a query parameter. Envoy's own cannot be turned round; such a one looks at the whole path.
func queryCondition(match *routev3.RouteMatch, name string, s model.StringMatch) error {
	s = positive(s)
	if s.Not {
		whole, err := s.QueryPattern(name)
		if err != nil {
			return err
		}
		match.Headers = append(match.Headers, regexCondition(":path", whole, true))
		return nil
	}
	q := &routev3.QueryParameterMatcher{Name: name}
	if s.Present != nil {
		q.QueryParameterMatchSpecifier = &routev3.QueryParameterMatcher_PresentMatch{PresentMatch: true}
	} else {
		text, err := stringMatcher(s)
		if err != nil {
			return err
		}
		q.QueryParameterMatchSpecifier = &routev3.QueryParameterMatcher_StringMatch{StringMatch: text}
	}
	match.QueryParameters = append(match.QueryParameters, q)
	return nil
}

// positive is a condition that says of absence what it says of presence, turned round.
func positive(s model.StringMatch) model.StringMatch {
	if s.Present != nil && !*s.Present {
		there := true
		s.Present, s.Not = &there, !s.Not
	}
	return s
}

// stringMatcher is the condition without its Not.
func stringMatcher(s model.StringMatch) (*matcherv3.StringMatcher, error) {
	out := &matcherv3.StringMatcher{IgnoreCase: s.IgnoreCase}
	switch {
	case s.Exact != nil:
		out.MatchPattern = &matcherv3.StringMatcher_Exact{Exact: *s.Exact}
	case s.Prefix != "":
		out.MatchPattern = &matcherv3.StringMatcher_Prefix{Prefix: s.Prefix}
	case s.Suffix != "":
		out.MatchPattern = &matcherv3.StringMatcher_Suffix{Suffix: s.Suffix}
	case s.Contains != "":
		out.MatchPattern = &matcherv3.StringMatcher_Contains{Contains: s.Contains}
	case s.Present != nil && !*s.Present:
		return nil, errors.New("absence cannot be asked for here")
	default:
		return regexMatcher(s.Flags() + s.Pattern()), nil
	}
	return out, nil
}

// fraction is a share of requests.
func fraction(p model.Percent) *typev3.FractionalPercent {
	return &typev3.FractionalPercent{Numerator: p.Millionths(), Denominator: typev3.FractionalPercent_MILLION}
}

func itoa(n int) string { return strconv.Itoa(n) }
