package translate

import (
	"fmt"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Service translates one service: a cluster and its endpoints for each variant (protocol, group, version), and the
// gateway's routes to them. A service that Envoy would refuse contributes nothing but a problem.
func Service(in Input, opt Options) ServiceResources {
	svc := in.Service
	out := ServiceResources{Name: svc.Name}
	if svc.Name == "" {
		return out.refused("the service has no name; register it under one")
	}
	if reason := badName(svc.Name); reason != "" {
		return out.refused(fmt.Sprintf("service name %.100q: %s", svc.Name, reason))
	}
	all, problems := variants(svc)
	described, more := schemasOf(in, all, opt)
	out.Problems = append(problems, more...)
	out.Schemas = described.routes()
	for _, v := range all {
		out.Clusters = append(out.Clusters, cluster(v, opt))
		out.Endpoints = append(out.Endpoints, endpoints(v))
	}
	u := unit{in: in, opt: opt, variants: all, schemas: described}
	out.Paths = u.pathRoutes()
	out.operations = u.operationsOf()
	if out.Domain = domain(svc.Name); out.Domain != "" {
		out.Hosted = u.hostedRoutes()
	}
	if err := out.validate(); err != nil {
		// What is known to be refused is caught above with a better word; this net is for what is not known yet.
		return out.refused(fmt.Sprintf("Envoy would refuse it: %.300v", err))
	}
	if len(out.Paths) > 0 {
		out.packed = packRoutes(out.Paths...)
	}
	return out
}

func (s ServiceResources) refused(reason string) ServiceResources {
	return ServiceResources{Name: s.Name, Problems: append(s.Problems, model.Problem{Key: s.Name, Reason: reason})}
}

func (s ServiceResources) validate() error {
	for i := range s.Clusters {
		if err := s.Clusters[i].Validate(); err != nil {
			return err
		}
		if err := s.Endpoints[i].Validate(); err != nil {
			return err
		}
	}
	routes := slices.Concat(s.Paths, s.Hosted)
	for _, op := range s.operations {
		routes = append(routes, op.routes...)
	}
	for _, r := range routes {
		if err := r.Validate(); err != nil {
			return err
		}
	}
	return nil
}
