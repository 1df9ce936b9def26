package importer

import (
	"maps"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// callMatches reads which calls a rule for calls fits, by services, methods, arguments and attachments; "" for every service.
// With a condition that cannot be expressed it is false.
func callMatches(m *object) (services []string, out []model.RequestMatch, ok bool) {
	before := len(m.report.lost)
	m.ignore("name")
	for _, s := range m.conditions("services") {
		if s.Exact == nil {
			m.lose("services", "a Route is that of a service with its whole name")
			continue
		}
		services = append(services, *s.Exact)
	}
	base := model.RequestMatch{Attachments: m.matches("attachments"), Headers: m.matches("headers")}
	if labels := m.exactly("sourceLabels"); len(labels) > 0 {
		base.Source = &model.SourceMatch{Labels: labels}
	}
	for _, method := range m.children("methods") {
		one := base
		one.Arguments = maps.Clone(base.Arguments)
		method.loseIf("service", "write the service in services")
		if name, ok := method.condition("methodName"); ok {
			one.Method = &name
		}
		for _, arg := range method.children("args") {
			arg.loseIf("type", "the type of an argument cannot be asked for")
			index := arg.text("index")
			if value, ok := arg.condition("value"); ok {
				if one.Arguments == nil {
					one.Arguments = map[string]model.StringMatch{}
				}
				one.Arguments[index] = value
			}
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		out = []model.RequestMatch{base}
	}
	if len(services) == 0 {
		services = []string{""}
	}
	if len(m.report.lost) > before || m.unread() {
		m.left("it has a condition that cannot be asked for, and is left out: it would fit more requests without")
		return services, nil, false
	}
	return services, out, true
}

// condition reads {exact: a} and the like, or a, which is the whole text.
func (o *object) condition(name string) (out model.StringMatch, ok bool) {
	if text, plain := o.fields[name].(string); plain {
		o.used[name] = true
		return model.StringMatch{Exact: &text}, true
	}
	return o.child(name).match()
}

// conditions reads a list of them.
func (o *object) conditions(name string) (out []model.StringMatch) {
	list, _ := o.fields[name].([]any)
	for _, item := range list {
		if text, plain := item.(string); plain {
			o.used[name] = true
			out = append(out, model.StringMatch{Exact: &text})
		}
	}
	if len(out) == len(list) && len(list) > 0 {
		return out
	}
	for _, c := range o.children(name) {
		if m, ok := c.match(); ok {
			out = append(out, m)
		}
	}
	return out
}
