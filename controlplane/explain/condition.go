package explain

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// condition is one thing that a match asks for, in the words of policies.
type condition struct {
	fits  Answer
	unfit string // what is told when the request does not have it
}

// conditions are those of a match, and whether the request has them.
func (q Question) conditions(m model.RequestMatch, method string) (out []condition) {
	text := func(what string, s *model.StringMatch, value string, there bool) {
		if s != nil {
			out = append(out, condition{textFits(*s, value, there), what + " does not fit " + wanted(*s)})
		}
	}
	all := func(what string, list map[string]model.StringMatch, get func(name string) (string, bool)) {
		for _, name := range translate.Names(list) {
			s := list[name]
			value, there := get(name)
			text(what+" "+name, &s, value, there)
		}
	}
	header := func(name string) (string, bool) { v, ok := q.Request.Headers[strings.ToLower(name)]; return v, ok }
	path, query, _ := strings.Cut(q.Request.Path, "?")
	host, _, _ := strings.Cut(q.Request.Host, ":")
	if len(m.Verb) > 0 {
		fits := No
		if slices.Contains(m.Verb, q.Request.Verb) {
			fits = Yes
		}
		out = append(out, condition{fits, fmt.Sprintf("verb %s is not %s", q.Request.Verb, strings.Join(m.Verb, " or "))})
	}
	text("host "+host, m.Host, host, true)
	text("path "+path, m.Path, path, true)
	text("method "+cmp.Or(method, "(none is called)"), m.Method, method, method != "")
	group, hasGroup := header(config.GroupHeader)
	text("group", m.Group, group, hasGroup)
	version, hasVersion := header(config.VersionHeader)
	text("version", m.Version, version, hasVersion)
	all("header", m.Headers, header)
	all("attachment", m.Attachments, func(name string) (string, bool) { return header(config.AttachmentPrefix + name) })
	values, _ := url.ParseQuery(query) // what cannot be read is not there
	all("query parameter", m.Query, func(name string) (string, bool) { return values.Get(name), values.Has(name) })
	all("cookie", m.Cookies, func(name string) (string, bool) { return routing.Cookie(q.Request.Headers["cookie"], name) })
	if len(m.Arguments) > 0 || m.Source != nil || m.Percent != nil && *m.Percent < model.FullPercent {
		out = append(out, condition{fits: Depends})
	}
	return out
}

// wanted writes a condition on a text as its policy does.
func wanted(s model.StringMatch) string {
	text := ""
	switch {
	case s.Exact != nil:
		text = fmt.Sprintf("%q", *s.Exact)
	case s.Prefix != "":
		text = fmt.Sprintf("prefix %q", s.Prefix)
	case s.Suffix != "":
		text = fmt.Sprintf("suffix %q", s.Suffix)
	case s.Contains != "":
		text = fmt.Sprintf("contains %q", s.Contains)
	case s.Regex != "":
		text = "regex " + s.Regex
	case len(s.In) > 0:
		text = "one of " + strings.Join(s.In, ", ")
	case s.Range != nil:
		text = fmt.Sprintf("range %d to %d", s.Range.Min, s.Range.Max)
	case s.Present != nil:
		text = fmt.Sprintf("present %t", *s.Present)
	}
	if s.Not {
		return "not " + text
	}
	return text
}

// unfit says in the words of policies why the request has none of the matches; "" when it may have one for all that is known here.
func (q Question) unfit(all []model.RequestMatch, method string) string {
	var out []string
	for _, m := range all {
		var missing []string
		for _, c := range q.conditions(m, method) {
			if c.fits == No {
				missing = append(missing, c.unfit)
			}
		}
		if len(missing) == 0 {
			return ""
		}
		if text := strings.Join(missing, " and "); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, "; ")
}

// unfitRule is unfit for a rule of a Route policy, whose hosts count too.
func (q Question) unfitRule(mark, method string) string {
	rule, _ := q.rule(mark)
	for _, p := range q.Snapshot.Policies.Routes {
		if strings.HasPrefix(mark, model.PolicyID(p)+" ") && len(p.Hosts) > 0 && !slices.ContainsFunc(p.Hosts, q.under) {
			return "the host is none of " + strings.Join(p.Hosts, ", ")
		}
	}
	return q.unfit(rule.Match, method)
}

// under reports whether the request is for a host: *.example.com stands for every name below.
func (q Question) under(host string) bool {
	asked, _, _ := strings.Cut(strings.ToLower(q.Request.Host), ":")
	below, wild := strings.CutPrefix(strings.ToLower(host), "*")
	return asked == strings.ToLower(host) || wild && strings.HasSuffix(asked, below)
}
