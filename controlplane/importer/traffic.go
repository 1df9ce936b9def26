package importer

import (
	"reflect"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// destinationRule makes a Traffic policy of a DestinationRule's trafficPolicy. A VirtualWorkload of OpenSergo has subsets
// only, which are used where a rule names them.
func (k *known) destinationRule(r rule) []made {
	r.exported()
	r.spec.ignore("subsets")
	r.spec.loseIf("workloadSelector", "settings are those of a service, whoever calls it")
	p := r.spec.child("trafficPolicy")
	if p == nil {
		return nil
	}
	host := k.service(r.spec, "host", r.spec.text("host"), r.namespace)
	if host == "" || strings.Contains(host, "*") {
		r.spec.lose("host", "it is not the name of one service; write a Traffic policy with a selector, or one for each")
		p.ignore(p.names()...)
		return nil
	}
	t := model.Traffic{PolicyMeta: r.meta(host)}
	balance(p.child("loadBalancer"), &t.TrafficSettings, p.has("outlierDetection"))
	pool(p.child("connectionPool"), &t.TrafficSettings)
	t.Ejection = ejection(p.child("outlierDetection"))
	retryBudget(p.child("retryBudget"), &t.TrafficSettings)
	if tls := p.child("tls"); tls != nil {
		if tls.text("mode") != "DISABLE" {
			p.lose("tls", "instances are called in plain text; TLS between proxies will be a setting of the Mesh policy")
		}
		tls.ignore(tls.names()...)
	}
	p.loseIf("portLevelSettings", "settings are those of a service, whatever its ports")
	p.loseIf("tunnel", "instances are called directly")
	p.loseIf("proxyProtocol", "instances are not told addresses by the PROXY protocol")
	if reflect.DeepEqual(t.TrafficSettings, model.TrafficSettings{}) {
		return nil
	}
	return []made{{rule: r, policy: t, from: map[string]*object{"": r.spec}}}
}

var balances = map[string]string{
	"ROUND_ROBIN": model.BalanceWeightedRoundRobin, "LEAST_REQUEST": model.BalanceLeastRequest, "LEAST_CONN": model.BalanceLeastRequest, "RANDOM": model.BalanceRandom,
}

// balance reads how instances are chosen. Zones count in Istio only where failing instances are ejected.
func balance(b *object, t *model.TrafficSettings, ejects bool) {
	if b == nil {
		return
	}
	var out model.LoadBalancing
	if simple := b.text("simple"); simple != "" && simple != "UNSPECIFIED" {
		if out.Policy = balances[simple]; out.Policy == "" {
			b.lose("simple", simple+" cannot be chosen")
		}
	}
	if h := b.child("consistentHash"); h != nil {
		consistentHash(h, &out)
	}
	warmUp(b, &out)
	if l := b.child("localityLbSetting"); l != nil {
		switch t.Locality = nearest(l); {
		case l.has("distribute"): // in place of which nothing else is meant
			t.Locality = nil
		case t.Locality.Prefer == "sameZone" && !ejects:
			l.left("Istio heeds it beside outlierDetection alone, which is not there; locality.prefer: sameZone was taken all the same")
		}
		for _, name := range []string{"distribute", "failover", "failoverPriority"} {
			l.loseIf(name, "write locality (weights, failover) or priorities in the Traffic policy; zones are those of the registration")
		}
	}
	if l := b.child("zoneAwareLbSetting"); l != nil {
		if t.Locality = nearest(l); t.Locality.Prefer == "sameZone" {
			t.Locality.MinInstances = l.positive("minClusterSize")
		}
		for _, name := range []string{"failover", "failoverPriority"} {
			l.loseIf(name, "write locality.failover in the Traffic policy; zones are those of the registration")
		}
	}
	if !reflect.DeepEqual(out, model.LoadBalancing{}) {
		t.LoadBalancing = &out
	}
}

// nearest says whether near instances are preferred.
func nearest(l *object) *model.Locality {
	if l.text("enabled") == "false" {
		return &model.Locality{Prefer: "none"}
	}
	return &model.Locality{Prefer: "sameZone"}
}

func consistentHash(h *object, out *model.LoadBalancing) {
	out.Policy, out.RingSize = model.BalanceRingHash, h.positive("minimumRingSize")
	if ring := h.child("ringHash"); ring != nil {
		out.RingSize = ring.positive("minimumRingSize")
	}
	if maglev := h.child("maglev"); maglev != nil {
		out.Policy, out.RingSize, out.TableSize = model.BalanceMaglev, nil, maglev.positive("tableSize")
	}
	key := model.HashKey{Header: h.text("httpHeaderName"), Query: h.text("httpQueryParameterName"), SourceIP: h.text("useSourceIp") == "true"}
	if c := h.child("httpCookie"); c != nil {
		key.Cookie, key.CookieTTL = c.text("name"), c.duration("ttl")
		c.loseIf("path", "a cookie that is set is one of the whole host")
		c.loseIf("attributes", "a cookie that is set has a name, a value and a life")
	}
	out.HashOn = []model.HashKey{key}
}

// warmUp reads how new instances are spared. It needs a policy that goes by weights.
func warmUp(b *object, out *model.LoadBalancing) {
	if hash := out.Policy; hash == model.BalanceRingHash || hash == model.BalanceMaglev || hash == model.BalanceRandom {
		for _, name := range []string{"warmup", "warmupDurationSecs"} {
			b.loseIf(name, "slow start does not act on "+hash+", which goes by no weights")
		}
		return
	}
	out.WarmUp = b.duration("warmupDurationSecs")
	if w := b.child("warmup"); w != nil {
		out.WarmUp, out.WarmUpMin, out.WarmUpAggression = w.duration("duration"), w.percent("minimumPercent"), w.float("aggression")
	}
}

func retryBudget(b *object, t *model.TrafficSettings) {
	if b == nil {
		return
	}
	budget := model.Percent(200_000) // what Istio takes without one
	if p := b.percent("percent"); p != nil {
		budget = *p
	}
	t.Retry = unsaidRetry()
	t.Retry.Budget, t.Retry.BudgetMin = &budget, b.number("minRetryConcurrency")
	b.loseIf("budgetInterval", "a budget is a share of what is under way")
	if t.Limits != nil && t.Limits.Retries != nil {
		t.Limits.Retries = nil
		b.left("connectionPool.http.maxRetries is left out: where there is a budget, it bounds retries")
	}
}

func pool(p *object, t *model.TrafficSettings) {
	if p == nil {
		return
	}
	var l model.Limits
	var c model.Connection
	if tcp := p.child("tcp"); tcp != nil {
		l.Connections, c.ConnectTimeout, c.MaxAge = tcp.positive("maxConnections"), tcp.duration("connectTimeout"), tcp.duration("maxConnectionDuration")
		c.IdleTimeout = tcp.duration("idleTimeout")
		if alive := tcp.child("tcpKeepalive"); alive != nil {
			c.KeepAlive = alive.duration("time")
			alive.loseIf("probes", "how often and how many times is asked is what the proxy's machine says")
			alive.loseIf("interval", "how often and how many times is asked is what the proxy's machine says")
		}
	}
	if h := p.child("http"); h != nil {
		l.Pending, l.Requests, l.Retries = h.positive("http1MaxPendingRequests"), h.positive("http2MaxRequests"), h.positive("maxRetries")
		c.MaxRequests, c.MaxStreams = h.positive("maxRequestsPerConnection"), h.positive("maxConcurrentStreams")
		if idle := h.duration("idleTimeout"); idle != nil { // what carries requests goes by this one
			c.IdleTimeout = idle
		}
		if h.text("useClientProtocol") == "true" {
			h.lose("useClientProtocol", "what an instance speaks stands in its registration")
		}
		h.loseIf("http2KeepAlive", "connections are kept alive by TCP: connection.keepAlive")
		if upgrade := h.text("h2UpgradePolicy"); upgrade != "" && upgrade != "DEFAULT" {
			h.lose("h2UpgradePolicy", "what an instance speaks stands in its registration")
		}
	}
	if !reflect.DeepEqual(l, model.Limits{}) {
		t.Limits = &l
	}
	if !reflect.DeepEqual(c, model.Connection{}) {
		t.Connection = &c
	}
}

func ejection(o *object) *model.Ejection {
	if o == nil {
		return nil
	}
	out := &model.Ejection{
		Consecutive5xx: o.number("consecutive5xxErrors"), ConsecutiveGatewayErrors: o.number("consecutiveGatewayErrors"),
		Interval: o.duration("interval"), BaseTime: o.duration("baseEjectionTime"), MaxPercent: o.percent("maxEjectionPercent"), PanicBelow: o.percent("minHealthPercent"),
	}
	if old := o.number("consecutiveErrors"); old != nil && out.ConsecutiveGatewayErrors == nil {
		out.ConsecutiveGatewayErrors = old // what Istio made of the old name
	}
	if out.MaxPercent.Or(1) == 0 {
		out.MaxPercent = nil // which stands for none in Istio
	}
	if !o.has("minHealthPercent") {
		out.PanicBelow = new(model.Percent) // Istio uses no instance that is out
	}
	local := o.number("consecutiveLocalOriginFailures")
	switch apart := o.text("splitExternalLocalOriginErrors") == "true"; {
	case apart && model.Or(local, 0) == 0:
		five := uint32(5) // what Envoy counts to
		out.ConsecutiveLocalFailures = &five
	case apart:
		out.ConsecutiveLocalFailures = local
	case local != nil:
		o.lose("consecutiveLocalOriginFailures", "it is left out: without splitExternalLocalOriginErrors local failures are not counted apart, in Istio either")
	}
	o.loseIf("outlierDetectionHttpErrorCodes", "what counts as a failure is 5xx, or 502, 503 and 504")
	return out
}
