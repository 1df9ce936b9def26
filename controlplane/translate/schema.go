package translate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// schemaDomain is a host that no request names; ".invalid" is reserved for what does not exist (RFC 2606).
const schemaDomain = "schemas.dubbomesh.invalid"

// maxSchema bounds the text of a schema, in bytes. All of them travel in the gateway's routes.
const maxSchema = 1 << 20

// schemas are the schemas of a service by the group and version that they describe. Variants of the same shape share one.
type schemas map[pair]described

type pair struct{ group, version string }

// described is what is known of one group and version. Where several policies map it, the requests of the operations of
// each are read and answered by a schema of their own, in which no other policy says how fields are named, results written
// and exceptions answered.
type described struct {
	schema                   // what calls of methods are read and answered by
	own    map[string]schema // by policy; of one that is not here the schema is that of calls
}

// operation says how the filter finds an operation of a policy, which is at an index among all of them.
func (d described) operation(m model.Mapping, index int) operationRef {
	own, ok := d.own[model.PolicyID(m)]
	if !ok {
		return operationRef{d.id, strconv.Itoa(index), &d.config.Operations[index]}
	}
	o := d.config.Operations[index]
	at := slices.IndexFunc(own.config.Operations, func(x config.Operation) bool { return x.Verb == o.Verb && x.Path == o.Path })
	return operationRef{own.id, strconv.Itoa(at), &own.config.Operations[at]}
}

type schema struct {
	id     string
	config config.Schema
	text   []byte
}

// schemasOf makes a schema for each variant of which something is known: what was reported or written of it, and what
// Mapping policies add, one after the other. Whatever the filter would not take is left out alone and reported; a service
// of which nothing is left works as one of which nothing is known.
func schemasOf(in Input, all []variant, opt Options) (schemas, []model.Problem) {
	out := schemas{}
	if opt.contrib() {
		return out, unmapped(in)
	}
	problems := map[string]model.Problem{}
	for _, v := range all {
		p := pair{v.group, v.version}
		if _, done := out[p]; done {
			continue
		}
		s, bad := describe(in, p)
		if s.id != "" {
			out[p] = s
		}
		for _, b := range bad {
			if _, told := problems[b.Key]; !told { // variants share a definition, or a policy, and its problem
				problems[b.Key] = b
			}
		}
	}
	return out, slices.SortedFunc(maps.Values(problems), func(a, b model.Problem) int { return cmp.Compare(a.Key, b.Key) })
}

// unmapped reports Mapping policies where the dataplane has no use for them.
func unmapped(in Input) (problems []model.Problem) {
	for _, m := range in.Policies.Mappings {
		problems = append(problems, model.Problem{Key: sourceOf(m), Reason: fmt.Sprintf(
			"%s on %s has no effect with the dataplane %s, to which no mapping can be sent; run a stock Envoy with %s", model.PolicyID(m), in.Service.Name, ContribGolang, DynamicModule)})
	}
	return problems
}

// describe makes the schemas of one group and version, without an ID when nothing is known.
func describe(in Input, p pair) (known described, problems []model.Problem) {
	base := config.Schema{Service: in.Service.Name}
	if d, ok := in.definition(p.group, p.version); ok {
		s, err := newSchema(d.Schema())
		if err != nil {
			problems = append(problems, model.Problem{Key: cmp.Or(d.Source, in.Service.Name), Reason: fmt.Sprintf("definition of %s: %.1000v", in.Service.Name, err)})
		} else {
			known.schema, base = s, s.config
		}
	}
	reported := base
	report := func(m model.Mapping, err error) {
		problems = append(problems, model.Problem{Key: sourceOf(m), Reason: fmt.Sprintf("%s on %s: %.1000v", model.PolicyID(m), in.Service.Name, err)})
	}
	var applied []model.Mapping
	said := names{}
	for _, m := range in.Policies.Mappings {
		if m.Group != nil && *m.Group != p.group || m.Version != nil && *m.Version != p.version {
			continue
		}
		more := maps.Clone(said)
		mapped, err := applyMapping(base, more, m)
		var s schema
		if err == nil {
			s, err = newSchema(mapped)
		}
		if err != nil {
			report(m, err)
			continue
		}
		if err := said.overlap(m); err != nil {
			report(m, err)
		}
		known.schema, base, said, applied = s, s.config, more, append(applied, m)
	}
	if len(applied) < 2 {
		return known, problems
	}
	known.own = map[string]schema{}
	for i, m := range applied {
		if len(m.Operations) == 0 {
			continue
		}
		s, err := ownSchema(reported, applied, i)
		if err != nil {
			report(m, err)
			continue
		}
		known.own[model.PolicyID(m)] = s
	}
	return known, problems
}

// ownSchema is the schema that the requests of one of several mappings are read and answered by: from the others it has
// the shapes of methods and classes, where it says nothing of them itself.
func ownSchema(reported config.Schema, applied []model.Mapping, index int) (schema, error) {
	s, said := reported, names{}
	var err error
	for i, other := range applied {
		if i != index && err == nil {
			s, err = applyMapping(s, said, shapes(other))
		}
	}
	if err == nil {
		s, err = applyMapping(s, names{}, applied[index])
	}
	if err != nil {
		return schema{}, err
	}
	return newSchema(s)
}

// shapes is what a mapping says of methods and classes, and not of how they are mapped.
func shapes(m model.Mapping) model.Mapping {
	out := model.Mapping{PolicyMeta: m.PolicyMeta, Methods: m.Methods, Classes: map[string]model.MappedClass{}}
	for name, c := range m.Classes {
		if c.Naming = nil; len(c.Fields)+len(c.Enum) > 0 {
			out.Classes[name] = c
		}
	}
	return out
}

// newSchema checks a schema as the filter does when it reads it.
func newSchema(s config.Schema) (schema, error) {
	if err := s.Check(); err != nil {
		return schema{}, err
	}
	text := s.Text()
	if len(text) > maxSchema {
		return schema{}, fmt.Errorf("the schema is %d bytes large; describe fewer methods and classes, so that it is no more than %d", len(text), maxSchema)
	}
	return schema{id: config.SchemaID(text), config: s, text: text}, nil
}

// routes are the schemas as they travel: each as the configuration of a route that nothing is routed to. Envoy loads them
// before it uses the routes beside them, refuses the routes if it cannot, and drops them when the last request that used
// these routes is done.
func (s schemas) routes() map[string]*routev3.Route {
	out := make(map[string]*routev3.Route, len(s))
	for _, one := range s {
		out[one.id] = one.route()
		for _, own := range one.own {
			out[own.id] = own.route()
		}
	}
	return out
}

func (s schema) route() *routev3.Route {
	return &routev3.Route{
		Name:                 s.id,
		Match:                &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: "/" + s.id}},
		Action:               problemResponse(404, "No such service", "This host carries configuration and answers nothing."),
		ResponseHeadersToAdd: problemHeaders(),
		TypedPerFilterConfig: map[string]*anypb.Any{formFilter: pack(moduleFilter(config.SchemaConfig, s.text))},
	}
}

// schemaHost joins the schemas of all services. Equal ones are sent once.
func schemaHost(services []ServiceResources) *routev3.VirtualHost {
	byID := map[string]*routev3.Route{}
	for _, s := range services {
		maps.Copy(byID, s.Schemas)
	}
	if len(byID) == 0 {
		return nil
	}
	host := &routev3.VirtualHost{Name: schemaDomain, Domains: []string{schemaDomain}}
	for _, id := range Names(byID) {
		host.Routes = append(host.Routes, byID[id])
	}
	return host
}
