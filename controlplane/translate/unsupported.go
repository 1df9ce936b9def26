package translate

import (
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unsupported reports settings that are kept and checked, but that nothing is made of yet and that are not told of when
// they are written.
func (u *unit) unsupported() {
	t := u.in.Policies.Traffic
	for _, f := range []struct {
		is         bool
		field, say string
	}{
		{t.Ejection != nil && t.Ejection.Recovery != nil && t.HealthCheck == nil, "ejection", "ejection.recovery has an effect on new instances alone: Envoy starts an instance slowly after a health check that had failed, not after an ejection; add healthCheck"},
		{t.Locality != nil && t.LoadBalancing != nil && t.LoadBalancing.Policy == model.BalanceClientWeighted, "locality", "locality has no effect with loadBalancing: clientWeighted"},
	} {
		if f.is {
			key := u.in.Policies.From[f.field]
			u.problem(key, key+": "+f.say)
		}
	}
}
