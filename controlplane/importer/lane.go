package importer

import (
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// trafficLane makes a Lane of a TrafficLane of OpenSergo: what enters it, and the labels of its instances.
func trafficLane(r rule) []made {
	app := ""
	if s := r.spec.child("selector"); s != nil {
		app = s.text("app")
	}
	rules := r.spec.child("rules")
	if rules == nil {
		r.spec.lose("rules", "they are missing, so that nothing becomes of it")
		return nil
	}
	out := model.Lane{PolicyMeta: r.meta(app)}
	if l := rules.child("lane"); l != nil {
		out.Lane = l.text("name")
	}
	if t := rules.child("traffic"); t != nil {
		if h := t.child("http"); h != nil {
			listed(h, "headers")
			match, ok := requestMatch(h, nil)
			if !ok {
				r.spec.left("what enters the lane cannot be told, so that it is left out")
				rules.ignore(rules.names()...)
				return nil
			}
			out.Match = []model.RequestMatch{match}
		}
	}
	if w := rules.child("workload"); w != nil {
		out.Labels = w.labels("selector")
	}
	rules.loseIf("traceIdBaggage", "what carries a lane is a setting of the Mesh policy, for all lanes alike")
	return []made{{rule: r, policy: out, from: map[string]*object{"": r.spec}}}
}

// listed makes a mapping of conditions of a list of them, [{X-User-Id: , exact: 12345}], as examples of OpenSergo have it.
func listed(o *object, name string) {
	list, ok := o.fields[name].([]any)
	if !ok {
		return
	}
	byName := map[string]any{}
	for _, item := range list {
		m, _ := item.(map[string]any)
		condition := map[string]any{}
		header := ""
		for key, value := range m {
			if slices.Contains([]string{"exact", "prefix", "regex"}, key) {
				condition[key] = value
			} else {
				header = key
			}
		}
		if header != "" {
			byName[header] = condition
		}
	}
	o.fields[name] = byName
}
