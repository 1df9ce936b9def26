package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// methods warns of methods that the service of the policy is known not to have.
func (c *checker) methods(path string, v any) {
	switch v := v.(type) {
	case model.Traffic:
		for _, name := range slices.Sorted(maps.Keys(v.Methods)) {
			c.method(below(path, "methods["+name+"]"), name, len(v.Methods[name].Fallback) > 0)
		}
	case model.Rule:
		c.standsIn = v.Redirect != nil || v.Respond != nil || v.Rewrite != nil && v.Rewrite.Method != ""
	case model.Rewrite:
		c.method(below(path, "method"), v.Method, false)
	case model.RequestMatch:
		if m := v.Method; m != nil && m.Exact != nil && !m.IgnoreCase {
			c.method(below(path, "method"), *m.Exact, c.standsIn)
		} else if m != nil && !m.IgnoreCase {
			for _, name := range m.In {
				c.method(below(path, "method"), name, c.standsIn)
			}
		}
	}
}

// method warns of one that the service does not have; where something stands in for it only of one that looks misspelt.
func (c *checker) method(path, name string, standsIn bool) {
	if name == "" || c.own == "" || strings.HasPrefix(name, "$") { // as Dubbo's own are called
		return
	}
	if s, registered := c.snap.Service(c.own); registered && !slices.ContainsFunc(s.Instances, hasMethods) && len(s.Instances) > 0 {
		c.warn(path, "%s speaks %s, which has no methods; write a Route with a rule that matches a path", c.own, s.Instances[0].Protocol)
		return
	}
	known := c.known()
	if near := meant(name, known); len(known) > 0 && !slices.Contains(known, name) && (near != "" || !standsIn) {
		c.warn(path, "%s has no method %s%s", c.own, name, near)
	}
}

// hasMethods reports whether requests to an instance are calls.
func hasMethods(in model.Instance) bool {
	return in.Protocol != model.ProtocolHTTP && in.Protocol != model.ProtocolH2
}

// known lists the methods of the policy's service, of whichever group and version; nothing when nobody describes them.
func (c *checker) known() (names []string) {
	for _, d := range c.snap.DefinitionsOf(c.own) {
		for _, m := range d.Methods {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	for _, m := range c.snap.Policies.Mappings {
		if m.Service == c.own {
			for _, one := range m.Methods {
				names = append(names, one.Name)
			}
		}
	}
	return names
}

// callers warns of limits by caller where nobody tells who calls.
func (c *checker) callers(path string, v any) {
	limit, ok := v.(model.RateLimit)
	if !ok || !slices.Contains(limit.By, "caller") {
		return
	}
	own, _ := c.snap.Service(c.own)
	for _, a := range c.snap.Policies.Access {
		concerns := a.Service == "" && (a.Selector == nil || a.Selector.Selects(own)) || a.Service == c.own
		if (a.HMAC != nil || a.APIKey != nil) && !a.DryRun && (concerns || c.own == "") {
			return
		}
	}
	c.warn(below(path, "by"), "no Access policy with hmac or apiKey tells who calls; only Dubbo consumers, which name their application, are told apart")
}
