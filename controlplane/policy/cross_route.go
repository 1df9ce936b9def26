package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// verbs are the HTTP methods that somebody could take for a Dubbo method.
var verbs = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

func (d *decoder) stringMatch(path string, m model.StringMatch) {
	if m.IgnoreCase && (m.Regex != "" || m.Range != nil || m.Present != nil) {
		d.wrong(below(path, "ignoreCase"), "it goes with exact, prefix, suffix, contains and in; an expression begins with (?i) instead")
	}
	if len(m.In) > 0 {
		d.expression(below(path, "in"), m)
	}
	if m.Range != nil && m.Range.Min > m.Range.Max {
		d.wrong(below(path, "range.min"), "%d is more than max, which is %d", m.Range.Min, m.Range.Max)
	}
}

func (d *decoder) requestMatch(path string, m model.RequestMatch) {
	if m.Method != nil && m.Method.Exact != nil && slices.Contains(verbs, *m.Method.Exact) {
		d.wrong(below(path, "method"), "this is the Dubbo method; for the HTTP method write verb: %s", *m.Method.Exact)
	}
	if m.Path != nil {
		for _, p := range []string{model.Or(m.Path.Exact, "/"), orSlash(m.Path.Prefix)} {
			if !strings.HasPrefix(p, "/") {
				d.wrong(below(path, "path"), "a path begins with a slash; write /%s", p)
			}
		}
	}
	d.cutOff(path, m)
	for _, f := range []struct {
		name string
		is   *model.StringMatch
	}{{"host", m.Host}, {"path", m.Path}, {"method", m.Method}} {
		if f.is != nil && f.is.Present != nil {
			d.wrong(below(path, f.name+".present"), "whether there is one is no condition; leave it out, or write what it has to be")
		}
	}
	d.expressions(path, m)
	if m.Percent != nil && *m.Percent == 0 {
		d.warn(below(path, "percent"), "no request fits 0%%")
	}
}

