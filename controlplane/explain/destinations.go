package explain

import (
	"math"
	"net"
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Destination is a cluster that a share of the requests goes to.
type Destination struct {
	Cluster   string     `json:"cluster"`
	Percent   float64    `json:"percent"`          // of the route's requests
	Limits    *Limits    `json:"limits,omitempty"` // as Envoy was told
	Endpoints []Endpoint `json:"endpoints"`
}

// Limits bound what one Envoy does at once to a cluster.
type Limits struct {
	Connections uint32 `json:"connections"`
	Pending     uint32 `json:"pending"`
	Requests    uint32 `json:"requests"`
	Retries     uint32 `json:"retries,omitempty"` // 0 when the budget bounds them
	// RetryBudget is how many percent of the requests under way may be retries; 0 when Retries bounds them.
	RetryBudget float64 `json:"retryBudget,omitempty"`
}

// Endpoint is an instance of the service that a cluster is of.
type Endpoint struct {
	Address  string  `json:"address"`
	Weight   uint32  `json:"weight"`
	Percent  float64 `json:"percent"`  // by weight, of what its priority gets
	Priority uint32  `json:"priority"` // 0 is used first
	Zone     string  `json:"zone,omitempty"`
	Health   string  `json:"health"` // as it is registered: up, draining, weight 0
	// Seen is what an Envoy found out itself: healthy, ejected, fails its health check; "" when none was asked.
	Seen string `json:"seen,omitempty"`
}

// destinations are where a route leads.
func destinations(a *routev3.RouteAction, r translate.Resources, snap model.Snapshot) (out []Destination) {
	if name := a.GetCluster(); name != "" {
		return []Destination{destination(name, 100, r, snap)}
	}
	sum := uint64(0)
	for _, c := range a.GetWeightedClusters().GetClusters() {
		sum += uint64(c.GetWeight().GetValue())
	}
	for _, c := range a.GetWeightedClusters().GetClusters() {
		out = append(out, destination(c.GetName(), percent(uint64(c.GetWeight().GetValue()), sum), r, snap))
	}
	return out
}

func percent(part, whole uint64) float64 {
	return math.Round(float64(part)/float64(max(1, whole))*1e6) / 1e4
}

func destination(name string, share float64, r translate.Resources, snap model.Snapshot) Destination {
	out := Destination{Cluster: name, Percent: share, Limits: limits(r.Clusters[name]), Endpoints: []Endpoint{}}
	sums, listed := map[uint32]uint64{}, map[string]bool{}
	for _, zone := range r.Endpoints[name].GetEndpoints() {
		for _, e := range zone.GetLbEndpoints() {
			sums[zone.GetPriority()] += uint64(e.GetLoadBalancingWeight().GetValue())
		}
	}
	for _, zone := range r.Endpoints[name].GetEndpoints() {
		for _, e := range zone.GetLbEndpoints() {
			at := e.GetEndpoint().GetAddress().GetSocketAddress()
			weight := e.GetLoadBalancingWeight().GetValue()
			address := net.JoinHostPort(at.GetAddress(), strconv.FormatUint(uint64(at.GetPortValue()), 10))
			listed[address] = true
			out.Endpoints = append(out.Endpoints, Endpoint{
				Address: address, Weight: weight, Percent: percent(uint64(weight), sums[zone.GetPriority()]),
				Priority: zone.GetPriority(), Zone: zone.GetLocality().GetZone(), Health: string(model.StatusUp),
			})
		}
	}
	service, _ := snap.Service(translate.ClusterService(name))
	for _, in := range service.Instances {
		if in.Serves() || listed[in.HostPort()] {
			continue
		}
		health := string(in.Status)
		if in.Weight == 0 {
			health = "weight 0"
		}
		out.Endpoints = append(out.Endpoints, Endpoint{Address: in.HostPort(), Zone: in.Zone, Health: health})
	}
	return out
}

func limits(c *clusterv3.Cluster) *Limits {
	for _, t := range c.GetCircuitBreakers().GetThresholds() {
		if t.GetPriority() == 0 {
			return &Limits{
				Connections: t.GetMaxConnections().GetValue(), Pending: t.GetMaxPendingRequests().GetValue(),
				Requests: t.GetMaxRequests().GetValue(), Retries: t.GetMaxRetries().GetValue(),
				RetryBudget: t.GetRetryBudget().GetBudgetPercent().GetValue(),
			}
		}
	}
	return nil
}
