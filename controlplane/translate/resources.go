package translate

import (
	"maps"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Resources is everything a gateway needs, by resource name. Nobody may change a message in it: the same one may be
// part of many Resources.
type Resources struct {
	Clusters  map[string]*clusterv3.Cluster
	Endpoints map[string]*endpointv3.ClusterLoadAssignment // named as their cluster
	Listeners map[string]*listenerv3.Listener
	Routes    map[string]*routev3.RouteConfiguration
	Secrets   map[string]*tlsv3.Secret // which name files of the proxies' machines
	Problems  []model.Problem          // what was left out, and why; in the order of the services
}

// ServiceResources is what one service contributes. It is immutable.
type ServiceResources struct {
	Name      string
	Clusters  []*clusterv3.Cluster
	Endpoints []*endpointv3.ClusterLoadAssignment
	Paths     []*routev3.Route            // its part of the gateway's default virtual host, in order
	Domain    string                      // under which Hosted is reached, lower case; "" for none
	Hosts     []string                    // more hosts that Hosted is reached under, by Route policies
	Hosted    []*routev3.Route            // the routes of its own virtual host
	Mounted   map[string][]*routev3.Route // its routes below prefixes of Gateway policies
	Filters   []*hcmv3.HttpFilter         // its own ones, switched on by its routes
	Tokens    []*hcmv3.HttpFilter         // those of them that tell who calls
	Schemas   map[string]*routev3.Route   // what describes it to the filter, by Schema.ID, as it travels
	Problems  []model.Problem

	hostedBy   map[string]hostClaim // who names its Hosts
	told       told                 // of its requests
	packed     *anypb.Any           // Paths as they stand in the gateway's routes
	switches   []string             // filters that Paths switch on and forms have to meet
	operations []operation          // of its Mapping policies

	sourceKeys []string // what its routes ask of where a request comes from
}

// Translate is Service for each service of the snapshot, joined by Gateway.
func Translate(snap model.Snapshot, opt Options) Resources {
	services := Services(snap)
	parts := make([]ServiceResources, len(services))
	for i, svc := range services {
		parts[i] = Service(InputOf(snap, svc), opt)
	}
	return Gateway(parts, snap.Policies, opt)
}

// Gateway joins services, sorted by name, with the gateway's listeners and their route configurations. Of the policies it
// looks at those that are about no single service.
func Gateway(services []ServiceResources, policies model.Policies, opt Options) Resources {
	policies, leftOut := containedAtEdge(policies, opt)
	clusters := 0
	for i := range services {
		clusters += len(services[i].Clusters)
	}
	r := Resources{
		Clusters:  make(map[string]*clusterv3.Cluster, clusters),
		Endpoints: make(map[string]*endpointv3.ClusterLoadAssignment, clusters),
	}
	for _, s := range services {
		for _, c := range s.Clusters {
			r.Clusters[c.GetName()] = c
		}
		for _, e := range s.Endpoints {
			r.Endpoints[e.GetClusterName()] = e
		}
		r.Problems = append(r.Problems, s.Problems...)
	}
	r.Problems = append(r.Problems, leftOut...)
	routes, problems := gatewayRoutes(services, opt)
	r.Problems = append(r.Problems, problems...)
	r.Routes = map[string]*routev3.RouteConfiguration{routes.GetName(): routes}
	r.Listeners, r.Secrets = map[string]*listenerv3.Listener{}, map[string]*tlsv3.Secret{}
	ports, problems := edges(policies.Gateways, opt)
	r.Problems = append(r.Problems, problems...)
	told := telemetryOf(services, policies, opt)
	r.Problems = append(r.Problems, told.problems...)
	if c := told.collector; c != nil {
		r.Clusters[c.GetName()] = c
	}
	for _, e := range ports {
		r.Listeners[e.name] = gatewayListener(e, services, told, opt)
		for _, s := range e.secrets() {
			r.Secrets[s.Name] = s
		}
		r.Problems = append(r.Problems, behindProxies(e, services)...)
		if e.plain() {
			continue
		}
		own, problems := newEdgeRoutes(e, services, opt)
		r.Problems = append(r.Problems, problems...)
		r.Routes[e.routes()] = own.configuration()
	}
	for _, g := range policies.Gateways {
		r.Problems = append(r.Problems, unmatched(g)...)
	}
	r.Problems = once(r.Problems)
	return r
}

// once keeps the first of equal problems: what a policy for many services says is wrong for all of them.
func once(problems []model.Problem) (out []model.Problem) {
	told := make(map[model.Problem]bool, len(problems))
	for _, p := range problems {
		if !told[p] {
			told[p] = true
			out = append(out, p)
		}
	}
	return out
}

// Names returns the sorted names of a kind of resource.
func Names[M any](resources map[string]M) []string { return slices.Sorted(maps.Keys(resources)) }
