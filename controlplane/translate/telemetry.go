package translate

import (
	"cmp"
	"slices"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// telemetry is what every port tells of its requests.
type telemetry struct {
	logs      []*accesslogv3.AccessLog
	tracing   *hcmv3.HttpConnectionManager_Tracing
	collector *clusterv3.Cluster // of its own making, nil for none
	problems  []model.Problem
}

// Defaults are the policies that say what is told of requests of no service in particular, by their names; "" for none.
// Routes of services for which the same policies count need not name them.
type Defaults struct{ AccessLog, Tracing string }

// told is what is told of the requests of a service, and which policies say so.
type told struct {
	settings                  model.TelemetrySettings
	accessLog, tracing, stats string
}

// general is what policies for all services say, the Mesh's last.
func general(p model.Policies) (t told) {
	take := func(id string, s model.TelemetrySettings) {
		if t.settings.AccessLog == nil && s.AccessLog != nil {
			t.settings.AccessLog, t.accessLog = s.AccessLog, id
		}
		if t.settings.Tracing == nil && s.Tracing != nil {
			t.settings.Tracing, t.tracing = s.Tracing, id
		}
	}
	for _, policy := range p.Telemetry {
		if policy.Service == "" && policy.Selector == nil {
			take(model.PolicyID(policy), policy.TelemetrySettings)
		}
	}
	for _, mesh := range p.Meshes {
		take(model.PolicyID(mesh), model.Or(mesh.Telemetry, model.TelemetrySettings{}))
	}
	return t
}

func defaults(p model.Policies) Defaults {
	t := general(p)
	return Defaults{t.accessLog, t.tracing}
}

// telling is what policies say of the service's requests.
func (u *unit) telling() told {
	from := u.in.Policies.From
	return told{u.in.Policies.Telemetry, from["accessLog"], from["tracing"], from["metrics"]}
}

// markSpace is where routes say which policies tell of their requests.
const markSpace = "dubbomesh"

// tell marks routes with what is told of their requests, where that is not what is told of all.
func (u *unit) tell(routes []*routev3.Route) {
	t, mark := u.telling(), map[string]*structpb.Value{}
	if t.settings.AccessLog != nil && t.accessLog != u.in.Defaults.AccessLog {
		mark["log"] = structpb.NewStringValue(t.accessLog)
	}
	if t.counts() {
		mark["stats"], mark["service"] = structpb.NewStringValue(t.stats), structpb.NewStringValue(u.in.Service.Name)
	}
	traced := t.settings.Tracing != nil && t.tracing != u.in.Defaults.Tracing
	if traced {
		mark["trace"] = structpb.NewStringValue(below(t.settings.Tracing))
	}
	for _, r := range routes {
		if len(mark) > 0 {
			r.Metadata = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{markSpace: {Fields: mark}}}
		}
		if traced {
			r.Tracing = traceRoute(t.settings.Tracing)
		}
	}
}

// withMark is an expression for requests whose route has a mark.
func withMark(key, value string) string {
	return "xds.route_metadata.filter_metadata['" + markSpace + "']['" + key + "'] == '" + value + "'"
}

// withoutMark is an expression for requests whose route has no such mark, or that have no route.
func withoutMark(key string) string {
	space := "xds.route_metadata.filter_metadata"
	return "!('" + markSpace + "' in " + space + " && '" + key + "' in " + space + "['" + markSpace + "'])"
}

// telemetryOf joins what is told of services.
func telemetryOf(services []ServiceResources, policies model.Policies, opt Options) telemetry {
	all := general(policies)
	var some []told
	for _, s := range services {
		some = append(some, s.told)
	}
	out := telemetry{logs: accessLogs(all, some)}
	out.logs = append(out.logs, statistics(some)...)
	out.trace(all, some, services, opt)
	for _, t := range append([]told{all}, some...) {
		out.problems = append(out.problems, t.notCounted()...)
	}
	return out
}

// byPolicy lists what services are told of differently, once for each policy, in the order of their names.
func byPolicy(all told, some []told, id func(told) string) (out []told) {
	seen := map[string]bool{"": true, id(all): true}
	for _, t := range some {
		if !seen[id(t)] {
			seen[id(t)] = true
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b told) int { return cmp.Compare(id(a), id(b)) })
	return out
}
