package registry

import (
	"maps"
	"reflect"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// outcome is what Dubbo's rules make of a service: policies, and what cannot be honoured because of other rules or
// instances. What cannot be honoured whatever they are is told with the key.
type outcome struct {
	policies []model.Policy
	problems []model.Problem
}

// rule applies the rules of a service, and those of applications, to its instances, which are those that are to be
// published. The instances that it returns have the labels by which the policies choose among them.
func (t *table) rule(service string, instances []model.Instance) ([]model.Instance, outcome) {
	if len(instances) == 0 {
		return instances, outcome{}
	}
	var registrations []*entry
	byID := map[identity]map[string]string{}
	for e := range t.index[service] {
		if e.record.instance != nil {
			registrations = append(registrations, e)
			if e.record.params != nil {
				byID[identify(e.record.instance)] = e.record.params
			}
		}
	}
	all := make([]candidate, len(instances))
	tagged := false
	for i := range instances {
		all[i] = candidate{i, &instances[i], byID[identify(&instances[i])]}
		tagged = tagged || all[i].tag() != ""
	}
	var out outcome
	out.policies, out.problems = trafficOf(service, t.configurators(service, registrations), all)
	routers := t.routers(service, all)
	if len(routers) == 0 && !tagged {
		return instances, out
	}
	policies, labels, problems := routesOf(service, routers, all)
	out.policies, out.problems = append(out.policies, policies...), append(out.problems, problems...)
	labelled := slices.Clone(instances)
	for i, more := range labels {
		in := &labelled[i]
		in.Labels = maps.Clone(in.Labels)
		if in.Labels == nil {
			in.Labels = map[string]string{}
		}
		maps.Copy(in.Labels, more)
	}
	return labelled, out
}

// routers are those of a service, of the applications that provide it, and of those that may call it, in the order in which
// they act. What an application's rule says of requests is meant for its own where it only calls.
func (t *table) routers(service string, all []candidate) (out []routed) {
	var entries []*entry
	calls := map[*entry]bool{}
	for e := range t.index[service] {
		entries = append(entries, e)
	}
	for app := range t.apps {
		provides := slices.ContainsFunc(all, func(c candidate) bool { return c.in.Labels["application"] == app })
		for e := range t.index[scopeOf(app)] {
			entries = append(entries, e)
			calls[e] = !provides
		}
	}
	entries = slices.DeleteFunc(entries, func(e *entry) bool {
		return e.record.router == nil || e.record.router.tags != nil && calls[e]
	})
	slices.SortFunc(entries, compareRouters)
	for _, e := range entries {
		r := routed{router: e.record.router, conditions: e.record.router.conditions, key: e.key}
		if calls[e] {
			r.conditions = by(e.record.router.app, r.conditions)
		}
		if r.router.tags != nil || len(r.conditions) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// by narrows conditions to the calls of an application.
func by(app string, conditions []condition) (out []condition) {
	for _, c := range conditions {
		if v, asks := c.when[askCaller]; asks && !v.fits(app, true) {
			continue
		}
		c.when = maps.Clone(c.when)
		if c.when == nil {
			c.when = map[string]values{}
		}
		c.when[askCaller] = values{match: []pattern{{prefix: app}}}
		out = append(out, c)
	}
	return out
}

// rule makes what Dubbo's rules say of a service the published outcome, and reports whether that changes anything.
func (r *Registry) rule(service string, instances []model.Instance) ([]model.Instance, bool) {
	instances, out := r.table.rule(service, instances)
	old := r.outcomes[service]
	for i := range out.problems {
		p := &out.problems[i]
		p.Since = r.now()
		if at := slices.IndexFunc(old.problems, func(o model.Problem) bool { return o.Key == p.Key && o.Reason == p.Reason }); at >= 0 {
			p.Since = old.problems[at].Since
		} else {
			r.log.Warn("a rule of Dubbo's cannot be honoured", "service", service, "key", p.Key, "reason", p.Reason)
		}
	}
	if reflect.DeepEqual(old, out) {
		return instances, false
	}
	if len(out.policies) == 0 && len(out.problems) == 0 {
		delete(r.outcomes, service)
	} else {
		r.outcomes[service] = out
	}
	r.policies = model.Policies{}
	return instances, true
}

// registered are the policies that Dubbo's rules are made into.
func (r *Registry) registered() model.Policies {
	if len(r.policies.Routes)+len(r.policies.Traffic) == 0 {
		var list []model.Policy
		for _, service := range slices.Sorted(maps.Keys(r.outcomes)) {
			list = append(list, r.outcomes[service].policies...)
		}
		r.policies = model.NewPolicies(list...)
	}
	return r.policies
}

// ruleProblems adds what the rules of services say is not honoured to other problems, sorted.
func (r *Registry) ruleProblems(list []model.Problem) []model.Problem {
	var more []model.Problem
	for _, o := range r.outcomes {
		more = append(more, o.problems...)
	}
	if len(more) == 0 {
		return list
	}
	more = append(slices.Clone(list), more...)
	slices.SortFunc(more, compareProblems)
	return slices.CompactFunc(more, func(a, b model.Problem) bool { return a.Key == b.Key && a.Reason == b.Reason })
}
