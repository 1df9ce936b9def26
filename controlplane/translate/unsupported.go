package translate

import (
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// unsupported reports settings that are kept and checked, but that nothing is made of yet and that are not told of when
// they are written.
func (u *unit) unsupported() {
	u.tellUnchecked()
	t := u.in.Policies.Traffic
	for _, f := range []struct {
		is         bool
		field, say string
	}{
		{t.Ejection != nil && t.Ejection.Recovery != nil && hashes(t.LoadBalancing), "ejection", "ejection.recovery has no effect with loadBalancing: ringHash or maglev, which choose by the request alone"},
		{t.Locality != nil && t.Locality.Prefer == "sameZone" && hashes(t.LoadBalancing), "locality", "locality.prefer has no effect with loadBalancing: ringHash or maglev, which choose by the request alone"},
		{t.Locality != nil && t.LoadBalancing != nil && t.LoadBalancing.Policy == model.BalanceClientWeighted, "locality", "locality has no effect with loadBalancing: clientWeighted"},
	} {
		if f.is {
			key := u.in.Policies.From[f.field]
			u.problem(key, key+": "+f.say)
		}
	}
}

// hashes reports whether an instance is chosen by what is in the request.
func hashes(l *model.LoadBalancing) bool {
	return l != nil && (l.Policy == model.BalanceRingHash || l.Policy == model.BalanceMaglev)
}
