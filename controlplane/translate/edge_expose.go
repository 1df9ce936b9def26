package translate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// offer is a service at a port: where it can be called there.
type offer struct {
	ServiceResources
	hosts    []string // nil for any
	prefix   string   // of the paths that go to it beside its own, "" for none
	explicit bool     // the policy says its hosts
}

// offers are what a port answers with: what its policy exposes, or everything.
func (e edge) offers(services []ServiceResources) (out []offer) {
	base := lower(e.listener.Hosts)
	if len(e.gateway.Expose) == 0 {
		for _, s := range services {
			out = append(out, offer{ServiceResources: s, hosts: base})
		}
		return out
	}
	for _, x := range e.gateway.Expose {
		at, there := slices.BinarySearchFunc(services, x.Service, func(s ServiceResources, name string) int { return cmp.Compare(s.Name, name) })
		hosts := base
		if len(x.Hosts) > 0 {
			hosts = both(lower(x.Hosts), base)
		}
		if !there || len(x.Hosts) > 0 && len(hosts) == 0 {
			continue
		}
		out = append(out, offer{ServiceResources: services[at], hosts: hosts, prefix: mountPoint(x.Prefix), explicit: len(x.Hosts) > 0})
	}
	slices.SortStableFunc(out, func(a, b offer) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// unmatched reports exposures under hosts that no listener of the policy answers.
func unmatched(g model.Gateway) (problems []model.Problem) {
	for i, x := range g.Expose {
		answered := func(l model.Listener) bool {
			if l.RedirectToTLS != nil || l.Protocol == edgeDubbo {
				return false
			}
			return len(l.Hosts) == 0 || len(both(lower(x.Hosts), lower(l.Hosts))) > 0
		}
		if len(x.Hosts) > 0 && !slices.ContainsFunc(g.Listeners, answered) {
			problems = append(problems, edge{gateway: g}.problem("expose["+itoa(i)+"].hosts", x.Service+" is not exposed: no listener answers "+strings.Join(x.Hosts, ", ")+"; add it to the hosts of one"))
		}
	}
	return problems
}

// mountPoint is a prefix without a slash at its end, "/" for all paths and "" for none.
func mountPoint(prefix string) string {
	if prefix == "" {
		return ""
	}
	return cmp.Or(strings.TrimRight(prefix, "/"), "/")
}

// mountPoints lists the prefixes under which policies expose a service.
func mountPoints(gateways []model.Gateway, service string) (out []string) {
	for _, g := range gateways {
		for _, x := range g.Expose {
			if p := mountPoint(x.Prefix); x.Service == service && p != "" && p != pathPrefix(service) {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lower writes hosts as they are compared.
func lower(hosts []string) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = strings.ToLower(h)
	}
	return unique(out)
}

// both are the hosts that two lists have in common, the second of which may be empty for any.
func both(some, limits []string) (out []string) {
	if len(limits) == 0 {
		return some
	}
	for _, a := range some {
		for _, b := range limits {
			switch {
			case covers(b, a):
				out = append(out, a)
			case covers(a, b):
				out = append(out, b)
			}
		}
	}
	return unique(out)
}

// covers reports whether every host of one pattern is one of another: *.example.com stands for every name below.
func covers(wide, narrow string) bool {
	below, wild := strings.CutPrefix(wide, "*")
	return wide == "*" || wide == narrow || wild && strings.HasSuffix(narrow, below)
}

// under reports whether the offer holds for a host. Without hosts it holds for any.
func (o offer) under(host string) bool {
	return len(o.hosts) == 0 || slices.ContainsFunc(o.hosts, func(h string) bool { return covers(h, host) })
}
