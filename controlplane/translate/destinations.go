package translate

import (
	"maps"
	"math"
	"slices"
	"strings"

	mutationrulesv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// pool is the part of a variant that has labels: a cluster of its own. Without labels it is the variant itself.
func (u *unit) pool(v variant, labels map[string]string, s model.TrafficSettings) variant {
	if len(labels) == 0 {
		return v
	}
	var named []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		named = append(named, escape(k)+"="+escape(labels[k]))
	}
	v.cluster += "|" + strings.Join(named, ",")
	if _, known := u.pools[v.cluster]; known {
		return u.pools[v.cluster].variant
	}
	v.instances = slices.DeleteFunc(slices.Clone(v.instances), func(in model.Instance) bool { return !model.HasLabels(in, labels) })
	u.pools[v.cluster] = target{v, s}
	return v
}

// bulkhead gives calls of a method that has limits a cluster to themselves, of whichever instances they go to. The service is
// the one that has the instances, which need not be u's own.
func (u *unit) bulkhead(from *unit, to []variant, method string) []variant {
	m := from.in.Policies.Methods[method]
	if m.Limits == nil && m.LoadBalancing == nil {
		return to
	}
	s := from.in.Policies.Traffic
	s.Limits, s.LoadBalancing = or(m.Limits, s.Limits), or(m.LoadBalancing, s.LoadBalancing)
	out := slices.Clone(to)
	for i := range out {
		out[i].cluster += "||" + escape(method)
		u.pools[out[i].cluster] = target{out[i], s}
	}
	return out
}

// own narrows the service's variants to what its settings leave requests that no rule sends elsewhere: a subset, and for
// a method with limits a pool. What a registered rule leaves gives way to both.
func (u *unit) own(to []variant, w way, labels map[string]string) []variant {
	s := u.in.Policies.Traffic
	to, inLane := u.lane(u, to, w.lane)
	if inLane {
		labels = nil
	}
	if subset := s.Subset; subset != nil && !inLane {
		some := func(v variant) bool {
			return slices.ContainsFunc(v.instances, func(in model.Instance) bool { return model.HasLabels(in, subset.Labels) })
		}
		if subset.Fallback == "none" || slices.ContainsFunc(to, some) {
			labels = subset.Labels
		}
	}
	out := make([]variant, len(to))
	for i, v := range to {
		out[i] = u.pool(v, labels, s)
	}
	return u.bulkhead(u, out, w.method)
}

// destination is variants that get a share of the requests.
type destination struct {
	to      []variant
	weight  uint64
	backend model.Backend
}

// destinations are where a route leads. Those that a rule names were found to be there.
func (u *unit) destinations(to []variant, w way, rule model.Rule) []destination {
	switch {
	case len(rule.To) == 0:
		return []destination{{to: u.own(to, w, nil), weight: 1}}
	case w.registered:
		return []destination{{to: u.own(to, w, rule.To[0].Labels), weight: 1}}
	}
	var out []destination
	for _, b := range rule.To {
		if found, err := u.backend(to, b.Service, b.Labels, b.Group, b.Version); err == nil {
			from := u.serving(b.Service)
			if len(b.Labels) == 0 {
				found, _ = u.lane(from, found, w.lane)
			}
			out = append(out, destination{u.bulkhead(from, found, w.method), uint64(model.Or(b.Weight, 1)), b})
		}
	}
	return out
}

// serving is the service that a policy names, "" for the unit's own.
func (u *unit) serving(service string) *unit {
	if other, ok := u.others[service]; ok {
		return other
	}
	return u
}

// action sends requests to destinations; the variants of each differ in nothing but their protocol, and share in proportion
// to what serves.
func (u *unit) action(all []destination, w way) *routev3.RouteAction {
	a := &routev3.RouteAction{Timeout: durationpb.New(u.opt.RouteTimeout), PrefixRewrite: w.rewrite}
	if u.opt.RouteTimeout > 0 {
		// The timeout runs once the request is complete; a client that stops in the middle of it would be kept, with all
		// it has sent, for minutes.
		a.IdleTimeout = durationpb.New(u.opt.RouteTimeout + uploadPause)
	}
	if len(all) == 1 && len(all[0].to) == 1 && all[0].to[0].protocol == model.ProtocolGRPC {
		// A stream may live for long. A caller's own deadline (grpc-timeout) is kept all the same.
		a.Timeout, a.IdleTimeout = durationpb.New(0), nil
		a.MaxStreamDuration = &routev3.RouteAction_MaxStreamDuration{GrpcTimeoutHeaderMax: durationpb.New(0)}
	}
	var clusters []*routev3.WeightedCluster_ClusterWeight
	n := parts(all)
	for _, d := range all {
		clusters = append(clusters, u.shares(d, n, w)...)
	}
	if c := clusters[0]; len(clusters) == 1 && len(c.RequestHeadersToAdd)+len(c.RequestHeadersToRemove)+len(c.ResponseHeadersToAdd)+len(c.ResponseHeadersToRemove) == 0 {
		a.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: c.Name}
		return a
	}
	if sum(clusters) == 0 { // Envoy refuses it
		clusters[0].Weight = wrapperspb.UInt32(1)
	}
	a.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: &routev3.WeightedCluster{Clusters: clusters}}
	return a
}

