package translate

import (
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// preferSpecific lets what is said of headers for one backend count more than what is said for all of a rule. Envoy changes
// headers for the backend first, then as the route configuration says, then for the route: so what is said for the
// route becomes part of what is said for each of its backends.
func preferSpecific(r *routev3.Route) {
	all := r.GetRoute().GetWeightedClusters().GetClusters()
	if !slices.ContainsFunc(all, changesHeaders) {
		return
	}
	described := describedBy(r, all)
	for _, c := range all {
		c.RequestHeadersToAdd, c.RequestHeadersToRemove = underneath(r.RequestHeadersToAdd, r.RequestHeadersToRemove, c.RequestHeadersToAdd, c.RequestHeadersToRemove)
		c.ResponseHeadersToAdd, c.ResponseHeadersToRemove = underneath(r.ResponseHeadersToAdd, r.ResponseHeadersToRemove, c.ResponseHeadersToAdd, c.ResponseHeadersToRemove)
	}
	r.RequestHeadersToAdd, r.RequestHeadersToRemove, r.ResponseHeadersToAdd, r.ResponseHeadersToRemove = described, nil, nil, nil
}

func changesHeaders(c *routev3.WeightedCluster_ClusterWeight) bool {
	return len(c.RequestHeadersToAdd)+len(c.RequestHeadersToRemove)+len(c.ResponseHeadersToAdd)+len(c.ResponseHeadersToRemove) > 0
}

// describing are headers that the route configuration takes off requests, so that only a route can set them.
var describing = []string{config.SchemaHeader, config.OperationHeader}

// describedBy takes what describes the service off a route and its backends. It is for the route: that of the backends where they
// have one of their own and agree on it, else that of the route.
func describedBy(r *routev3.Route, all []*routev3.WeightedCluster_ClusterWeight) (out []*corev3.HeaderValueOption) {
	is := func(h *corev3.HeaderValueOption) bool { return slices.Contains(describing, h.GetHeader().GetKey()) }
	take := func(from *[]*corev3.HeaderValueOption) (taken []*corev3.HeaderValueOption) {
		for _, h := range *from {
			if is(h) {
				taken = append(taken, h)
			}
		}
		*from = slices.DeleteFunc(slices.Clone(*from), is)
		return taken
	}
	out = take(&r.RequestHeadersToAdd)
	same := func(a, b *corev3.HeaderValueOption) bool {
		return a.GetHeader().GetKey() == b.GetHeader().GetKey() && a.GetHeader().GetValue() == b.GetHeader().GetValue()
	}
	var first []*corev3.HeaderValueOption
	agreed := true
	for i, c := range all {
		own := take(&c.RequestHeadersToAdd)
		named := len(own) > 0 || slices.ContainsFunc(c.RequestHeadersToRemove, func(name string) bool { return slices.Contains(describing, name) })
		c.RequestHeadersToRemove = slices.DeleteFunc(slices.Clone(c.RequestHeadersToRemove), func(name string) bool { return slices.Contains(describing, name) })
		if i == 0 {
			first = own
		}
		agreed = agreed && named && slices.EqualFunc(first, own, same)
	}
	if agreed {
		return first
	}
	return out
}

// underneath is what is said of headers for all, and then for one. Envoy removes first, then sets, then adds, so that what the
// one removes or sets has to be left out of the other.
func underneath(allAdd []*corev3.HeaderValueOption, allRemove []string, add []*corev3.HeaderValueOption, remove []string) ([]*corev3.HeaderValueOption, []string) {
	decided := map[string]bool{}
	for _, name := range remove {
		decided[strings.ToLower(name)] = true
	}
	for _, h := range add {
		if h.GetAppendAction() == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			decided[strings.ToLower(h.GetHeader().GetKey())] = true
		}
	}
	kept := slices.DeleteFunc(slices.Clone(allAdd), func(h *corev3.HeaderValueOption) bool { return decided[strings.ToLower(h.GetHeader().GetKey())] })
	return append(kept, add...), unique(append(slices.Clone(allRemove), remove...))
}
