package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// virtualService makes a Route for each host of a VirtualService of Istio; a TrafficRouter of OpenSergo has the same form.
func (k *known) virtualService(r rule) (out []model.Policy) {
	hosts := r.spec.texts("hosts")
	outside := slices.DeleteFunc(r.spec.texts("gateways"), func(g string) bool { return g == "mesh" })
	r.spec.ignore("exportTo")
	var rules []model.Rule
	first := ""
	for _, h := range r.spec.children("http") {
		made, to := k.rule(h)
		if len(made.Match) == 0 && h.has("match") {
			r.lost = append(r.lost, Lost{r.of, h.path, "no match is left, so that the rule is left out"})
			continue
		}
		rules = append(rules, made)
		if first == "" {
			first = to
		}
	}
	r.spec.loseIf("tcp", "only HTTP and Dubbo are routed")
	r.spec.loseIf("tls", "only HTTP and Dubbo are routed")
	if len(rules) == 0 {
		return nil
	}
	if len(outside) > 0 {
		if first == "" {
			r.spec.lose("gateways", "no rule leads to a service, so that there is none that the hosts belong to")
			return nil
		}
		return []model.Policy{model.Route{PolicyMeta: r.meta("", first), Hosts: hosts, Rules: rules}}
	}
	for i, h := range hosts {
		name := ""
		if i > 0 {
			name = fmt.Sprintf("%s-%d", r.name, i+1)
		}
		out = append(out, model.Route{PolicyMeta: r.meta(name, service(h)), Rules: rules})
	}
	return out
}

// rule reads one of spec.http, and tells the service that it leads to first.
func (k *known) rule(h *object) (out model.Rule, first string) {
	out.Name = strings.ToLower(h.text("name"))
	for _, m := range h.children("match") {
		if match, ok := requestMatch(m); ok {
			out.Match = append(out.Match, match)
		}
	}
	for _, r := range h.children("route") {
		b := model.Backend{Weight: r.number("weight"), Headers: headerEdits(r.child("headers"))}
		if d := r.child("destination"); d != nil {
			host := d.text("host")
			b.Service, b.Labels = service(host), k.labels(d, host)
			d.loseIf("port", "instances are registered with their ports")
			d.loseIf("fallback", "write a subset with a fallback in a Traffic policy")
		}
		if first == "" {
			first = b.Service
		}
		out.To = append(out.To, b)
	}
	redirectOrRespond(h, &out)
	if w := h.child("rewrite"); w != nil {
		out.Rewrite = &model.Rewrite{Host: w.text("authority")}
		rewritePath(w, &out)
		if re := w.child("uriRegexRewrite"); re != nil {
			out.Rewrite.Regex = &model.RegexRewrite{Pattern: re.text("match"), Substitution: re.text("rewrite")}
		}
	}
	out.Timeout, out.Retry, out.Headers = h.duration("timeout"), retry(h.child("retries")), headerEdits(h.child("headers"))
	out.Fault = fault(h.child("fault"))
	k.mirrors(h, &out)
	out.CORS = cors(h.child("corsPolicy"))
	return out, first
}

// rewritePath replaces what the match has fitted: the prefix, or the whole path.
func rewritePath(w *object, out *model.Rule) {
	path := w.text("uri")
	if path == "" {
		return
	}
	all := func(has func(model.StringMatch) bool) bool {
		return len(out.Match) > 0 && !slices.ContainsFunc(out.Match, func(m model.RequestMatch) bool { return m.Path == nil || !has(*m.Path) })
	}
	switch {
	case all(func(p model.StringMatch) bool { return p.Prefix != "" }):
		out.Rewrite.Prefix = path
	case all(func(p model.StringMatch) bool { return p.Exact != nil }):
		out.Rewrite.Path = path
	default:
		w.lose("uri", "what it replaces is not said: it needs a prefix, or a whole path, in every match")
	}
}

