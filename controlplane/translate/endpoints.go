package translate

import (
	"math"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// endpoints lists the instances of a target by priority and zone, each with its weight and its labels (as envoy.lb
// metadata, where Envoy's subsets look for them).
func endpoints(t target) *endpointv3.ClusterLoadAssignment {
	instances := slices.Clone(t.instances)
	slices.SortStableFunc(instances, t.byPlace)
	scale := weightScale(t.weight())
	out := &endpointv3.ClusterLoadAssignment{ClusterName: t.cluster}
	for i, inst := range instances {
		priority := t.priority(inst)
		if i == 0 || inst.Zone != instances[i-1].Zone || priority != t.priority(instances[i-1]) {
			out.Endpoints = append(out.Endpoints, &endpointv3.LocalityLbEndpoints{
				Locality: &corev3.Locality{Zone: strings.ToValidUTF8(inst.Zone, "�")}, Priority: priority,
			})
		}
		zone := out.Endpoints[len(out.Endpoints)-1]
		zone.LbEndpoints = append(zone.LbEndpoints, t.endpoint(inst, scale))
	}
	t.arrange(out)
	return out
}

func (t target) endpoint(inst model.Instance, scale uint64) *endpointv3.LbEndpoint {
	weight := max(1, uint32(uint64(inst.Weight)/scale))
	if l := t.settings.LoadBalancing; l != nil && l.Policy == model.BalanceRoundRobin {
		weight = 1
	}
	e := &endpointv3.Endpoint{Address: address(inst.Address, inst.Port)}
	if h := t.settings.HealthCheck; h != nil && h.Port != nil {
		e.HealthCheckConfig = &endpointv3.Endpoint_HealthCheckConfig{PortValue: *h.Port}
	}
	return &endpointv3.LbEndpoint{
		HostIdentifier:      &endpointv3.LbEndpoint_Endpoint{Endpoint: e},
		LoadBalancingWeight: wrapperspb.UInt32(weight),
		Metadata:            labels(inst.Labels),
	}
}

// weightScale divides weights so that their sum fits the 32 bits that Envoy sums them in: it refuses the whole
// assignment otherwise.
func weightScale(sum uint64) uint64 { return sum/(math.MaxUint32/2) + 1 }

func labels(l map[string]string) *corev3.Metadata {
	if len(l) == 0 {
		return nil
	}
	fields := make(map[string]*structpb.Value, len(l))
	for k, v := range l {
		fields[strings.ToValidUTF8(k, "�")] = structpb.NewStringValue(strings.ToValidUTF8(v, "�"))
	}
	return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"envoy.lb": {Fields: fields}}}
}

func address(ip string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: ip, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}
