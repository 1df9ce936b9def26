package translate

import (
	"errors"
	"fmt"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Service translates one service: a cluster and its endpoints for each variant (protocol, group, version), and the
// gateway's routes to them. A service that Envoy would refuse contributes nothing but a problem; one whose policies it
// would refuse goes without them, but for those that say who may call.
func Service(in Input, opt Options) ServiceResources {
	out := service(in, opt)
	err := out.validate(in.governed())
	switch {
	case err == nil:
	case in.governed():
		var told string
		in.Policies, told = lesser(in.Policies)
		out = Service(in, opt)
		out.Problems = append(out.Problems, model.Problem{Key: in.Service.Name, Reason: fmt.Sprintf("%s, since Envoy would refuse them: %.300v", told, err)})
		return out
	default:
		// What is known to be refused is caught earlier with a better word; this net is for what is not known yet.
		return out.refused(fmt.Sprintf("Envoy would refuse it: %.300v", err))
	}
	if len(out.Paths) > 0 {
		out.packed, out.switches = packRoutes(out.Paths...), switches(out.Paths)
	}
	return out
}

// governed reports whether a policy says anything of the service.
func (in Input) governed() bool {
	return len(in.Policies.From)+len(in.Policies.Routes)+len(in.Policies.Mappings)+len(in.Policies.Methods)+len(in.Policies.Access) > 0
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
	out.Domain, out.Hosts = domain(svc.Name), u.hosts()
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
func (s ServiceResources) validate(packed bool) error {
	var errs []error
	check := func(m proto.Message) {
		if v, ok := m.(interface{ Validate() error }); ok {
			errs = append(errs, v.Validate())
		}
	}
	inside := func(m *anypb.Any) {
		if !packed || m == nil || m.TypeUrl == "" {
			return
		}
		if inner, err := m.UnmarshalNew(); err == nil {
			check(inner)
		}
	}
	for i := range s.Clusters {
		check(s.Clusters[i])
		check(s.Endpoints[i])
		for _, name := range Names(s.Clusters[i].TypedExtensionProtocolOptions) {
			inside(s.Clusters[i].TypedExtensionProtocolOptions[name])
		}
		for _, p := range s.Clusters[i].GetLoadBalancingPolicy().GetPolicies() {
			inside(p.GetTypedExtensionConfig().GetTypedConfig())
		}
	}
	for _, f := range slices.Concat(s.Filters, s.Tokens) {
		check(f)
		inside(f.GetTypedConfig())
	}
	for _, r := range slices.Concat(s.routes()...) {
		check(r)
		for _, name := range Names(r.TypedPerFilterConfig) {
			inside(r.TypedPerFilterConfig[name])
		}
	}
	return errors.Join(errs...)
}
