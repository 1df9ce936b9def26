package importer

import (
	"slices"
	"strings"
)

// servedHosts are the hosts that a Gateway of Istio names, without the namespaces that may serve them.
func (r rule) servedHosts() (hosts []string) {
	servers, _ := r.spec.fields["servers"].([]any)
	for _, s := range servers {
		server, _ := s.(map[string]any)
		list, _ := server["hosts"].([]any)
		for _, item := range list {
			host, _ := item.(string)
			if _, after, ok := strings.Cut(host, "/"); ok {
				host = after
			}
			if host != "" && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// everyHost has the hosts that gateways name stand in place of *, which a Route cannot name: a request for a host that no Route
// names finds a service by the first part of its path.
func (k *known) everyHost(r rule, hosts, gateways []string) (out []string) {
	for _, h := range hosts {
		if h != "*" {
			out = append(out, h)
			continue
		}
		for _, g := range gateways {
			served, found := k.edges[g]
			if !found || slices.Contains(served, "*") {
				r.spec.lose("hosts", "* is left out: a request for a host that no Route names finds a service by the first part of its path; name the hosts, or expose the service by a prefix in a Gateway policy")
				continue
			}
			out = append(out, served...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
