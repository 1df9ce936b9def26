package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// References warns of what a policy names and a mesh does not have at the moment: services, labels of instances, methods,
// classes and callers. None of that keeps a policy from being in force: services come and go. A rule that leads to a service that
// is not there is left out until it is.
func References(p model.Policy, snap model.Snapshot) []Problem {
	c := checker{snap: snap, own: p.Meta().Service, concerns: concerned(p)}
	if s := p.Meta().Selector; s != nil && !slices.ContainsFunc(snap.Services, s.Selects) {
		c.warn("selector", "no service has an instance with the labels %s", labelText(s.Labels))
	}
	c.visit("", reflect.ValueOf(p), rule{})
	if m, ok := p.(model.Mapping); ok {
		c.mapping(m)
	}
	return c.problems
}

// checker walks over a policy.
type checker struct {
	snap     model.Snapshot
	own      string                   // the service that the policy is about
	concerns func(model.Service) bool // whether the paths that conditions are about are those of a service
	standsIn bool                     // the rule that is looked at answers or renames what callers ask for: the service need not have it
	problems []Problem
}

func (c *checker) warn(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: path, Message: fmt.Sprintf(format, args...), Warning: true})
}

func (c *checker) visit(path string, v reflect.Value, r rule) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.visit(path, v.Elem(), r)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.visit(indexed(path, i), v.Index(i), r.items())
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			c.visit(path+"["+key.String()+"]", v.MapIndex(key), r.items())
		}
	case reflect.String:
		if name := v.String(); r.format == "service" && name != "" {
			c.service(path, name)
		}
	case reflect.Struct:
		c.labels(path, v.Interface())
		c.places(path, v.Interface())
		c.methods(path, v.Interface())
		c.callers(path, v.Interface())
		c.cutOff(path, v.Interface())
		for _, f := range structs[v.Type()] {
			c.visit(below(path, f.name), v.FieldByIndex(f.index), f.rule)
		}
	}
}

func (c *checker) service(path, name string) {
	if _, registered := c.snap.Service(name); !registered && len(c.snap.DefinitionsOf(name)) == 0 {
		var all []string
		for _, s := range c.snap.Services {
			all = append(all, s.Name)
		}
		c.warn(path, "%s is not registered%s", name, meant(name, all))
	}
}

// labels checks that somebody has the labels of whoever gets requests.
func (c *checker) labels(path string, v any) {
	var service string
	var labels map[string]string
	switch v := v.(type) {
	case model.Backend:
		service, labels = v.Service, v.Labels
	case model.Mirror:
		service, labels = v.Service, v.Labels
	case model.Fallback:
		service, labels = v.Service, v.Labels
	case model.Subset:
		labels = v.Labels
	}
	if service == "" {
		service = c.own
	}
	s, registered := c.snap.Service(service)
	if len(labels) == 0 || !registered {
		return
	}
	if !slices.ContainsFunc(s.Instances, func(in model.Instance) bool { return model.HasLabels(in, labels) }) {
		c.warn(below(path, "labels"), "no instance of %s has the labels %s%s", service, labelText(labels), meantLabel(labels, s.Instances))
	}
}

// meantLabel names the label, or the value of one, that was meant by the first that no instance has.
func meantLabel(labels map[string]string, instances []model.Instance) string {
	values := map[string][]string{}
	for _, in := range instances {
		for name, value := range in.Labels {
			values[name] = append(values[name], value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		switch known, there := values[name]; {
		case !there:
			return meant(name, slices.Sorted(maps.Keys(values)))
		case !slices.Contains(known, labels[name]):
			return meant(labels[name], known)
		}
	}
	return ""
}

func labelText(labels map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		list = append(list, name+"="+labels[name])
	}
	return strings.Join(list, ", ")
}
