package model

import (
	"reflect"
	"slices"
)

// Above adds the registered ones of other policies, which then count where these say nothing. Only Route and Traffic
// policies are ever registered.
func (p Policies) Above(other Policies) Policies {
	routes, traffic := registered(other.Routes), registered(other.Traffic)
	if len(routes) > 0 {
		p.Routes = slices.Concat(p.Routes, routes)
		order(p.Routes)
	}
	if len(traffic) > 0 {
		p.Traffic = slices.Concat(p.Traffic, traffic)
		order(p.Traffic)
	}
	return p
}

func registered[P Policy](list []P) (out []P) {
	for _, p := range list {
		if p.Meta().Registered {
			out = append(out, p)
		}
	}
	return out
}

// yields takes out of what a registered policy says of methods what another policy says of the whole service: otherwise
// the special one would win over one that comes before it. said has the fields that other policies have.
func (t Traffic) yields(said map[string]string) Traffic {
	methods := map[string]MethodSettings{}
	for name, m := range t.Methods {
		if said["timeout"] != "" {
			m.Timeout = nil
		}
		if said["retry"] != "" {
			m.Retry = nil
		}
		if said["strategy"] != "" {
			m.Strategy = nil
		}
		if said["loadBalancing"] != "" {
			m.LoadBalancing = nil
		}
		if !reflect.ValueOf(m).IsZero() {
			methods[name] = m
		}
	}
	t.Methods = methods
	return t
}
