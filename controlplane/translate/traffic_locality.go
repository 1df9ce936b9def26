package translate

import (
	"cmp"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// preferLocality says what counts zones. Envoy prefers its own zone only when it knows the zones of its peers, by the
// local cluster of its bootstrap.
func preferLocality(c *clusterv3.Cluster, t target) {
	l := t.settings.Locality
	switch {
	case l == nil, c.LoadBalancingPolicy != nil: // weights from reports go with no zones
	case len(l.Weights) > 0:
		c.CommonLbConfig.LocalityConfigSpecifier = &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig_{
			LocalityWeightedLbConfig: &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig{},
		}
	case l.Prefer == "none":
		c.CommonLbConfig.LocalityConfigSpecifier = zoneAware(0, nil)
	case l.Prefer == "sameZone":
		c.CommonLbConfig.LocalityConfigSpecifier = zoneAware(100, wrapperspb.UInt64(uint64(model.Or(l.MinInstances, 1))))
	}
}

func zoneAware(percent float64, least *wrapperspb.UInt64Value) *clusterv3.Cluster_CommonLbConfig_ZoneAwareLbConfig_ {
	return &clusterv3.Cluster_CommonLbConfig_ZoneAwareLbConfig_{ZoneAwareLbConfig: &clusterv3.Cluster_CommonLbConfig_ZoneAwareLbConfig{
		RoutingEnabled: &typev3.Percent{Value: percent}, MinClusterSize: least,
	}}
}

// priority is the rank of an instance: 0 is called as long as enough of it is healthy.
func (t target) priority(in model.Instance) uint32 {
	if l := t.settings.Locality; l != nil && len(l.Failover) > 0 {
		return rank(len(l.Failover), func(i int) bool { return l.Failover[i] == in.Zone })
	}
	list := t.settings.Priorities
	return rank(len(list), func(i int) bool {
		return (list[i].Zone == "" || list[i].Zone == in.Zone) && model.HasLabels(in, list[i].Labels)
	})
}

// rank is the first of n that fits, or n.
func rank(n int, fits func(i int) bool) uint32 {
	for i := range n {
		if fits(i) {
			return uint32(i)
		}
	}
	return uint32(n)
}

// arrange gives localities their weights, and priorities numbers without gaps, as Envoy wants them.
func (t target) arrange(out *endpointv3.ClusterLoadAssignment) {
	var used []uint32
	for _, zone := range out.Endpoints {
		used = append(used, zone.Priority)
	}
	slices.Sort(used)
	used = slices.Compact(used)
	for _, zone := range out.Endpoints {
		zone.Priority = uint32(slices.Index(used, zone.Priority))
	}
	l := t.settings.Locality
	if l == nil {
		return
	}
	if l.SpillBelow != nil {
		// 140 stands for spilling over below 100/140 of healthy instances.
		out.Policy = &endpointv3.ClusterLoadAssignment_Policy{
			OverprovisioningFactor: wrapperspb.UInt32(max(100, uint32(10_000/l.SpillBelow.Number()+0.5))),
		}
	}
	if len(l.Weights) > 0 {
		for _, zone := range out.Endpoints {
			if w := l.Weights[zone.GetLocality().GetZone()]; w > 0 {
				zone.LoadBalancingWeight = wrapperspb.UInt32(w)
			}
		}
	}
}

// byPlace orders instances as they are listed: by priority, zone and address.
func (t target) byPlace(a, b model.Instance) int {
	return cmp.Or(cmp.Compare(t.priority(a), t.priority(b)), cmp.Compare(a.Zone, b.Zone), model.Compare(a, b))
}
