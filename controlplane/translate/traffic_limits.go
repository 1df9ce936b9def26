package translate

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unlimited is a circuit breaker that is not there to break: Envoy's default of 1024 connections, pending requests and
// requests would fail calls at an ordinary load. Limits belong into policies.
const unlimited = 1 << 20

// limit bounds what is under way at once.
func limit(c *clusterv3.Cluster, t target) {
	l := t.settings.Limits
	if l == nil {
		return
	}
	connections, requests, pending := model.Or(l.Connections, unlimited), model.Or(l.Requests, unlimited), model.Or(l.Pending, unlimited)
	if t.protocol == model.ProtocolDubbo {
		// Envoy counts no requests on connections that are not HTTP. A call has a connection to itself, so these are counted;
		// while a connection is made its call is pending, so that as many may be.
		connections, pending = min(connections, requests), model.Or(l.Pending, requests)
	}
	for _, th := range c.CircuitBreakers.Thresholds {
		th.MaxConnections, th.MaxRequests, th.MaxPendingRequests = wrapperspb.UInt32(connections), wrapperspb.UInt32(requests), wrapperspb.UInt32(pending)
		if l.Retries != nil {
			th.MaxRetries, th.RetryBudget = wrapperspb.UInt32(*l.Retries), nil
		}
	}
	if l.PerInstance != nil {
		c.CircuitBreakers.PerHostThresholds = []*clusterv3.CircuitBreakers_Thresholds{{MaxConnections: wrapperspb.UInt32(*l.PerInstance)}}
	}
}

// budgetRetries bounds retries by a share of what is under way.
func budgetRetries(c *clusterv3.Cluster, t target) {
	r := t.settings.Retry
	if r == nil || r.Budget == nil {
		return
	}
	for _, th := range c.CircuitBreakers.Thresholds {
		th.MaxRetries = nil
		th.RetryBudget = &clusterv3.CircuitBreakers_Thresholds_RetryBudget{
			BudgetPercent: &typev3.Percent{Value: r.Budget.Number()}, MinRetryConcurrency: wrapperspb.UInt32(model.Or(r.BudgetMin, 3)),
		}
	}
}

func threshold(p corev3.RoutingPriority) *clusterv3.CircuitBreakers_Thresholds {
	return &clusterv3.CircuitBreakers_Thresholds{
		Priority:           p,
		MaxConnections:     wrapperspb.UInt32(unlimited),
		MaxPendingRequests: wrapperspb.UInt32(unlimited),
		MaxRequests:        wrapperspb.UInt32(unlimited),
		// When an instance that carries most of a service is killed, most requests in flight are retried at once, and
		// each may be: what bounds the load is the number of retries of one request, and that only failures of a
		// connection, or a refusal, are retried.
		RetryBudget: &clusterv3.CircuitBreakers_Thresholds_RetryBudget{
			BudgetPercent:       &typev3.Percent{Value: 100},
			MinRetryConcurrency: wrapperspb.UInt32(128),
		},
	}
}
