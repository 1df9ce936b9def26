package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// part is a rule of a Route, with what its parts were made of.
type part struct {
	model.Rule
	from map[string]*object // by paths below the rule; "" is the whole
	host string             // that the only one of its destinations is asked for
}

// virtualService makes a Route for each host of a VirtualService of Istio; a TrafficRouter of OpenSergo has the same form.
func (k *known) virtualService(r rule) (out []made) {
	hosts := r.spec.texts("hosts")
	gateways := r.spec.texts("gateways")
	outside := slices.DeleteFunc(slices.Clone(gateways), func(g string) bool { return g == "mesh" })
	r.exported()
	if len(hosts) == 0 { // its rules are read where another one delegates to it
		r.spec.loseIf("hosts", "it names none, so that nothing becomes of it")
		r.spec.ignore(r.spec.names()...)
		return nil
	}
	var rules []part
	list := r.spec.children("http")
	for _, h := range list {
		rules = append(rules, k.rulesOf(h, nil, gateways, r.namespace)...)
	}
	for _, p := range rules[reached(rules):] {
		p.from[""].left("it is never asked, in Istio either: a rule before it fits every request")
	}
	r.spec.loseIf("tcp", "only HTTP and Dubbo are routed")
	r.spec.loseIf("tls", "only HTTP and Dubbo are routed")
	if len(list) == 0 {
		r.spec.lose("http", "it has no rules for HTTP, so that nothing becomes of it")
	}
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
		for i, g := range outside {
			if !strings.Contains(g, "/") {
				outside[i] = r.namespace + "/" + g
			}
		}
		if hosts = k.everyHost(r, hosts, outside); len(hosts) == 0 {
			return nil
		}
		m := route(r, model.Route{PolicyMeta: r.meta(first), Hosts: hosts}, rules)
		m.gateways = outside
		return []made{m}
	}
	var done []string
	for _, h := range hosts {
		p := model.Route{PolicyMeta: r.meta(k.service(r.spec, "hosts", h, r.namespace))}
		if strings.Contains(h, "*") {
			p.Service, p.Hosts = "", []string{h}
		} else if slices.Contains(done, p.Service) { // by its short and its long name
			continue
		}
		done = append(done, p.Service)
		out = append(out, route(r, p, rules))
	}
	return out
}

// exported reports that not everybody was meant to see a rule.
func (r rule) exported() {
	if to := r.spec.texts("exportTo"); len(to) > 0 && !slices.Contains(to, "*") {
		r.spec.lose("exportTo", "there are no namespaces: it is in force for every caller")
	}
}

// route puts rules into a Route.
func route(r rule, p model.Route, rules []part) made {
	m := made{rule: r, from: map[string]*object{"": r.spec}, parts: rules}
	p.Rules = nil
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
	k.backends(h, &out, namespace)
	redirectOrRespond(h, &out.Rule)
	if out.forwards() && len(out.To) == 0 {
		h.left("it names no destination, so that the rule is left out")
		h.ignore(h.names()...)
		return nil
	}
	var host string
	out.Timeout, out.Retry = h.duration("timeout"), retry(h.child("retries"))
	if out.Headers, host = headerEdits(h.child("headers")); host == "" && len(out.To) == 1 {
		host = out.host
	}
	out.Fault = fault(h.child("fault"))
	k.mirrors(h, &out, namespace)
	out.CORS = cors(h.child("corsPolicy"))
	w := h.child("rewrite")
	if !out.forwards() {
		answered(h, &out)
		w.ignore(w.names()...)
		w = nil
	}
	parts := rewritten(w, out)
	if host != "" && out.forwards() {
		for i := range parts {
			parts[i].rewriteHost(host)
		}
	}
	return parts
}

// forwards reports whether requests go to instances, rather than being answered at once.
func (p part) forwards() bool { return p.Redirect == nil && p.Respond == nil }
