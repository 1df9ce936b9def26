package translate

import (
	"fmt"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// argumentsFilter is the name under which the filter is configured in the listener and switched on in a route.
const argumentsFilter = "dubbo.arguments"

// asked are the arguments that the routes of a way are chosen by, or look at otherwise; nil where there are no means to.
type asked map[string]bool

// asks begins with the routes of a way.
func (u *unit) asks() asked {
	if u.opt.contrib() {
		return nil
	}
	return asked{}
}

// argument is the header that holds the value of an argument.
func (a asked) argument(path string) (header string, err error) {
	switch _, _, err := config.SplitArgument(path); {
	case a == nil:
		return "", fmt.Errorf("arguments of a call can be looked at by routes to a service alone, and with the dataplane %s; match a header or an attachment", DynamicModule)
	case err != nil:
		return "", err
	case len(a) == config.MaxArgumentPaths && !a[path]:
		return "", fmt.Errorf("argument %s is the %dth that the service's policies look at; look at no more than %d", path, len(a)+1, config.MaxArgumentPaths)
	}
	a[path] = true
	return config.ArgumentHeader(path), nil
}

// argumentText is a condition on a value as a header holds it.
func argumentText(s model.StringMatch) model.StringMatch {
	encode := func(text string) string { return string(config.AppendArgumentText(nil, text)) }
	if s.Exact != nil {
		exact := string(config.AppendArgument(nil, *s.Exact))
		s.Exact = &exact
	}
	s.Prefix, s.Suffix, s.Contains = encode(s.Prefix), encode(s.Suffix), encode(s.Contains)
	in := s.In
	s.In = nil
	for _, text := range in {
		s.In = append(s.In, string(config.AppendArgument(nil, text)))
	}
	return s
}

// tellArguments has the arguments written into headers that the routes of a way look at, and the route chosen again then.
// What filters a request meets is decided before that, by the route that it would take without them: so each of the routes
// switches on what any of them does, and the filters act as the route says that is taken in the end.
func (u *unit) tellArguments(routes []*routev3.Route, to []variant, w way) {
	if len(w.asked) == 0 {
		return
	}
	c := u.argumentsOf(to, w)
	if err := c.Check(); err != nil {
		u.problem(u.in.Service.Name, fmt.Sprintf("arguments of %s are not looked at: %v", u.in.Service.Name, err))
		return
	}
	var met []string
	for _, r := range routes {
		met = append(met, Names(r.GetTypedPerFilterConfig())...)
	}
	for _, r := range routes {
		switchOn(r, met)
		enable(r, argumentsFilter, moduleFilter(config.ArgumentsFilter, c.Text()))
	}
}

// argumentsOf says where the arguments of a way are: for a mapped operation by its bindings, for a call without a body by
// the names of the parameters.
func (u *unit) argumentsOf(to []variant, w way) config.Arguments {
	out := config.Arguments{Paths: Names(w.asked)}
	if size := u.in.Policies.Traffic.MaxRequestSize; size != nil {
		out.MaxRequestBytes = int(min(size.Or(0), config.MaxMaxBytes))
	}
	p := pair{to[0].group, to[0].version}
	known := u.schemas[p].config
	if ref, ok := w.operations[p]; ok {
		out.Path, out.Parameters = ref.operation.Path, ref.operation.Parameters
		return out
	}
	if !w.calls {
		return out
	}
	for _, m := range known.Methods {
		var named []string
		for _, parameter := range m.Parameters {
			named = append(named, parameter.Name)
		}
		if len(named) == 0 || slices.Contains(named, "") {
			continue
		}
		if out.Queries == nil {
			out.Queries = map[string][][]string{}
		}
		out.Queries[m.Name] = append(out.Queries[m.Name], named)
	}
	return out
}
