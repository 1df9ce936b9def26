package translate

import (
	"cmp"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	balancev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/common/v3"
	leastv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/least_request/v3"
	randomv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/random/v3"
	turnsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/round_robin/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// preferLocality says what counts zones. Envoy prefers its own zone only where its bootstrap names a cluster of its peers
// with one in that zone (envoy/zone.yaml).
func preferLocality(c *clusterv3.Cluster, t target) {
	l := t.settings.Locality
	switch {
	case l == nil, c.LoadBalancingPolicy != nil: // weights from reports go with no zones
	case len(l.Weights) > 0:
		c.CommonLbConfig.LocalityConfigSpecifier = &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig_{
			LocalityWeightedLbConfig: &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig{},
		}
	case l.Prefer == "none":
		c.CommonLbConfig.LocalityConfigSpecifier = &clusterv3.Cluster_CommonLbConfig_ZoneAwareLbConfig_{
			ZoneAwareLbConfig: &clusterv3.Cluster_CommonLbConfig_ZoneAwareLbConfig{RoutingEnabled: &typev3.Percent{Value: 0}},
		}
	case l.Prefer == "sameZone":
		stayNear(c, t, model.Or(l.MinInstances, 1))
	}
}

// stayNear keeps requests in the zone, as long as it has an instance that is well. Left to itself Envoy sends no more there
// than the zone's part of all instances; that it must not can be said only in the policy's own message. What hashes has no
// zones.
func stayNear(c *clusterv3.Cluster, t target, least uint32) {
	zones := &balancev3.LocalityLbConfig{LocalityConfigSpecifier: &balancev3.LocalityLbConfig_ZoneAwareLbConfig_{
		ZoneAwareLbConfig: &balancev3.LocalityLbConfig_ZoneAwareLbConfig{
			MinClusterSize: wrapperspb.UInt64(uint64(least)),
			LocalityBasis:  balancev3.LocalityLbConfig_ZoneAwareLbConfig_HEALTHY_HOSTS_WEIGHT, // for who is in a zone without instances
			ForceLocalZone: &balancev3.LocalityLbConfig_ZoneAwareLbConfig_ForceLocalZone{MinSize: wrapperspb.UInt32(1)},
		},
	}}
	name := "envoy.load_balancing_policies."
	var policy proto.Message
	switch c.LbPolicy {
	case clusterv3.Cluster_RANDOM:
		name, policy = name+"random", &randomv3.Random{LocalityLbConfig: zones}
	case clusterv3.Cluster_LEAST_REQUEST:
		l := c.GetLeastRequestLbConfig()
		name, policy = name+"least_request", &leastv3.LeastRequest{
			ChoiceCount: l.GetChoiceCount(), ActiveRequestBias: l.GetActiveRequestBias(), SlowStartConfig: slowStartOf(slowStart(t)), LocalityLbConfig: zones,
		}
	case clusterv3.Cluster_ROUND_ROBIN:
		name, policy = name+"round_robin", &turnsv3.RoundRobin{SlowStartConfig: slowStartOf(slowStart(t)), LocalityLbConfig: zones}
	default:
		return
	}
	c.LbPolicy, c.LbConfig = clusterv3.Cluster_ROUND_ROBIN, nil // the policy's message counts
	c.LoadBalancingPolicy = &clusterv3.LoadBalancingPolicy{Policies: []*clusterv3.LoadBalancingPolicy_Policy{{
		TypedExtensionConfig: &corev3.TypedExtensionConfig{Name: name, TypedConfig: pack(policy)},
	}}}
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