// requestMatch reads conditions. With one that cannot be expressed the match would fit more than was meant: it is false then.
func requestMatch(m *object) (out model.RequestMatch, ok bool) {
	before := len(m.report.lost)
	fold := m.text("ignoreUriCase") == "true"
	if path, ok := m.child("uri").match(); ok {
		if path.IgnoreCase = fold && path.Regex == ""; fold && path.Regex != "" {
			path.Regex = "(?i)" + path.Regex
		}
		out.Path = &path
	}
	if verb, ok := m.child("method").match(); ok {
		if verb.Exact != nil {
			out.Verb = []string{*verb.Exact}
		} else {
			m.lose("method", "only a whole HTTP method can be asked for")
		}
	}
	if host, ok := m.child("authority").match(); ok {
		out.Host = &host
	}
	out.Headers, out.Query = m.matches("headers"), m.matches("queryParams")
	for name, without := range m.matches("withoutHeaders") {
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
	if labels := m.labels("sourceLabels"); len(labels) > 0 {
		out.Source = &model.SourceMatch{Labels: labels}
	}
	m.ignore("name", "statPrefix")
	if len(m.report.lost) == before && !m.unread() {
		return out, true
	}
	m.report.lost = append(m.report.lost, Lost{m.report.of, m.path, "it has a condition that cannot be asked for, and is left out: it would fit more requests without"})
	return out, false
}

func redirectOrRespond(h *object, out *model.Rule) {
	if r := h.child("redirect"); r != nil {
		out.Redirect = &model.Redirect{Path: r.text("uri"), Host: r.text("authority"), Scheme: r.text("scheme"), Port: r.number("port"), Status: r.number("redirectCode")}
		if out.Redirect.Status == nil {
			moved := uint32(301) // what Istio does
			out.Redirect.Status = &moved
		}
	}
	if d := h.child("directResponse"); d != nil {
		out.Respond = &model.Response{Status: d.number("status")}
		if body := d.child("body"); body != nil {
			out.Respond.Body = body.text("string")
		}
	}
}

// retryOn are Istio's conditions, which are Envoy's, in our words.
var retryOn = map[string]string{
	"5xx": model.RetryOn5xx, "gateway-error": model.RetryOnGatewayError, "reset": model.RetryOnReset, "connect-failure": model.RetryOnConnectFailure,
	"refused-stream": model.RetryOnRefused, "retriable-4xx": model.RetryOn4xx, "unavailable": model.RetryOnOverload,
}

func retry(r *object) *model.Retry {
	if r == nil {
		return nil
	}
	out := &model.Retry{Attempts: r.number("attempts"), PerTryTimeout: r.duration("perTryTimeout")}
	for word := range strings.SplitSeq(r.text("retryOn"), ",") {
		word = strings.TrimSpace(word)
		var status uint32
		switch {
		case word == "":
		case retryOn[word] != "":
			out.On = append(out.On, retryOn[word])
		default:
			if _, err := fmt.Sscanf(word, "%d", &status); err == nil {
				out.Statuses = append(out.Statuses, status)
			} else {
				r.report.lost = append(r.report.lost, Lost{r.report.of, r.at("retryOn"), word + " cannot be asked for"})
			}
		}
	}
	return out
}

func fault(f *object) []model.Fault {
	if f == nil {
		return nil
	}
	var out model.Fault
	if d := f.child("delay"); d != nil {
		out.Delay = &model.FaultDelay{Time: d.duration("fixedDelay"), Percent: d.share("percentage")}
	}
	if a := f.child("abort"); a != nil {
		if status := a.number("httpStatus"); status != nil {
			out.Abort = &model.FaultAbort{Status: status, Percent: a.share("percentage")}
		}
	}
	if out.Delay == nil && out.Abort == nil {
		return nil
	}
	return []model.Fault{out}
}

func (k *known) mirrors(h *object, out *model.Rule) {
	add := func(d *object, percent *model.Percent) {
		if d != nil {
			host := d.text("host")
			out.Mirror = append(out.Mirror, model.Mirror{Service: service(host), Labels: k.labels(d, host), Percent: percent})
			d.loseIf("port", "instances are registered with their ports")
		}
	}
	add(h.child("mirror"), h.share("mirrorPercentage"))
	for _, m := range h.children("mirrors") {
		add(m.child("destination"), m.share("percentage"))
	}
}

func cors(c *object) *model.CORS {
	if c == nil {
		return nil
	}
	out := &model.CORS{
		AllowMethods: c.texts("allowMethods"), AllowHeaders: c.texts("allowHeaders"), ExposeHeaders: c.texts("exposeHeaders"),
		MaxAge: c.duration("maxAge"), AllowCredentials: c.text("allowCredentials") == "true",
	}
	for _, o := range c.children("allowOrigins") {
		if m, ok := o.match(); ok {
			out.AllowOrigins = append(out.AllowOrigins, m)
		}
	}
	return out
}

func headerEdits(h *object) *model.HeaderEdits {
	if h == nil {
		return nil
	}
	change := func(c *object) *model.HeaderChange {
		if c == nil {
			return nil
		}
		return &model.HeaderChange{Set: c.labels("set"), Add: c.labels("add"), Remove: c.texts("remove")}
	}
	return &model.HeaderEdits{Request: change(h.child("request")), Response: change(h.child("response"))}
}