// headersAlone checks conditions that filters look at, which see headers and the path with its query.
func (d *decoder) headersAlone(path string, match []model.RequestMatch) {
	for i, m := range match {
		at := indexed(path+".match", i)
		for _, s := range []set{{"cookies", len(m.Cookies) > 0}, {"percent", m.Percent != nil}} {
			if s.is {
				d.wrong(below(at, s.name), "it is not looked at here; write a Route with a rule for it, which has this field too")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(m.Query)) {
			if s := m.Query[name]; !s.Not { // else it is checked as any other
				d.wholePath(at+".query["+name+"]", name, s)
			}
		}
		if s := m.Source; s != nil && len(s.IP)+len(s.Labels)+len(s.Zone) > 0 {
			d.wrong(at+".source", "ip, labels and zone are not looked at here; write a Route with a rule for them, which has this field too")
		}
	}
}

func orSlash(text string) string {
	if text == "" {
		return "/"
	}
	return text
}

func (d *decoder) route(r model.Route) {
	if r.Service == "" && r.Selector == nil && len(r.Hosts) == 0 {
		d.wrong("", "nothing is said of what it is for; write service, selector or hosts")
	}
	d.oneOf("hosts", r.Hosts)
	d.manyRules(r)
	seen := map[string]bool{}
	for i, rule := range r.Rules {
		path := indexed("rules", i)
		if rule.Name != "" && seen[rule.Name] {
			d.wrong(path+".name", "%s was there already; give the rule another name", rule.Name)
		}
		seen[rule.Name] = true
		if len(rule.Match) == 0 && i < len(r.Rules)-1 {
			d.warn(indexed("rules", i+1), "no request comes here: the rule before fits all; move that to the end, or give it a match")
		}
		if r.Service == "" && r.Selector == nil {
			d.elsewhere(path, rule)
		}
	}
}

// elsewhere checks a rule that has no service of its own to fall back on.
func (d *decoder) elsewhere(path string, rule model.Rule) {
	if len(rule.To) == 0 && rule.Redirect == nil && rule.Respond == nil {
		d.wrong(path, "it does not say where to; write to, redirect or respond, or name the route's service")
	}
	for i, b := range rule.To {
		if b.Service == "" {
			d.wrong(indexed(path+".to", i), "it names no service, and the route does not either")
		}
	}
	for i, m := range rule.Mirror {
		if m.Service == "" {
			d.wrong(indexed(path+".mirror", i), "it names no service, and the route does not either")
		}
	}
}

func (d *decoder) rule(path string, r model.Rule) {
	d.perTry(path, r.Timeout, r.Retry)
	d.contradiction(path, r.Strategy, r.Retry)
	d.perRequest(path, r.Fault)
	d.replaced(path, r)
	sum := uint64(0)
	for _, b := range r.To {
		sum += uint64(model.Or(b.Weight, 1))
	}
	if len(r.To) > 0 && sum == 0 {
		d.wrong(path+".to", "all weights are 0, so that nothing gets a request; give one of them a weight")
	}
	if r.Redirect != nil || r.Respond != nil {
		for _, s := range []set{{"mirror", len(r.Mirror) > 0}, {"retry", r.Retry != nil}, {"rewrite", r.Rewrite != nil}, {"followRedirects", r.FollowRedirects != nil}, {"fallback", len(r.Fallback) > 0}} {
			if s.is {
				d.wrong(below(path, s.name), "no service is called here, so that it means nothing; leave it out")
			}
		}
	}
	if r.FollowRedirects != nil {
		for i, s := range r.FollowRedirects.Statuses {
			if !slices.Contains([]uint32{301, 302, 303, 307, 308}, s) {
				d.wrong(indexed(path+".followRedirects.statuses", i), "%d is no redirect to elsewhere; write 301, 302, 303, 307 or 308", s)
			}
		}
	}
	prefix := func(m model.RequestMatch) bool { return m.Path != nil && m.Path.Prefix != "" }
	all := len(r.Match) > 0 && !slices.ContainsFunc(r.Match, func(m model.RequestMatch) bool { return !prefix(m) })
	if r.Rewrite != nil && !all {
		d.needs(path, "rewrite.prefix", r.Rewrite.Prefix != "", "match: {path: {prefix: …}}", false)
	}
	if r.Redirect != nil && !all {
		d.needs(path, "redirect.prefix", r.Redirect.Prefix != "", "match: {path: {prefix: …}}", false)
	}
}

func (d *decoder) redirect(path string, r model.Redirect) {
	if r.Port != nil && strings.LastIndexByte(r.Host, ':') > strings.LastIndexByte(r.Host, ']') {
		d.wrong(below(path, "port"), "host has a port already; keep one of the two")
	}
	d.atLeastOne(path, set{"scheme", r.Scheme != ""}, set{"host", r.Host != ""}, set{"port", r.Port != nil}, set{"path", r.Path != ""}, set{"prefix", r.Prefix != ""})
}

func (d *decoder) gateway(g model.Gateway) {
	ports, names := map[uint32]bool{}, map[string]bool{}
	for i, l := range g.Listeners {
		path := indexed("listeners", i)
		if port := model.Or(l.Port, 0); port > 0 {
			if ports[port] {
				d.wrong(path+".port", "%d was there already; give the listener another port, or join the two", port)
			}
			ports[port] = true
		}
		if l.Name != "" && names[l.Name] {
			d.wrong(path+".name", "%s was there already; give the listener another name", l.Name)
		}
		names[l.Name] = true
		if l.Protocol == "dubbo" {
			for _, s := range []set{{"hosts", len(l.Hosts) > 0}, {"redirectToTls", l.RedirectToTLS != nil}} {
				if s.is {
					d.wrong(below(path, s.name), "Dubbo has no such thing; leave it out, or write protocol: http")
				}
			}
		}
		d.redirectToTLS(path, l, g.Listeners)
	}
	seen := map[string]bool{}
	for i, e := range g.Expose {
		if seen[e.Service] {
			d.wrong(indexed("expose", i), "%s was there already; join the two", e.Service)
		}
		seen[e.Service] = true
	}
}

// redirectToTLS notes callers who are sent to where there is no TLS.
func (d *decoder) redirectToTLS(path string, l model.Listener, all []model.Listener) {
	if l.RedirectToTLS == nil {
		return
	}
	to := *l.RedirectToTLS
	if to == model.Or(l.Port, 0) {
		d.wrong(path+".redirectToTls", "%d is the listener's own port, so that callers would be sent in a circle; write the port of a listener with tls", to)
		return
	}
	for _, other := range all {
		if model.Or(other.Port, 0) == to && other.TLS == nil {
			d.warn(path+".redirectToTls", "the listener on %d has no tls; name one that has, or give it a certificate", to)
		}
	}
}

func (d *decoder) lane(l model.Lane) {
	if l.Selector != nil {
		d.wrong("selector", "a Lane names its services; write services in its place")
	}
	if l.Percent != nil && len(l.Match) == 0 {
		d.needs("", "percent", true, "match", false)
	}
}

func indexed(path string, i int) string { return path + "[" + itoa(i) + "]" }
