package policy

import (
	"maps"
	"math/big"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

func (d *decoder) traffic(path string, t model.TrafficSettings) {
	d.perTry(path, t.Timeout, t.Retry)
	d.contradiction(path, t.Strategy, t.Retry)
	d.perRequest(path, t.Fault)
}

func (d *decoder) methods(t model.Traffic) {
	for _, name := range slices.Sorted(maps.Keys(t.Methods)) {
		m := t.Methods[name]
		path := "methods[" + name + "]"
		timeout, retry := m.Timeout, m.Retry
		if timeout == nil && retry != nil {
			timeout = t.Timeout
		}
		if timeout != nil && retry == nil && t.Retry != nil && timeout.Or(0) > 0 && t.Retry.PerTryTimeout.Or(0) > timeout.Std() {
			d.warn(path+".timeout", "%s is shorter than one attempt of the service's retry, which may take %s", timeout, t.Retry.PerTryTimeout)
		}
		d.perTry(path, timeout, retry)
		d.contradiction(path, m.Strategy, m.Retry)
		d.perRequest(path, m.Fault)
	}
}

// contradiction notes retries beside a strategy that allows none.
func (d *decoder) contradiction(path string, s *model.Strategy, r *model.Retry) {
	if s == nil || r == nil || model.Or(r.Attempts, 0) == 0 {
		return
	}
	if s.Mode == model.StrategyFailfast {
		d.wrong(below(path, "retry.attempts"), "strategy failfast tries nothing again; leave one of the two out")
	}
}

func (d *decoder) retry(path string, r model.Retry) {
	if r.Attempts != nil && *r.Attempts == 0 {
		for _, s := range []set{{"on", len(r.On) > 0}, {"statuses", len(r.Statuses) > 0}, {"backoff", r.Backoff != nil}, {"budget", r.Budget != nil}} {
			if s.is {
				d.warn(below(path, s.name), "nothing is tried again with attempts: 0")
			}
		}
	}
	d.needs(path, "budgetMin", r.BudgetMin != nil, "budget", r.Budget != nil)
}

func (d *decoder) loadBalancing(path string, l model.LoadBalancing) {
	ring, maglev := l.Policy == model.BalanceRingHash, l.Policy == model.BalanceMaglev
	hash := ring || maglev
	d.needs(path, "hashOn", len(l.HashOn) > 0, "policy: ringHash or maglev", hash)
	d.needs(path, "ringSize", l.RingSize != nil, "policy: ringHash", ring)
	d.needs(path, "tableSize", l.TableSize != nil, "policy: maglev", maglev)
	d.needs(path, "boundedLoad", l.BoundedLoad != nil, "policy: ringHash or maglev", hash)
	d.needs(path, "choices", l.Choices != nil, "policy: leastRequest", l.Policy == model.BalanceLeastRequest)
	d.needs(path, "activeBias", l.ActiveBias != nil, "policy: leastRequest", l.Policy == model.BalanceLeastRequest)
	d.needs(path, "orca", l.Orca != nil, "policy: clientWeighted", l.Policy == model.BalanceClientWeighted)
	d.needs(path, "warmUpAggression", l.WarmUpAggression != nil, "warmUp", l.WarmUp != nil)
	d.needs(path, "warmUpMin", l.WarmUpMin != nil, "warmUp", l.WarmUp != nil)
	if hash && l.WarmUp.Or(0) > 0 {
		d.wrong(below(path, "warmUp"), "%s spreads by hash, so that new instances cannot be spared; leave it out", l.Policy)
	}
	if hash && len(l.HashOn) == 0 {
		d.wrong(path, "%s needs something to hash on; write hashOn: {header: x-user} or the like", l.Policy)
	}
	d.unreached(below(path, "hashOn"), l.HashOn)
	if l.TableSize != nil && !big.NewInt(int64(*l.TableSize)).ProbablyPrime(0) {
		d.wrong(below(path, "tableSize"), "%d is no prime; write 65537 or another one", *l.TableSize)
	}
}

// unreached notes what is never hashed on, since every request has what stands before it.
func (d *decoder) unreached(path string, keys []model.HashKey) {
	last := slices.IndexFunc(keys, func(k model.HashKey) bool { return k.CookieTTL != nil || k.SourceIP })
	if last < 0 || last == len(keys)-1 {
		return
	}
	why := "every request has an address"
	if keys[last].CookieTTL != nil {
		why = "a request without the cookie is given one, for cookieTtl"
	}
	d.warn(indexed(path, last+1), "it is never looked at: the entry before it counts for every request, since %s; put that one last", why)
}

func (d *decoder) healthCheck(path string, h model.HealthCheck) {
	http := h.Type == "http" || h.Type == ""
	for _, s := range []set{{"path", h.Path != ""}, {"host", h.Host != ""}, {"statuses", len(h.Statuses) > 0}} {
		d.needs(path, s.name, s.is, "type: http", http)
	}
}

func (d *decoder) fallback(path string, f model.Fallback) {
	d.ownHeaders(below(path, "headers"), f.Headers)
	service := f.Service != "" || len(f.Labels) > 0
	fixed := f.Status != nil || len(f.Headers) > 0 || f.Body != ""
	switch {
	case !service && !fixed:
		d.wrong(path, "nothing is said; write status, headers and body, or service")
	case service && fixed:
		d.wrong(path, "it is either a fixed answer (status, headers, body) or another service's (service, labels); keep one")
	}
}
