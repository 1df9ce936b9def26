package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Gateway is the port that the request comes to.
type Gateway struct {
	Port       uint32   `json:"port"`
	Policy     string   `json:"policy,omitempty"`     // Gateway/edge, which opens it; "" for the settings
	Overridden []string `json:"overridden,omitempty"` // other policies that want the port, or have it no more
}

// Exposed is why a service can be called at a port.
type Exposed struct {
	By         string   `json:"by"`                   // Gateway/edge expose[0], or expose (everything)
	Overridden []string `json:"overridden,omitempty"` // others that expose something under the same prefix
}

// port is the port that the question is about: the one that is named, else the first of the settings, whoever has it.
func (q Question) port() (translate.Port, bool) {
	ports := translate.Ports(q.Snapshot.Policies.Gateways, q.Options)
	at := slices.IndexFunc(ports, func(p translate.Port) bool { return p.Number == cmp.Or(q.Port, q.Options.GatewayPort) })
	if at < 0 {
		return translate.Port{}, false
	}
	return ports[at], true
}

// gateway tells who opens the port, and who else wants to.
func (q Question) gateway() *Gateway {
	port, open := q.port()
	if !open {
		return nil
	}
	out := &Gateway{Port: port.Number, Policy: port.Policy}
	ports := translate.Ports(q.Snapshot.Policies.Gateways, q.Options)
	for _, g := range q.Snapshot.Policies.Gateways {
		id := model.PolicyID(g)
		wants := slices.ContainsFunc(g.Listeners, func(l model.Listener) bool { return model.Or(l.Port, 0) == port.Number })
		has := slices.ContainsFunc(ports, func(p translate.Port) bool { return p.Number == port.Number && p.Policy == id })
		if wants && !has {
			out.Overridden = append(out.Overridden, id)
		}
	}
	if out.Policy != "" && (port.Number == q.Options.GatewayPort || port.Number == q.Options.GatewayDubboPort) {
		out.Overridden = append(out.Overridden, "settings gateway")
	}
	return out
}

// opener is the Gateway policy that opens the port; false when the settings do.
func (q Question) opener() (model.Gateway, bool) {
	port, open := q.port()
	at := slices.IndexFunc(q.Snapshot.Policies.Gateways, func(g model.Gateway) bool { return model.PolicyID(g) == port.Policy })
	if !open || at < 0 {
		return model.Gateway{}, false
	}
	return q.Snapshot.Policies.Gateways[at], true
}

// exposed tells by which exposure a service was found under a prefix; nil where the port is not a policy's.
func (q Question) exposed(service, prefix string) *Exposed {
	g, is := q.opener()
	if !is {
		return nil
	}
	id := model.PolicyID(g)
	if len(g.Expose) == 0 {
		return &Exposed{By: id + ", which exposes everything"}
	}
	out := &Exposed{}
	for _, i := range q.byService(g) {
		x := g.Expose[i]
		place := fmt.Sprintf("%s expose[%d]", id, i)
		mount := strings.TrimRight(x.Prefix, "/")
		mounted := x.Prefix != "" && (mount == strings.TrimRight(prefix, "/"))
		switch {
		case x.Service == service && out.By == "" && (mounted || prefix == "" || prefix == translate.PathPrefix(service) || x.Prefix == ""):
			out.By = place
		case mounted && x.Service != service:
			out.Overridden = append(out.Overridden, fmt.Sprintf("%s (%s)", place, x.Service))
		}
	}
	if out.By == "" {
		return nil
	}
	return out
}

// byService lists the exposures that hold for the host of the request as the gateway tries them: by the name of the
// service, then as the policy has them.
func (q Question) byService(g model.Gateway) (out []int) {
	host, _, _ := strings.Cut(strings.ToLower(q.Request.Host), ":")
	for i, x := range g.Expose {
		if len(x.Hosts) == 0 || slices.ContainsFunc(x.Hosts, func(h string) bool { return under(strings.ToLower(h), host) }) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(g.Expose[a].Service, g.Expose[b].Service) })
	return out
}

// under reports whether a host is one of a pattern: *.example.com stands for every name below.
func under(pattern, host string) bool {
	below, wild := strings.CutPrefix(pattern, "*")
	return pattern == host || wild && strings.HasSuffix(host, below)
}
