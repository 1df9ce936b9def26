package translate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// The protocols of a port at the edge.
const (
	edgeAuto  = "auto"
	edgeHTTP  = "http"
	edgeDubbo = "dubbo"
)

// edge is a port of the gateway, by the settings or by a Gateway policy.
type edge struct {
	name     string         // of the Envoy listener
	address  string         // IP that is bound
	port     uint32         // 1..65535
	protocol string         // auto, http or dubbo
	listener model.Listener // as the policy has it; empty for one of the settings
	gateway  model.Gateway  // the policy; empty for one of the settings
}

// edges lists the ports of the gateway: those of the settings, then those of the policies in the order of their names. A
// port that a policy names is the policy's, under the name that it had, so that Envoy changes it in place. Of two policies
// that name one port the first has it.
func edges(gateways []model.Gateway, opt Options) (out []edge, problems []model.Problem) {
	var named []edge
	for _, g := range gateways {
		for i, l := range g.Listeners {
			e := edge{address: cmp.Or(l.Address, "0.0.0.0"), port: model.Or(l.Port, 0), protocol: cmp.Or(l.Protocol, edgeAuto), listener: l, gateway: g}
			if err := e.fits(named, opt); err != nil {
				problems = append(problems, e.problem(fmt.Sprintf("listeners[%d]", i), err.Error()))
				continue
			}
			named = append(named, e)
		}
	}
	for _, e := range standing(opt) {
		if i := slices.IndexFunc(named, func(n edge) bool { return n.port == e.port && n.name == "" }); i >= 0 {
			named[i].name = e.name
			continue
		}
		out = append(out, e)
	}
	taken := map[string]bool{}
	for _, e := range named {
		if e.name == "" {
			e.name = "gateway-" + itoa(int(e.port))
		}
		if taken[e.name] { // one port on several addresses
			e.name += "-" + e.address
		}
		taken[e.name] = true
		out = append(out, e)
	}
	return out, problems
}

// standing are the ports of the settings. Each takes HTTP and Dubbo alike; the second is there for consumers that look for
// Dubbo at its usual port.
func standing(opt Options) []edge {
	out := []edge{{name: GatewayListener, address: opt.GatewayAddress, port: opt.GatewayPort, protocol: edgeAuto}}
	if opt.GatewayDubboPort != 0 && !opt.contrib() {
		out = append(out, edge{name: GatewayDubboListener, address: opt.GatewayAddress, port: opt.GatewayDubboPort, protocol: edgeAuto})
	}
	return out
}

// fits says why a port cannot be opened beside others.
func (e edge) fits(others []edge, opt Options) error {
	if e.protocol == edgeDubbo && opt.contrib() {
		return fmt.Errorf("the dataplane %s takes no Dubbo; run a stock Envoy with %s, or write protocol: http", ContribGolang, DynamicModule)
	}
	for _, o := range others {
		if o.port == e.port && (o.address == e.address || anyAddress(o.address) || anyAddress(e.address)) {
			return fmt.Errorf("port %d belongs to %s already; give the listener another port, or another address on both", e.port, model.PolicyID(o.gateway))
		}
	}
	return nil
}

func anyAddress(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && a.IsUnspecified()
}

// problem notes that a field of the policy cannot be used.
func (e edge) problem(field, reason string) model.Problem {
	id := model.PolicyID(e.gateway)
	return model.Problem{Key: cmp.Or(e.gateway.Source, id), LeftOut: true, Reason: id + ": " + field + ": " + reason}
}

// stat is the name that the port's statistics go under.
func (e edge) stat() string { return cmp.Or(e.listener.Name, e.name) }

// consumers reports whether Dubbo consumers may come.
func (e edge) consumers(opt Options) bool { return e.protocol != edgeHTTP && !opt.contrib() }

// plain reports whether the port answers everything that the gateway has, so that it can share the gateway's routes.
func (e edge) plain() bool {
	g, l := e.gateway, e.listener
	return len(g.Expose)+len(g.Rules)+len(l.Hosts) == 0 && g.CORS == nil && l.RedirectToTLS == nil && e.protocol != edgeDubbo
}

// routes is the name of the port's route configuration.
func (e edge) routes() string {
	if e.plain() {
		return GatewayRoutes
	}
	if e.name == GatewayRoutes {
		return "gateway-" + itoa(int(e.port))
	}
	return e.name
}
