package importer

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// workload is one of VirtualWorkloads, as the first version of OpenSergo's traffic specification had them:
// https://github.com/opensergo/opensergo-specification, specification/zh-Hans/traffic-routing.md of 2022.
type workload struct {
	service string // the application whose instances it has
	labels  map[string]string
}

// balancesOf are the names that OpenSergo's VirtualWorkloads have for policies, in small letters alone.
var balancesOf = map[string]string{
	"random": model.BalanceRandom, "roundrobin": model.BalanceWeightedRoundRobin, "leastactive": model.BalanceLeastRequest, "leastrequest": model.BalanceLeastRequest,
}

// defineWorkloads notes the labels that workloads stand for, and how their instances are chosen.
func (k *known) defineWorkloads(r rule) {
	set := workloads{items: map[string]workload{}, service: r.spec.app(), spec: r.spec}
	for _, w := range r.spec.children("virtualWorkload") {
		set.items[w.text("name")] = workload{set.service, w.labels("selector")}
		w.ignore("type")
		w.loseIf("weight", "weights are those of a rule's targets")
		if !w.has("selector") {
			w.loseIf("target", "what is deployed by this name is not known here; write a selector")
		}
		w.ignore("target") // which its selector selects
		if name := w.text("loadbalance"); name != "" {
			policy := balancesOf[strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))]
			switch {
			case policy == "":
				w.lose("loadbalance", name+" cannot be chosen")
			case set.policy == "" || set.policy == policy:
				set.policy = policy
			default:
				w.lose("loadbalance", "it is a setting of a service, and "+set.policy+" was said before")
			}
		}
	}
	k.workloads[r.name] = set
}

// workloads are what one VirtualWorkloads says.
type workloads struct {
	items   map[string]workload
	service string
	policy  string // by which instances are chosen; "" when nothing is said
	spec    *object
}

// virtualWorkloads makes a Traffic policy of how instances are chosen.
func (k *known) virtualWorkloads(r rule) []made {
	set := k.workloads[r.name]
	if set.policy == "" || set.service == "" {
		return nil
	}
	p := model.Traffic{PolicyMeta: r.meta(set.service), TrafficSettings: model.TrafficSettings{LoadBalancing: &model.LoadBalancing{Policy: set.policy}}}
	return []made{{rule: r, policy: p, from: map[string]*object{"": r.spec}}}
}

// routerRule makes Routes of a RouterRule: one for the HTTP requests of its application, one for each Dubbo service that its
// rules for calls name, and one for all of the application's where they name none.
func (k *known) routerRule(r rule) (out []made) {
	app := r.spec.app()
	if app == "" {
		r.spec.lose("selector", "what application it is for is not said; write app")
		r.spec.ignore(r.spec.names()...)
		return nil
	}
	for _, name := range []string{"redis", "db"} {
		r.spec.loseIf(name, "only HTTP and Dubbo are routed")
	}
	var http routing
	for _, h := range r.spec.children("http") {
		http.add(k, app, h, func(m *object) ([]string, []model.RequestMatch, bool) {
			m.called("header", "headers")
			listed(m, "headers")
			match, ok := requestMatch(m, nil)
			return []string{""}, []model.RequestMatch{match}, ok
		})
	}
	for _, rules := range http.finished() {
		out = append(out, route(r, model.Route{PolicyMeta: r.meta(app)}, rules.parts))
	}
	var calls routing
	for _, h := range r.spec.children("rpc") {
		calls.add(k, app, h, callMatches)
	}
	for _, rules := range calls.finished() {
		p := model.Route{PolicyMeta: r.meta(rules.service)}
		if p.Service == "" {
			p.Selector = &model.Selector{Labels: map[string]string{"application": app}}
		}
		out = append(out, route(r, p, rules.parts))
	}
	return out
}

// routing gathers rules by service; "" for the application.
type routing struct{ of []*routed }

type routed struct {
	service  string
	parts    []part
	fallback *part // where requests go that no rule fits
}

func (t *routing) service(name string) *routed {
	for _, r := range t.of {
		if r.service == name {
			return r
		}
	}
	r := &routed{service: name}
	t.of = append(t.of, r)
	return r
}

// add reads a rule, and where requests go that it does not fit: once all rules were tried, as these go first.
func (t *routing) add(k *known, app string, h *object, matches func(*object) ([]string, []model.RequestMatch, bool)) {
	name := plainName(h.text("name"))
	h.loseIf("fallback", "what it means is not specified; write a fallback in the Route")
	services := []string{""}
	if in := h.child("rule"); in != nil {
		p := part{from: map[string]*object{"": in}}
		p.Name = cmp.Or(name, plainName(in.text("name")))
		in.loseIf("modify", "what it means is not specified; write headers or rewrite in the Route")
		fits := true
		if m := in.child("match"); m != nil {
			services, p.Match, fits = matches(m)
			for i := range p.Match {
				p.from[fmt.Sprintf("match[%d]", i)] = m
			}
		}
		k.targets(app, in.children("targets"), &p)
		switch {
		case !fits:
			in.left("no match is left, so that the rule is left out")
		case len(p.To) == 0:
			in.left("it names no targets, so that the rule is left out")
		default:
			for _, s := range services {
				of := t.service(s)
				of.parts = append(of.parts, p)
			}
		}
	}
	rest := part{from: map[string]*object{"": h}}
	k.targets(app, h.children("target"), &rest)
	for _, s := range services {
		switch of := t.service(s); {
		case len(rest.To) == 0:
		case of.fallback != nil:
			h.lose("target", "a rule before it says already where requests go that no rule fits")
		default:
			of.fallback = &rest
		}
	}
}

// finished are the rules of each service with the last one behind them.
func (t *routing) finished() (out []*routed) {
	for _, r := range t.of {
		if r.fallback != nil {
			r.parts = append(r.parts, *r.fallback)
		}
		if len(r.parts) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// targets reads where requests go.
func (k *known) targets(app string, list []*object, out *part) {
	for i, t := range list {
		set, name := t.text("workloads"), t.text("name")
		b := model.Backend{Weight: t.number("weight"), Labels: t.labels("selector")}
		t.ignore("target", "type")
		t.loseIf("loadbalance", "how instances are chosen is a setting of a service")
		if w, ok := k.workloads[set].items[name]; ok && len(w.labels) > 0 {
			b.Labels = w.labels
			if w.service != "" && w.service != app {
				b.Service = w.service
			}
		} else if b.Labels == nil {
			t.lose("name", strings.TrimSpace("no VirtualWorkloads "+set)+" says what "+name+" is; the label tag: "+name+" was assumed")
			b.Labels = map[string]string{"tag": name}
		}
		out.from[fmt.Sprintf("to[%d]", i)] = t
		out.To = append(out.To, b)
	}
}
