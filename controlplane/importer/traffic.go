package importer

import (
	"reflect"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// destinationRule makes a Traffic policy of a DestinationRule's trafficPolicy. A VirtualWorkload of OpenSergo has subsets
// only, which are used where a rule names them.
func (k *known) destinationRule(r rule) []model.Policy {
	r.spec.ignore("exportTo", "subsets")
	p := r.spec.child("trafficPolicy")
	if p == nil {
		return nil
	}
	t := model.Traffic{PolicyMeta: r.meta("", service(r.spec.text("host")))}
	t.LoadBalancing = balance(p.child("loadBalancer"))
	pool(p.child("connectionPool"), &t.TrafficSettings)
	t.Ejection = ejection(p.child("outlierDetection"))
	p.loseIf("tls", "TLS between proxies is a setting of the Mesh policy")
	p.loseIf("portLevelSettings", "settings are those of a service, whatever its ports")
	if reflect.DeepEqual(t.TrafficSettings, model.TrafficSettings{}) {
		return nil
	}
	return []model.Policy{t}
}

var balances = map[string]string{
	"ROUND_ROBIN": model.BalanceWeightedRoundRobin, "LEAST_REQUEST": model.BalanceLeastRequest, "LEAST_CONN": model.BalanceLeastRequest, "RANDOM": model.BalanceRandom,
}

func balance(b *object) *model.LoadBalancing {
	if b == nil {
		return nil
	}
	out := model.LoadBalancing{WarmUp: b.duration("warmupDurationSecs")}
	if simple := b.text("simple"); simple != "" {
		if out.Policy = balances[simple]; out.Policy == "" {
			b.lose("simple", simple+" cannot be chosen")
		}
	}
	if h := b.child("consistentHash"); h != nil {
		out.Policy = model.BalanceRingHash
		if h.child("maglev") != nil {
			out.Policy = model.BalanceMaglev
		}
		out.RingSize = h.number("minimumRingSize")
		if ring := h.child("ringHash"); ring != nil {
			out.RingSize = ring.number("minimumRingSize")
		}
		key := model.HashKey{Header: h.text("httpHeaderName"), Query: h.text("httpQueryParameterName"), SourceIP: h.text("useSourceIp") == "true"}
		if c := h.child("httpCookie"); c != nil {
			key.Cookie, key.CookieTTL = c.text("name"), c.duration("ttl")
		}
		out.HashOn = []model.HashKey{key}
	}
	b.loseIf("localityLbSetting", "write locality in the Traffic policy; zones are those of the registration")
	if reflect.DeepEqual(out, model.LoadBalancing{}) {
		return nil
	}
	return &out
}

func pool(p *object, t *model.TrafficSettings) {
	if p == nil {
		return
	}
	var l model.Limits
	var c model.Connection
	if tcp := p.child("tcp"); tcp != nil {
		l.Connections, c.ConnectTimeout, c.MaxAge = tcp.number("maxConnections"), tcp.duration("connectTimeout"), tcp.duration("maxConnectionDuration")
		if alive := tcp.child("tcpKeepalive"); alive != nil {
			c.KeepAlive = alive.duration("time")
		}
	}
	if h := p.child("http"); h != nil {
		l.Pending, l.Requests, l.Retries = h.number("http1MaxPendingRequests"), h.number("http2MaxRequests"), h.number("maxRetries")
		c.MaxRequests, c.IdleTimeout, c.MaxStreams = h.number("maxRequestsPerConnection"), h.duration("idleTimeout"), h.number("maxConcurrentStreams")
		h.loseIf("h2UpgradePolicy", "what an instance speaks stands in its registration")
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
		ConsecutiveLocalFailures: o.number("consecutiveLocalOriginFailures"), Interval: o.duration("interval"),
		BaseTime: o.duration("baseEjectionTime"), MaxPercent: o.percent("maxEjectionPercent"), PanicBelow: o.percent("minHealthPercent"),
	}
	if old := o.number("consecutiveErrors"); old != nil && out.ConsecutiveGatewayErrors == nil {
		out.ConsecutiveGatewayErrors = old // what Istio made of the old name
	}
	o.loseIf("splitExternalLocalOriginErrors", "local failures are counted apart when consecutiveLocalFailures is set")
	return out
}
