package explain

import (
	"slices"
	"strconv"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Mapping is the policy whose operation a request is, and others that want its verb and path.
type Mapping struct {
	Policy     string   `json:"policy,omitempty"` // Mapping/rest; "" when a provider reports the operation
	Overridden []string `json:"overridden,omitempty"`
}

// operation is the one of a Mapping policy that the route tells the filter, by its place in a schema.
func (q Question) operation(s model.Service, r *routev3.Route) (config.Operation, bool) {
	told := map[string]string{}
	for _, h := range r.GetRequestHeadersToAdd() {
		told[h.GetHeader().GetKey()] = h.GetHeader().GetValue()
	}
	index, err := strconv.Atoi(told[config.OperationHeader])
	if err != nil {
		return config.Operation{}, false
	}
	in, seen := translate.InputOf(q.Snapshot, s), map[[2]string]bool{}
	for _, i := range s.Instances {
		variant := [2]string{i.Group, i.Version}
		if seen[variant] {
			continue
		}
		seen[variant] = true
		for _, schema := range translate.Schemas(in, i.Group, i.Version) {
			if schema.ID() == told[config.SchemaHeader] && index < len(schema.Operations) {
				return schema.Operations[index], true
			}
		}
	}
	return config.Operation{}, false
}

// mapping finds the policy of an operation of a service, and the policies that have another for the same requests.
func (q Question) mapping(s model.Service, op config.Operation) *Mapping {
	out, won := &Mapping{}, model.Mapping{}
	same := func(m model.Mapping) bool {
		return !apart(m, won) && slices.ContainsFunc(m.Operations, func(o model.MappedOperation) bool {
			return o.Verb == op.Verb && translate.Shape(o.Path) == translate.Shape(op.Path)
		})
	}
	for _, m := range q.Snapshot.Policies.For(s).Mappings {
		if q.ofVariant(m) && slices.ContainsFunc(m.Operations, func(o model.MappedOperation) bool { return o.Verb == op.Verb && o.Path == op.Path }) {
			out.Policy, won = model.PolicyID(m), m
			break
		}
	}
	for _, m := range q.Snapshot.Policies.Mappings {
		if id := model.PolicyID(m); id != out.Policy && same(m) {
			out.Overridden = append(out.Overridden, id)
		}
	}
	return out
}

// ofVariant reports whether a mapping is for the group and version that the request asks for, as far as it does.
func (q Question) ofVariant(m model.Mapping) bool {
	group, asksGroup := q.Request.Headers[config.GroupHeader]
	version, asksVersion := q.Request.Headers[config.VersionHeader]
	return (!asksGroup || model.Or(m.Group, group) == group) && (!asksVersion || model.Or(m.Version, version) == version)
}

// apart reports whether two mappings of a service are for different groups or versions, and do not meet.
func apart(a, b model.Mapping) bool {
	differ := func(x, y *string) bool { return x != nil && y != nil && *x != *y }
	return a.Service == b.Service && (differ(a.Group, b.Group) || differ(a.Version, b.Version))
}
