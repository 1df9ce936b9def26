package translate

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// containedAtEdge leaves out the Gateway policies, and what others tell of all requests, that Envoy would refuse with the
// gateway's ports.
func containedAtEdge(p model.Policies, opt Options) (model.Policies, []model.Problem) {
	var problems []model.Problem
	fits := func(p model.Policy, err error) bool {
		if err != nil {
			problems = append(problems, model.Problem{Key: sourceOf(p), LeftOut: true, Reason: governor{}.told(model.PolicyID(p), "the gateway", err)})
		}
		return err == nil
	}
	var gateways []model.Gateway
	for _, g := range p.Gateways {
		if fits(g, gatewayRefusal(g, opt)) {
			gateways = append(gateways, g)
		}
	}
	var telemetry []model.Telemetry
	for _, t := range p.Telemetry {
		if t.Service != "" || t.Selector != nil || fits(t, tellingRefusal(model.PolicyID(t), t.TelemetrySettings, opt)) {
			telemetry = append(telemetry, t)
		}
	}
	var meshes []model.Mesh
	for _, m := range p.Meshes {
		if m.Telemetry != nil && !fits(m, tellingRefusal(model.PolicyID(m), *m.Telemetry, opt)) {
			m.Telemetry = nil
		}
		meshes = append(meshes, m)
	}
	p.Gateways, p.Telemetry, p.Meshes = gateways, telemetry, meshes
	return p, problems
}

// gatewayRefusal says why Envoy would refuse the ports of a policy, whatever is called through them.
func gatewayRefusal(g model.Gateway, opt Options) error {
	var errs []error
	ports, _ := edges([]model.Gateway{g}, opt)
	for _, e := range ports {
		if len(e.gateway.Listeners) == 0 { // a port of the settings
			continue
		}
		routes, _ := newEdgeRoutes(e, nil, opt)
		all := []proto.Message{gatewayListener(e, nil, telemetry{}, opt), routes.configuration()}
		for _, r := range routes.rules {
			all = append(all, r)
		}
		if routes.cors != nil {
			all = append(all, routes.cors)
		}
		for _, s := range e.secrets() {
			all = append(all, s)
		}
		errs = append(errs, refusalOfAny(all))
	}
	return errors.Join(errs...)
}

// tellingRefusal says why Envoy would refuse what a policy has told of requests.
func tellingRefusal(id string, s model.TelemetrySettings, opt Options) error {
	return refusalOfAny(told{s, id, id, id}.messages(opt))
}

func refusalOfAny(all []proto.Message) error {
	i, errs := newInspection(), []error(nil)
	for _, m := range all {
		errs = append(errs, i.refusal(m))
	}
	return errors.Join(errs...)
}

// messages are what is made of what is told of a service's requests, whatever else is told of.
func (t told) messages(opt Options) (out []proto.Message) {
	if l := t.settings.AccessLog; l != nil && !l.Off {
		out = append(out, accessLog(l, nil))
	}
	if t.counts() {
		out = append(out, statistic(t))
	}
	if s := t.settings.Tracing; s != nil {
		out = append(out, traceRoute(s))
		if c, err := collectorCluster(s.Address, opt); err == nil {
			out = append(out, c)
		}
	}
	return out
}
