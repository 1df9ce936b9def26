package importer

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// part is a rule of a Route, with what its parts were made of.
type part struct {
	model.Rule
	from map[string]*object // by paths below the rule; "" is the whole
}

// virtualService makes a Route for each host of a VirtualService of Istio; a TrafficRouter of OpenSergo has the same form.
func (k *known) virtualService(r rule) (out []made) {
	hosts := r.spec.texts("hosts")
	gateways := r.spec.texts("gateways")
	outside := slices.DeleteFunc(slices.Clone(gateways), func(g string) bool { return g == "mesh" })
	r.spec.ignore("exportTo")
	if len(hosts) == 0 && len(outside) == 0 { // its rules are read where another one delegates to it
		r.spec.ignore(r.spec.names()...)
		return nil
	}
	var rules []part
	for _, h := range r.spec.children("http") {
		rules = append(rules, k.rulesOf(h, nil, gateways, r.namespace)...)
	}
	r.spec.loseIf("tcp", "only HTTP and Dubbo are routed")
	r.spec.loseIf("tls", "only HTTP and Dubbo are routed")
	if len(rules) == 0 {
		return nil
	}
	if len(outside) > 0 {
		first := ""
		for _, p := range rules {
			for _, b := range p.To {
				first = cmp.Or(first, b.Service)
			}
		}
		return []made{route(r, model.Route{PolicyMeta: r.meta(first), Hosts: hosts}, rules)}
	}
	for _, h := range hosts {
		p := model.Route{PolicyMeta: r.meta(service(h))}
		if strings.Contains(h, "*") {
			p.Service, p.Hosts = "", []string{h}
		}
		out = append(out, route(r, p, rules))
	}
	return out
}

// route puts rules into a Route.
func route(r rule, p model.Route, rules []part) made {
	m := made{rule: r, from: map[string]*object{"": r.spec}}
	for i, one := range rules {
		p.Rules = append(p.Rules, one.Rule)
		for path, o := range one.from {
			m.from[strings.TrimSuffix(fmt.Sprintf("rules[%d].%s", i, path), ".")] = o
		}
	}
	m.policy = p
	return m
}

// rulesOf reads one of spec.http: one rule, or several where the path is written anew by kinds of matches that need it said
// differently, or where another VirtualService has them, or none. With matches within which it stands it fits only what these fit.
func (k *known) rulesOf(h *object, within []matched, gateways []string, namespace string) []part {
	out := part{from: map[string]*object{"": h}}
	out.Name = plainName(h.text("name"))
	var list []matched
	for _, m := range h.children("match") {
		if match, ok := requestMatch(m, gateways); ok {
			list = append(list, matched{match, m})
		}
	}
	if len(list) == 0 && conditional(h.fields["match"]) {
		h.left("no match is left, so that the rule is left out")
		h.ignore(h.names()...)
		return nil
	}
	if list = both(within, list); len(list) == 0 && len(within) > 0 {
		h.left("none of its matches is within those of the rule that delegates to it, so that the rule is left out")
		h.ignore(h.names()...)
		return nil
	}
	if h.has("delegate") {
		rules, found := k.delegated(h, list, gateways, namespace)
		if !found {
			h.lose("delegate", "the VirtualService is not in the files, so that the rule is left out")
			h.ignore(h.names()...)
		}
		return rules
	}
	for i, m := range list {
		out.from[fmt.Sprintf("match[%d]", i)] = m.of
		out.Match = append(out.Match, m.RequestMatch)
	}
	k.backends(h, &out)
	redirectOrRespond(h, &out.Rule)
	out.Timeout, out.Retry, out.Headers = h.duration("timeout"), retry(h.child("retries")), headerEdits(h.child("headers"))
	out.Fault = fault(h.child("fault"))
	k.mirrors(h, &out)
	out.CORS = cors(h.child("corsPolicy"))
	return rewritten(h.child("rewrite"), out)
}

// conditional reports whether matches are written, be they what they may.
func conditional(match any) bool {
	list, isList := match.([]any)
	return isList && len(list) > 0 || !isList && match != nil
}

// backends reads where requests go.
func (k *known) backends(h *object, out *part) {
	routes := h.children("route")
	for i, r := range routes {
		out.from[fmt.Sprintf("to[%d]", i)] = r
		b := model.Backend{Weight: r.number("weight"), Headers: headerEdits(r.child("headers"))}
		switch none := uint32(0); { // one destination gets everything, of several one without a weight gets nothing
		case len(routes) == 1:
			b.Weight = nil
		case b.Weight == nil:
			b.Weight = &none
		}
		if d := r.child("destination"); d != nil {
			host := d.text("host")
			b.Service, b.Labels = service(host), k.labels(d, host)
			d.loseIf("port", "instances are registered with their ports")
			k.instead(d, out)
		}
		out.To = append(out.To, b)
	}
}

// instead reads the subset that OpenSergo has requests go to when that of the destination has no instance.
func (k *known) instead(d *object, out *part) {
	f := d.child("fallback")
	if f == nil {
		return
	}
	host := f.text("host")
	other := model.Fallback{On: []string{model.FallbackOnOpen}, Labels: k.labels(f, host)}
	if service(host) != service(d.text("host")) {
		other.Service = service(host)
	}
	switch {
	case len(out.Fallback) == 0:
		out.from["fallback[0]"] = f
		out.Fallback = []model.Fallback{other}
	case !reflect.DeepEqual(out.Fallback[0], other):
		d.lose("fallback", "a rule has one fallback for all its destinations, which the first one said")
	}
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
