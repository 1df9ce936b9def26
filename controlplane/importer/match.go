package importer

import (
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// requestMatch reads conditions. With one that cannot be expressed the match would fit more than was meant: it is false then.
// Gateways are those of the whole VirtualService.
func requestMatch(m *object, gateways []string) (out model.RequestMatch, ok bool) {
	before := len(m.report.lost)
	fold := m.text("ignoreUriCase") == "true"
	if path, ok := m.child("uri").match(); ok {
		if path.IgnoreCase = fold && path.Regex == ""; fold && path.Regex != "" {
			path.Regex = "(?i)" + path.Regex
		}
		out.Path = &path
	}
	if verb, ok := m.child("method").match(); ok {
		if out.Verb = verbs(verb); out.Verb == nil {
			m.lose("method", "only whole HTTP methods can be asked for")
		}
	}
	if host, ok := m.child("authority").match(); ok {
		out.Host = &host
	}
	out.Headers, out.Query = m.matches("headers"), m.matches("queryParams")
	conditions := m.matches("withoutHeaders")
	for _, name := range slices.Sorted(maps.Keys(conditions)) {
		without := conditions[name]
		if out.Headers == nil {
			out.Headers = map[string]model.StringMatch{}
		}
		if _, twice := out.Headers[name]; twice {
			m.lose("withoutHeaders", "header "+name+" has a condition already")
			continue
		}
		if without.Present != nil {
			absent := false
			out.Headers[name] = model.StringMatch{Present: &absent}
			continue
		}
		without.Not = true
		out.Headers[name] = without
	}
	if labels := m.exactly("sourceLabels"); len(labels) > 0 {
		out.Source = &model.SourceMatch{Labels: labels}
	}
	m.ignore("name", "statPrefix")
	if of := m.texts("gateways"); m.has("gateways") && slices.ContainsFunc(gateways, func(g string) bool { return !slices.Contains(of, g) }) {
		m.lose("gateways", "a rule is for all the gateways of the VirtualService")
	}
	m.loseIf("port", "the port that was asked is not looked at")
	m.loseIf("scheme", "whether TLS was spoken is not looked at")
	m.loseIf("sourceNamespace", "callers have no namespaces; write source.labels or source.service")
	if len(m.report.lost) == before && !m.unread() {
		return out, true
	}
	m.left("it has a condition that cannot be asked for, and is left out: it would fit more requests without")
	return out, false
}

// verbs are the HTTP methods that a condition lists: GET, or GET|POST as an expression; nil when it is another one.
func verbs(m model.StringMatch) []string {
	if m.Exact != nil {
		return []string{*m.Exact}
	}
	list := strings.Split(strings.Trim(m.Regex, "^$()"), "|")
	for _, verb := range list {
		if verb == "" || strings.Trim(verb, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil
		}
	}
	return list
}

// exactly are the plain values of a mapping, each of which may be written as {exact: value} too.
func (o *object) exactly(name string) map[string]string {
	fields, _ := o.fields[name].(map[string]any)
	if !slices.ContainsFunc(slices.Collect(maps.Values(fields)), func(v any) bool { _, condition := v.(map[string]any); return condition }) {
		return o.labels(name)
	}
	out := map[string]string{}
	for key, m := range o.matches(name) {
		if m.Exact == nil {
			o.lose(name, "only a whole value of "+key+" can be asked for")
			return nil
		}
		out[key] = *m.Exact
	}
	return out
}