func sum(clusters []*routev3.WeightedCluster_ClusterWeight) (n uint64) {
	for _, c := range clusters {
		n += uint64(c.GetWeight().GetValue())
	}
	return n
}

// shares splits what a destination gets among its variants, and says what is changed for it alone. Weights are counted in
// parts, so that a small one can be split.
func (u *unit) shares(d destination, parts uint64, w way) (out []*routev3.WeightedCluster_ClusterWeight) {
	serving := slices.DeleteFunc(slices.Clone(d.to), func(v variant) bool { return v.weight() == 0 })
	if len(serving) == 0 {
		serving = d.to[:1]
	}
	var total uint64
	for _, v := range serving {
		total += v.weight()
	}
	request, response := headerEdits(d.backend.Headers)
	if d.elsewhere() {
		named := u.variantHeaders(d, w)
		request.add, request.remove = append(named.add, request.add...), append(named.remove, request.remove...)
	}
	for _, v := range serving {
		weight := d.weight * parts
		switch {
		case parts == 0 && len(serving) == 1:
			weight = 1
		case parts == 0: // alone: what the instances weigh
			weight = max(1, v.weight()/weightScale(total))
		case len(serving) > 1 && weight > 0:
			weight = max(1, uint64(float64(weight)*float64(v.weight())/float64(total)))
		}
		out = append(out, &routev3.WeightedCluster_ClusterWeight{
			Name: v.cluster, Weight: wrapperspb.UInt32(uint32(weight)), RequestHeadersToAdd: request.add, RequestHeadersToRemove: request.remove,
			ResponseHeadersToAdd: response.add, ResponseHeadersToRemove: response.remove,
		})
	}
	return out
}

// elsewhere reports whether the destination is another variant than the one that was asked for.
func (d destination) elsewhere() bool {
	return d.backend.Service != "" || d.backend.Group != nil || d.backend.Version != nil
}

// parts is by how much weights are multiplied: Envoy adds them up in 32 bits. It is 0 for a lone destination, which has
// no weight.
func parts(all []destination) uint64 {
	switch {
	case len(all) == 1:
		return 0
	case !slices.ContainsFunc(all, func(d destination) bool { return len(d.to) > 1 }):
		return 1
	}
	var sum uint64
	for _, d := range all {
		sum += d.weight
	}
	return max(1, math.MaxInt32/max(1, sum))
}

// mirror copies requests.
func (u *unit) mirror(a *routev3.RouteAction, to []variant, w way, rule model.Rule) {
	for _, m := range rule.Mirror {
		found, err := u.backend(to, m.Service, m.Labels, m.Group, m.Version)
		if err != nil {
			continue // it was reported
		}
		copies := slices.MaxFunc(u.bulkhead(u.serving(m.Service), found, w.method), func(a, b variant) int { return int(a.weight()) - int(b.weight()) })
		p := &routev3.RouteAction_RequestMirrorPolicy{
			Cluster: copies.cluster, RuntimeFraction: &corev3.RuntimeFractionalPercent{DefaultValue: fraction(m.Percent.Or(model.FullPercent))},
			DisableShadowHostSuffixAppend: true,
		}
		if d := (destination{to: []variant{copies}, backend: model.Backend{Service: m.Service, Group: m.Group, Version: m.Version}}); d.elsewhere() {
			p.RequestHeadersMutations = mutations(u.variantHeaders(d, w))
		}
		a.RequestMirrorPolicies = append(a.RequestMirrorPolicies, p)
	}
}

// variantHeaders name the variant that a destination is, which need not be the one that was asked for. The request of an
// operation is read by the operation of that variant, or by its own where that has none.
func (u *unit) variantHeaders(d destination, w way) (e edits) {
	v, from := d.to[0], u.serving(d.backend.Service)
	p := pair{v.group, v.version}
	names := []struct{ name, value string }{{groupHeader, v.group}, {versionHeader, v.version}, {config.SchemaHeader, from.schemas[p].id}}
	if w.operations != nil {
		names = names[:2]
		if ref, ok := w.operations[p]; ok && from == u {
			names = append(names, struct{ name, value string }{config.SchemaHeader, ref.schema}, struct{ name, value string }{config.OperationHeader, ref.index})
		}
	}
	for _, h := range names {
		if h.value == "" {
			e.remove = append(e.remove, h.name)
			continue
		}
		e.add = append(e.add, overwrite(h.name, literal(h.value)))
	}
	return e
}

func mutations(e edits) (out []*mutationrulesv3.HeaderMutation) {
	for _, name := range e.remove {
		out = append(out, &mutationrulesv3.HeaderMutation{Action: &mutationrulesv3.HeaderMutation_Remove{Remove: name}})
	}
	for _, h := range e.add {
		out = append(out, &mutationrulesv3.HeaderMutation{Action: &mutationrulesv3.HeaderMutation_Append{Append: h}})
	}
	return out
}
