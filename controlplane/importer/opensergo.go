package importer

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// tolerance gathers what FaultToleranceRules say of each service: of several Traffic policies that limit one service only the
// first would count.
type tolerance struct{ of []*made }

// traffic is the policy of a service, which begins with the first rule about it.
func (t *tolerance) traffic(r rule, service string) *made {
	for _, m := range t.of {
		if m.policy.Meta().Service == service {
			return m
		}
	}
	m := &made{rule: r, policy: model.Traffic{PolicyMeta: r.meta(service)}, from: map[string]*object{"": r.spec}}
	t.of = append(t.of, m)
	return m
}

// policies are those that say something.
func (t *tolerance) policies() (out []made) {
	for _, m := range t.of {
		if p := m.policy.(model.Traffic); p.Limits != nil || p.Breaker != nil || len(p.RateLimit)+len(p.Methods) > 0 {
			out = append(out, *m)
		}
	}
	return out
}

// faultTolerance puts a FaultToleranceRule of OpenSergo into the policies of its targets: what its strategies say, and what is
// answered in place of a refusal.
func (k *known) faultTolerance(r rule, all *tolerance) {
	app := ""
	if s := r.spec.child("selector"); s != nil {
		app = s.text("app")
	}
	if meta, ok := r.top.fields["metadata"].(map[string]any); ok && app == "" {
		if labels, ok := meta["labels"].(map[string]any); ok {
			app, _ = labels["app"].(string)
		}
	}
	strategies := k.strategies(r)
	answer := k.fallback(r)
	for _, o := range r.spec.children("targets") {
		resource := o.text("targetResourceName")
		t := target{object: o, resource: resource, answer: answer}
		service := resource
		if path, ok := httpResource(resource); ok {
			t.match, service = []model.RequestMatch{path}, app
		} else if iface, call, ok := strings.Cut(resource, ":"); ok {
			service = iface
			t.method, _, _ = strings.Cut(call, "(")
		}
		if service == "" {
			o.lose("targetResourceName", "what service has it is not said: neither spec.selector.app nor metadata.labels.app is there")
			continue
		}
		t.apply(all.traffic(r, service), strategies)
	}
}

// httpResource reads /foo and GET:/foo.
func httpResource(resource string) (model.RequestMatch, bool) {
	verb, path := "", resource
	if before, after, ok := strings.Cut(resource, ":"); ok && strings.HasPrefix(after, "/") {
		verb, path = before, after
	}
	if !strings.HasPrefix(path, "/") {
		return model.RequestMatch{}, false
	}
	out := model.RequestMatch{Path: &model.StringMatch{Exact: &path}}
	if verb != "" {
		out.Verb = []string{verb}
	}
	return out, true
}

// strategies are the rules that a rule names.
func (k *known) strategies(r rule) (out []rule) {
	for _, s := range r.spec.children("strategies") {
		name := s.text("name")
		found, ok := k.named(s.text("kind"), name)
		if !ok {
			s.lose("name", "there is no strategy "+name+" in the files")
			continue
		}
		out = append(out, found)
	}
	return out
}

// answer is what is answered in place of a refusal.
type answer struct {
	spec    *object
	status  *uint32
	headers map[string]string
	body    string
}

// inline reports whether a rate limit can say all of it by itself.
func (a *answer) inline() bool {
	return a != nil && len(a.headers) == 0 && (a.status == nil || *a.status >= 400)
}

func (k *known) fallback(r rule) *answer {
	name := r.spec.text("fallbackAction")
	if name == "" {
		return nil
	}
	action, ok := k.named("HttpRequestFallbackAction", name)
	if !ok {
		r.spec.lose("fallbackAction", "there is no HttpRequestFallbackAction "+name+" in the files")
		return nil
	}
	if behavior := action.spec.text("behavior"); behavior != "" && behavior != "ReturnProvidedResponse" {
		action.spec.lose("behavior", behavior+" cannot be asked for")
		action.spec.ignore("behaviorDesc")
		return nil
	}
	out := &answer{spec: action.spec}
	if d := action.spec.child("behaviorDesc"); d != nil {
		out.status, out.body = d.number("responseStatusCode"), d.text("responseContentBody")
		for _, h := range d.children("responseAdditionalHeaders") {
			if out.headers == nil {
				out.headers = map[string]string{}
			}
			out.headers[h.text("key")] = h.text("value")
		}
	}
	return out
}
