package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// ruled is a rule and where it stands.
type ruled struct {
	policy string
	index  int
	hosts  []string
	rule   model.Rule
}

// shadowed finds rules that no request reaches, because what stands before them takes all that they could.
func shadowed(snap model.Snapshot) (out []Warning) {
	seen := map[string]bool{} // combinations of policies: many services have the same
	for _, svc := range translate.Services(snap) {
		var rules []ruled
		key := ""
		for _, p := range snap.Policies.For(svc).Routes {
			key += model.PolicyID(p) + "\n"
			for i, rule := range p.Rules {
				rules = append(rules, ruled{model.PolicyID(p), i, p.Hosts, rule})
			}
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		for i, r := range rules {
			if by, dead := r.behind(rules[:i]); dead {
				w := Warning{r.policy, fmt.Sprintf("rules[%d]", r.index), fmt.Sprintf("no request of %s comes here: %s rules[%d] takes all of them before", svc.Name, by.policy, by.index)}
				out = append(out, w)
			}
		}
	}
	return out
}

// behind reports whether earlier rules take every request of a rule, and the last of them that is needed for it.
func (r ruled) behind(earlier []ruled) (by ruled, dead bool) {
	for _, m := range matches(r.rule) {
		at := slices.IndexFunc(earlier, func(e ruled) bool { return e.takes(r, m) })
		if at < 0 {
			return by, false
		}
		by = earlier[at]
	}
	return by, true
}

// matches are the alternatives of a rule; one that fits all when it has none.
func matches(r model.Rule) []model.RequestMatch {
	if len(r.Match) == 0 {
		return []model.RequestMatch{{}}
	}
	return r.Match
}

// takes reports whether a rule is used for every request that fits a match of a later one.
func (r ruled) takes(later ruled, m model.RequestMatch) bool {
	if r.rule.Redirect != nil && later.rule.Redirect == nil {
		return false // Dubbo consumers cannot be redirected and come to the later one
	}
	for _, h := range later.hosts {
		if len(r.hosts) > 0 && !slices.Contains(r.hosts, h) {
			return false
		}
	}
	if len(r.hosts) > 0 && len(later.hosts) == 0 {
		return false
	}
	return slices.ContainsFunc(matches(r.rule), func(wide model.RequestMatch) bool { return covers(wide, m) })
}

// covers reports whether every request that fits narrow fits wide. It may say no where it is so.
func covers(wide, narrow model.RequestMatch) bool {
	if wide.Percent.Or(model.FullPercent) < model.FullPercent {
		return false
	}
	if wide.Source != nil && !reflect.DeepEqual(wide.Source, narrow.Source) {
		return false
	}
	for _, verb := range narrow.Verb {
		if len(wide.Verb) > 0 && !slices.Contains(wide.Verb, verb) {
			return false
		}
	}
	if len(wide.Verb) > 0 && len(narrow.Verb) == 0 {
		return false
	}
	for _, pair := range [][2]*model.StringMatch{
		{wide.Host, narrow.Host}, {wide.Path, narrow.Path}, {wide.Method, narrow.Method}, {wide.Group, narrow.Group}, {wide.Version, narrow.Version},
	} {
		if pair[0] != nil && (pair[1] == nil || !coversText(*pair[0], *pair[1])) {
			return false
		}
	}
	return coversAll(wide.Headers, narrow.Headers) && coversAll(wide.Query, narrow.Query) && coversAll(wide.Cookies, narrow.Cookies) &&
		coversAll(wide.Attachments, narrow.Attachments) && coversAll(wide.Arguments, narrow.Arguments)
}

func coversAll(wide, narrow map[string]model.StringMatch) bool {
	for name, w := range wide {
		if n, ok := narrow[name]; !ok || !coversText(w, n) {
			return false
		}
	}
	return true
}

func coversText(wide, narrow model.StringMatch) bool {
	if reflect.DeepEqual(wide, narrow) {
		return true
	}
	if wide.Not || narrow.Not || narrow.Present != nil && !*narrow.Present {
		return false
	}
	if wide.Present != nil {
		return *wide.Present
	}
	if wide.IgnoreCase || narrow.IgnoreCase {
		return false
	}
	texts := narrow.In
	if narrow.Exact != nil {
		texts = []string{*narrow.Exact}
	}
	if len(texts) == 0 {
		return wide.Prefix != "" && narrow.Prefix != "" && strings.HasPrefix(narrow.Prefix, wide.Prefix)
	}
	return !slices.ContainsFunc(texts, func(text string) bool { return !fits(wide, text) })
}

// fits reports whether a text fits a condition; expressions and ranges are not looked into.
func fits(s model.StringMatch, text string) bool {
	switch {
	case s.Exact != nil:
		return *s.Exact == text
	case s.Prefix != "":
		return strings.HasPrefix(text, s.Prefix)
	case s.Suffix != "":
		return strings.HasSuffix(text, s.Suffix)
	case s.Contains != "":
		return strings.Contains(text, s.Contains)
	}
	return slices.Contains(s.In, text)
}
