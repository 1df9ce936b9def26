package translate

import (
	"errors"
	"fmt"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Service translates one service: a cluster and its endpoints for each variant (protocol, group, version), and the
// gateway's routes to them. A service that Envoy would refuse contributes nothing but a problem; a policy that it would refuse
// is left out alone, and one that says who may call refuses everybody then.
func Service(in Input, opt Options) ServiceResources {
	out := service(in, opt)
	if err := out.validate(in.governed(), opt); err != nil {
		// What is known to be refused is caught earlier with a better word; this net is for what is not known yet.
		less, can := contained(in, opt)
		if !can {
			return out.refused(fmt.Sprintf("Envoy would refuse it: %.300v", err))
		}
		out = less
	}
	if len(out.Paths) > 0 {
		out.packed, out.switches = packRoutes(out.Paths...), switches(out.Paths)
	}
	return out
}

// governed reports whether a policy says anything of the service.
func (in Input) governed() bool {
	p := in.Policies
	return len(p.From)+len(p.Routes)+len(p.Mappings)+len(p.Methods)+len(p.Access)+len(p.Lanes)+len(in.Mounts) > 0
}

func service(in Input, opt Options) ServiceResources {
	svc := in.Service
	out := ServiceResources{Name: svc.Name}
	if svc.Name == "" {
		return out.refused("the service has no name; register it under one")
	}
	if reason := badName(svc.Name); reason != "" {
		return out.refused(fmt.Sprintf("service name %.100q: %s", svc.Name, reason))
	}
	u := newUnit(in, opt)
	out.Paths = u.pathRoutes()
	out.operations = u.operationsOf()
	out.Domain = domain(svc.Name)
	out.Hosts, out.hostedBy = u.hosts()
	if out.Domain != "" || len(out.Hosts) > 0 {
		out.Hosted = u.hostedRoutes()
	}
	for _, prefix := range in.Mounts {
		if out.Mounted == nil {
			out.Mounted = map[string][]*routev3.Route{}
		}
		out.Mounted[prefix] = u.mountedRoutes(prefix)
	}
	out.told = u.telling()
	for _, routes := range out.routes() {
		u.tell(routes)
		for _, r := range routes {
			preferSpecific(r)
		}
	}
	u.meetAll(out)
	out.sourceKeys = sourceKeys(out.routes()...)
	out.Schemas, out.Filters, out.Tokens = u.schemas.routes(), u.adaptiveFilters(), u.tokenFilters()
	out.Problems = u.problems
	targets := make([]target, 0, len(u.variants)+len(u.pools))
	for _, v := range u.variants {
		targets = append(targets, target{v, in.Policies.Traffic})
	}
	for _, name := range Names(u.pools) {
		targets = append(targets, u.pools[name])
	}
	for _, t := range targets {
		out.Clusters = append(out.Clusters, cluster(t, opt))
		out.Endpoints = append(out.Endpoints, endpoints(t))
	}
	sets, at := u.keySets()
	out.Clusters, out.Endpoints = append(out.Clusters, sets...), append(out.Endpoints, at...)
	return out
}

// routes are all that lead to the service, wherever they stand.
func (s ServiceResources) routes() [][]*routev3.Route {
	out := [][]*routev3.Route{s.Paths, s.Hosted}
	for _, prefix := range Names(s.Mounted) {
		out = append(out, s.Mounted[prefix])
	}
	return append(out, operationRoutes(s.operations)...)
}

func (s ServiceResources) refused(reason string) ServiceResources {
	return ServiceResources{Name: s.Name, Problems: append(s.Problems, model.Problem{Key: s.Name, Reason: reason})}
}

// validate reports what Envoy would refuse, packed messages included if they are looked into.
func (s ServiceResources) validate(packed bool, opt Options) error {
	check := refusal
	if packed {
		check = newInspection().refusal
	}
	var errs []error
	for i := range s.Clusters {
		errs = append(errs, check(s.Clusters[i]), check(s.Endpoints[i]))
	}
	for _, f := range slices.Concat(s.Filters, s.Tokens) {
		errs = append(errs, check(f))
	}
	for _, r := range slices.Concat(s.routes()...) {
		errs = append(errs, check(r))
	}
	for _, m := range s.told.messages(opt) {
		errs = append(errs, check(m))
	}
	return errors.Join(errs...)
}
