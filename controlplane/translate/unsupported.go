package translate

import (
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unsupported reports settings that are kept and checked, but that nothing is made of yet and that are not told of when
// they are written.
func (u *unit) unsupported() {
	t := u.in.Policies.Traffic
	body := func(l model.RateLimit) bool { return l.Body != "" }
	for _, f := range []struct {
		is         bool
		field, say string
	}{
		{t.Ejection != nil && t.Ejection.Recovery != nil && t.HealthCheck == nil, "ejection", "ejection.recovery has an effect on new instances alone: Envoy starts an instance slowly after a failed health check, not after an ejection; add healthCheck"},
		{t.Locality != nil && t.LoadBalancing != nil && t.LoadBalancing.Policy == model.BalanceClientWeighted, "locality", "locality has no effect with loadBalancing: clientWeighted"},
		{slices.ContainsFunc(t.RateLimit, body), "rateLimit", "rateLimit.body is not in force yet; the status is"},
	} {
		if f.is {
			key := u.in.Policies.From[f.field]
			u.problem(key, key+": "+f.say)
		}
	}
}
