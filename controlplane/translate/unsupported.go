package translate

import (
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unsupported reports settings that are kept and checked, but that nothing is made of yet and that are not told of when
// they are written.
func (u *unit) unsupported() {
	t := u.in.Policies.Traffic
	var b model.Breaker
	if t.Breaker != nil {
		b = *t.Breaker
	}
	body := func(l model.RateLimit) bool { return l.Body != "" }
	for _, f := range []struct {
		is         bool
		field, say string
	}{
		{t.Ejection != nil && t.Ejection.Recovery != nil && t.HealthCheck == nil, "ejection", "ejection.recovery has an effect on new instances alone: Envoy starts an instance slowly after a failed health check, not after an ejection; add healthCheck"},
		{b.Probes != nil, "breaker", "breaker.probes has no effect: half-open, Envoy lets all calls through until minRequests of a window have failed by errorPercent"},
		{b.SlowPercent != nil, "breaker", "breaker.slowPercent has no effect: Envoy does not count slow calls; bound them by retry.perTryTimeout or timeout, which count as errors"},
		{t.Locality != nil && t.LoadBalancing != nil && t.LoadBalancing.Policy == model.BalanceClientWeighted, "locality", "locality has no effect with loadBalancing: clientWeighted"},
		{slices.ContainsFunc(t.RateLimit, body), "rateLimit", "rateLimit.body is not in force yet; the status is"},
	} {
		if f.is {
			key := u.in.Policies.From[f.field]
			u.problem(key, key+": "+f.say)
		}
	}
}
