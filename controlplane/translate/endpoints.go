package translate

import (
	"cmp"
	"math"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// endpoints lists the instances of a variant by zone, each with its weight and its labels (as envoy.lb metadata, where
// Envoy's subsets look for them).
func endpoints(v variant) *endpointv3.ClusterLoadAssignment {
	instances := slices.Clone(v.instances)
	slices.SortStableFunc(instances, func(a, b model.Instance) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), model.Compare(a, b))
	})
	scale := weightScale(v.weight())
	out := &endpointv3.ClusterLoadAssignment{ClusterName: v.cluster}
	for i, inst := range instances {
		if i == 0 || inst.Zone != instances[i-1].Zone {
			out.Endpoints = append(out.Endpoints, &endpointv3.LocalityLbEndpoints{
				Locality: &corev3.Locality{Zone: strings.ToValidUTF8(inst.Zone, "�")},
			})
		}
		zone := out.Endpoints[len(out.Endpoints)-1]
		zone.LbEndpoints = append(zone.LbEndpoints, endpoint(inst, scale))
	}
	return out
}

func endpoint(inst model.Instance, scale uint64) *endpointv3.LbEndpoint {
	return &endpointv3.LbEndpoint{
		HostIdentifier:      &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address(inst.Address, inst.Port)}},
		LoadBalancingWeight: wrapperspb.UInt32(max(1, uint32(uint64(inst.Weight)/scale))),
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
