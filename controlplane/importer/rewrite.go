package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// rewriteHost has requests ask for a host, unless something has said already for which.
func (p *part) rewriteHost(host string) {
	if p.Rewrite == nil {
		p.Rewrite = &model.Rewrite{}
	}
	if p.Rewrite.Host == "" {
		p.Rewrite.Host = host
	}
}

// conditional reports whether matches are written, be they what they may.
func conditional(match any) bool {
	list, isList := match.([]any)
	return isList && len(list) > 0 || !isList && match != nil
}

// rewritten has the rule write path and host anew. What is put in place of a prefix is not what is put in place of a whole path.
func rewritten(w *object, rule part) []part {
	if w == nil {
		return []part{rule}
	}
	base := model.Rewrite{Host: w.text("authority")}
	uri := w.text("uri")
	if re := w.child("uriRegexRewrite"); re != nil {
		base.Regex = &model.RegexRewrite{Pattern: re.text("match"), Substitution: re.text("rewrite")}
		if uri != "" {
			w.lose("uri", "uriRegexRewrite goes before it")
			uri = ""
		}
	}
	if uri == "" {
		if base != (model.Rewrite{}) {
			rule.Rewrite = &base
		}
		return []part{rule}
	}
	if len(rule.Match) == 0 {
		rule.Match, rule.from["match[0]"] = []model.RequestMatch{{}}, rule.from[""]
	}
	prefixes, wholes := rule.some("prefix"), rule.some("whole")
	for _, p := range []*part{&prefixes, &wholes} {
		rewrite := base
		p.Rewrite = &rewrite
	}
	prefixes.Rewrite.Prefix, wholes.Rewrite.Path = uri, uri
	out := slices.DeleteFunc([]part{prefixes, wholes}, func(p part) bool { return len(p.Match) == 0 })
	if len(out) > 1 && rule.Name != "" {
		out[1].Name += "-whole"
	}
	return out
}

// some is the rule with those of its matches that fit a prefix of the path, or with the others, which fit the whole. A match
// that says nothing of the path fits the prefix of all paths.
func (p part) some(which string) part {
	out := p
	out.Match, out.from = nil, map[string]*object{}
	for path, o := range p.from {
		if !strings.HasPrefix(path, "match[") {
			out.from[path] = o
		}
	}
	for i, m := range p.Match {
		if m.Path == nil {
			m.Path = &model.StringMatch{Prefix: "/"}
		}
		if (m.Path.Prefix != "") == (which == "prefix") {
			out.from[fmt.Sprintf("match[%d]", len(out.Match))] = p.from[fmt.Sprintf("match[%d]", i)]
			out.Match = append(out.Match, m)
		}
	}
	return out
}
