package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// routesAt are the routes of the port that the question is about.
func (q Question) routesAt(r translate.Resources) (*routev3.RouteConfiguration, error) {
	port := cmp.Or(q.Port, q.Options.GatewayPort)
	var open []string
	for _, name := range translate.Names(r.Listeners) {
		l := r.Listeners[name]
		at := l.GetAddress().GetSocketAddress().GetPortValue()
		if at != port {
			open = append(open, strconv.Itoa(int(at)))
			continue
		}
		for _, chain := range l.GetFilterChains() {
			for _, filter := range chain.GetFilters() {
				var manager hcmv3.HttpConnectionManager
				if filter.GetTypedConfig().MessageIs(&manager) && filter.GetTypedConfig().UnmarshalTo(&manager) == nil {
					return r.Routes[manager.GetRds().GetRouteConfigName()], nil
				}
			}
		}
	}
	return nil, fmt.Errorf("port %d is not open; open are %s", port, strings.Join(open, ", "))
}

// markEdges names the rules of Gateway policies after their policies.
func markEdges(list []model.Gateway) []model.Gateway {
	out := slices.Clone(list)
	for i, g := range out {
		out[i].Rules = slices.Clone(g.Rules)
		for j := range g.Rules {
			out[i].Rules[j].Name = fmt.Sprintf("%s rules[%d]", model.PolicyID(g), j)
			if name := g.Rules[j].Name; name != "" {
				out[i].Rules[j].Name += " (" + name + ")"
			}
		}
	}
	return out
}
