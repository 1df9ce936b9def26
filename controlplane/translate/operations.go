package translate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// operation is a REST operation of a service: a verb and a path of its own on the gateway.
type operation struct {
	service  string
	verb     string
	template template
	method   string
	source   string           // the policy it comes from
	created  int64            // the revision at which that was written first
	routes   []*routev3.Route // in order
}

// operationRef is how the filter finds an operation.
type operationRef struct {
	schema    string // its ID
	index     string // in it
	operation *config.Operation
}

// operationsOf makes routes of the operations that the schemas of a service have. They lead to what speaks Dubbo: only
// there is somebody who maps them.
func (u *unit) operationsOf() (out []operation) {
	dubbo := only(u.variants, model.ProtocolDubbo)
	if len(dubbo) == 0 {
		u.unspoken()
	}
	index := map[string]int{} // of out, by verb and shape
	has := map[string]map[pair]operationRef{}
	for _, v := range dubbo {
		p := pair{v.group, v.version}
		for i, o := range u.schemas[p].config.Operations {
			segments, err := config.ParseTemplate(o.Path)
			if err != nil {
				continue // the schema was checked
			}
			m := u.mapping(o)
			source := sourceOf(m)
			if err := checkRegexes(template(segments).match()); err != nil {
				u.leftOut(source, fmt.Sprintf("%s %.100s: %v", o.Verb, o.Path, err))
				continue
			}
			op := operation{service: u.in.Service.Name, verb: o.Verb, template: segments, method: o.Method, source: source, created: m.Created}
			key := op.key()
			if _, known := index[key]; !known {
				index[key], has[key] = len(out), map[pair]operationRef{}
				out = append(out, op)
			}
			has[key][p] = u.schemas[p].operation(m, i)
		}
	}
	for i := range out {
		op := &out[i]
		offering := slices.DeleteFunc(slices.Clone(dubbo), func(v variant) bool { return has[op.key()][pair{v.group, v.version}] == operationRef{} })
		op.routes = u.routes(offering, way{match: op.match, method: op.method, operations: has[op.key()]})
	}
	return out
}

// unspoken reports operations of a service whose instances read requests themselves. One that speaks HTTP has the
// operations as they are; they are for Dubbo consumers.
func (u *unit) unspoken() {
	if len(only(u.variants, model.ProtocolTriple, model.ProtocolGRPC)) < len(u.variants) || len(u.variants) == 0 {
		return
	}
	for _, m := range u.in.Policies.Mappings {
		if len(m.Operations) > 0 {
			u.problem(sourceOf(m), fmt.Sprintf(
				"operations of %s have no effect: no instance of %s speaks dubbo, and %s is not translated; call POST /%s/{method}, or register an instance with the protocol dubbo as well",
				model.PolicyID(m), u.in.Service.Name, u.variants[0].protocol, u.in.Service.Name))
		}
	}
}

// mapping is the policy that an operation comes from.
func (u *unit) mapping(o config.Operation) model.Mapping {
	for _, m := range u.in.Policies.Mappings {
		if slices.ContainsFunc(m.Operations, func(said model.MappedOperation) bool { return said.Verb == o.Verb && said.Path == o.Path }) {
			return m
		}
	}
	return model.Mapping{PolicyMeta: model.PolicyMeta{Source: u.in.Service.Name}}
}

// key is what no two operations of a gateway share.
func (op operation) key() string { return op.verb + " " + op.template.shape() }

// match matches the requests of the operation. A call of a Dubbo consumer is none, though its path may look so.
func (op operation) match() *routev3.RouteMatch {
	m := op.template.match()
	m.Headers = append(m.Headers, headerMatches(":method", exactly(op.verb)))
	if op.verb == "POST" && len(op.template) == 2 {
		call := headerMatches("content-type", exactly(config.DubboContentType))
		call.InvertMatch = true
		m.Headers = append(m.Headers, call)
	}
	return m
}

// claim gives each verb and path to one service: to the one whose policy is the oldest, so that no new policy takes a path
// over, and of equally old ones to the first by name. The operations of the others are reported.
func claim(services []ServiceResources) (byPrefix map[string][]operation, problems []model.Problem) {
	var all []operation
	for _, s := range services {
		all = append(all, s.operations...)
	}
	slices.SortStableFunc(all, func(a, b operation) int { return cmp.Compare(a.created, b.created) })
	byPrefix = map[string][]operation{}
	owner := map[string]operation{}
	for _, op := range all {
		key := op.key()
		if first, taken := owner[key]; taken {
			problems = append(problems, model.Problem{Key: op.source, Reason: fmt.Sprintf(
				"%s belongs to %s already, by %s, which is older; give the operation of %s another path", key, first.service, first.source, op.service)})
			continue
		}
		owner[key] = op
		byPrefix[op.template.prefix()] = append(byPrefix[op.template.prefix()], op)
	}
	for _, all := range byPrefix {
		slices.SortFunc(all, func(a, b operation) int {
			return cmp.Or(a.template.compare(b.template), strings.Compare(a.verb, b.verb))
		})
	}
	return byPrefix, problems
}

// otherVerbs answers for paths of operations that were asked for with another verb.
func otherVerbs(all []operation) (out []*routev3.Route) {
	verbs := map[string][]string{}
	for _, op := range all {
		verbs[op.template.shape()] = append(verbs[op.template.shape()], op.verb)
	}
	for _, op := range all {
		allowed, first := verbs[op.template.shape()]
		if !first {
			continue
		}
		delete(verbs, op.template.shape())
		slices.Sort(allowed)
		allow := strings.Join(allowed, ", ")
		out = append(out, &routev3.Route{
			Match:                op.template.match(),
			Action:               problemResponse(405, "Method not allowed", "This path is there for "+allow+"."),
			ResponseHeadersToAdd: append(problemHeaders(), overwrite("allow", allow)),
		})
	}
	return out
}
