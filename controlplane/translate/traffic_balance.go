package translate

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	clientweightedv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3"
	balancev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/common/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// balance chooses how an instance is chosen. Round robin counts weights; those of roundRobin are made equal where the
// instances are listed.
func balance(c *clusterv3.Cluster, t target) {
	l := t.settings.LoadBalancing
	if l == nil {
		return
	}
	switch l.Policy {
	case model.BalanceRandom:
		c.LbPolicy = clusterv3.Cluster_RANDOM
	case model.BalanceLeastRequest:
		c.LbPolicy = clusterv3.Cluster_LEAST_REQUEST
		config := &clusterv3.Cluster_LeastRequestLbConfig{ChoiceCount: uint32Of(l.Choices)}
		if l.ActiveBias != nil {
			config.ActiveRequestBias = runtimeDouble(*l.ActiveBias)
		}
		c.LbConfig = &clusterv3.Cluster_LeastRequestLbConfig_{LeastRequestLbConfig: config}
	case model.BalanceRingHash:
		c.LbPolicy = clusterv3.Cluster_RING_HASH
		ring := &clusterv3.Cluster_RingHashLbConfig{}
		if l.RingSize != nil {
			ring.MinimumRingSize = wrapperspb.UInt64(uint64(*l.RingSize))
		}
		c.LbConfig = &clusterv3.Cluster_RingHashLbConfig_{RingHashLbConfig: ring}
		boundLoad(c, l)
	case model.BalanceMaglev:
		c.LbPolicy = clusterv3.Cluster_MAGLEV
		maglev := &clusterv3.Cluster_MaglevLbConfig{}
		if l.TableSize != nil {
			maglev.TableSize = wrapperspb.UInt64(uint64(*l.TableSize))
		}
		c.LbConfig = &clusterv3.Cluster_MaglevLbConfig_{MaglevLbConfig: maglev}
		boundLoad(c, l)
	case model.BalanceClientWeighted:
		weighByReports(c, t)
	}
}

// boundLoad keeps a popular key from drowning one instance.
func boundLoad(c *clusterv3.Cluster, l *model.LoadBalancing) {
	if l.BoundedLoad == nil {
		return
	}
	c.CommonLbConfig.ConsistentHashingLbConfig = &clusterv3.Cluster_CommonLbConfig_ConsistentHashingLbConfig{
		HashBalanceFactor: wrapperspb.UInt32(uint32(*l.BoundedLoad * 100)),
	}
}

// weighByReports takes weights from the load that instances report with their answers.
func weighByReports(c *clusterv3.Cluster, t target) {
	policy := &clientweightedv3.ClientSideWeightedRoundRobin{}
	if o := t.settings.LoadBalancing.Orca; o != nil {
		policy.BlackoutPeriod, policy.WeightExpirationPeriod, policy.WeightUpdatePeriod = durationOf(o.Blackout), durationOf(o.Expiration), durationOf(o.Update)
		if o.ErrorPenalty != nil {
			policy.ErrorUtilizationPenalty = wrapperspb.Float(float32(*o.ErrorPenalty))
		}
	}
	policy.SlowStartConfig = slowStartOf(slowStart(t))
	c.LoadBalancingPolicy = &clusterv3.LoadBalancingPolicy{Policies: []*clusterv3.LoadBalancingPolicy_Policy{{
		TypedExtensionConfig: &corev3.TypedExtensionConfig{
			Name: "envoy.load_balancing_policies.client_side_weighted_round_robin", TypedConfig: pack(policy),
		},
	}}}
}

// warmUp spares instances that are new: by the policy, or as the instances themselves ask for. What hashes cannot.
func warmUp(c *clusterv3.Cluster, t target) {
	s := slowStart(t)
	if s == nil {
		return
	}
	switch c.LbPolicy {
	case clusterv3.Cluster_LEAST_REQUEST:
		c.GetLeastRequestLbConfig().SlowStartConfig = s
	case clusterv3.Cluster_ROUND_ROBIN:
		if c.LoadBalancingPolicy == nil {
			c.LbConfig = &clusterv3.Cluster_RoundRobinLbConfig_{RoundRobinLbConfig: &clusterv3.Cluster_RoundRobinLbConfig{SlowStartConfig: s}}
		}
	}
}

func slowStart(t target) *clusterv3.Cluster_SlowStartConfig {
	window, l := t.warmUp, t.settings.LoadBalancing
	if l != nil && l.WarmUp != nil {
		window = l.WarmUp.Std()
	}
	if window <= 0 {
		return nil
	}
	s := &clusterv3.Cluster_SlowStartConfig{SlowStartWindow: durationpb.New(max(window, time.Millisecond))}
	if l != nil && l.WarmUpAggression != nil {
		s.Aggression = runtimeDouble(*l.WarmUpAggression)
	}
	if l != nil && l.WarmUpMin != nil {
		s.MinWeightPercent = &typev3.Percent{Value: l.WarmUpMin.Number()}
	}
	return s
}

// slowStartOf is a slow start as the messages of policies have it.
func slowStartOf(s *clusterv3.Cluster_SlowStartConfig) *balancev3.SlowStartConfig {
	if s == nil {
		return nil
	}
	return &balancev3.SlowStartConfig{SlowStartWindow: s.SlowStartWindow, Aggression: s.Aggression, MinWeightPercent: s.MinWeightPercent}
}

// noRuntimeKey is a key of Envoy's runtime that nobody sets, for fields that ask for one.
const noRuntimeKey = "dubbomesh.none"

func runtimeDouble(v float64) *corev3.RuntimeDouble {
	return &corev3.RuntimeDouble{DefaultValue: v, RuntimeKey: noRuntimeKey}
}

func uint32Of(v *uint32) *wrapperspb.UInt32Value {
	if v == nil {
		return nil
	}
	return wrapperspb.UInt32(*v)
}

func durationOf(d *model.Duration) *durationpb.Duration {
	if d == nil {
		return nil
	}
	return durationpb.New(d.Std())
}
