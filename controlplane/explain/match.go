package explain

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// calls says whether the request is one of those; any is when there is none.
func (q Question) calls(all []model.RequestMatch, method string) Answer {
	if len(all) == 0 {
		return Yes
	}
	out := No
	for _, m := range all {
		out = either(out, q.fits(m, method))
	}
	return out
}

// fits says whether the request has what a match asks for. The arguments of a call and where it comes from are told by
// routes and need not be known here.
func (q Question) fits(m model.RequestMatch, method string) Answer {
	out := Yes
	for _, c := range q.conditions(m, method) {
		out = both(out, c.fits)
	}
	return out
}

// textFits evaluates a condition on a text that may be absent.
func textFits(s model.StringMatch, text string, there bool) Answer {
	is := false
	value, exact := text, s.Exact
	if s.IgnoreCase {
		value = strings.ToLower(value)
		s.Prefix, s.Suffix, s.Contains = strings.ToLower(s.Prefix), strings.ToLower(s.Suffix), strings.ToLower(s.Contains)
	}
	switch {
	case s.Present != nil:
		is = there == *s.Present
	case !there:
	case exact != nil:
		is = text == *exact || s.IgnoreCase && strings.EqualFold(text, *exact)
	case s.Prefix != "":
		is = strings.HasPrefix(value, s.Prefix)
	case s.Suffix != "":
		is = strings.HasSuffix(value, s.Suffix)
	case s.Contains != "":
		is = strings.Contains(value, s.Contains)
	case len(s.In) > 0:
		is = slices.ContainsFunc(s.In, func(one string) bool { return text == one || s.IgnoreCase && strings.EqualFold(text, one) })
	case s.Range != nil:
		n, err := strconv.ParseInt(text, 10, 64)
		is = err == nil && s.Range.Min <= n && n <= s.Range.Max
	case s.Regex != "":
		re, err := regexp.Compile("^(?:" + s.Regex + ")$")
		is = err == nil && re.MatchString(text)
	}
	if is {
		return Yes.not(s.Not)
	}
	return No.not(s.Not)
}
