// Package explain says what becomes of a request and which policy is why: the route that it takes, every setting and who
// won it, the instances that it may reach. It is pure: it reads a snapshot, what it is translated to, and what a proxy was
// sent.
package explain

import (
	"fmt"
	"math"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Question is a request, and by what it is to be judged.
type Question struct {
	Request  routing.Request
	Service  string         // that the request is meant for; "" when host and path say all
	Port     uint32         // of the gateway; 0 for that of the settings
	Snapshot model.Snapshot // with its policies
	Options  translate.Options
	Live     *translate.Resources // what a proxy has acknowledged; nil judges by what it would be sent now
	Behind   *Behind              // Live is not the newest, and the policies are those that it was made of, as far as they are known
}

// Explanation is what becomes of a request.
type Explanation struct {
	Request string   `json:"request"` // POST host/path
	Proxy   string   `json:"proxy,omitempty"`
	Behind  *Behind  `json:"behind,omitempty"`  // the proxy lacks something of what is published
	Gateway *Gateway `json:"gateway,omitempty"` // the port that the request comes to
	Routes  []Route  `json:"routes"`            // that it may take; none when Envoy itself answers 404
	Notes   []string `json:"notes,omitempty"`   // what this explanation does not know
}

// Route is a route that the request may take.
type Route struct {
	Service      string        `json:"service,omitempty"`   // that it is of
	Method       string        `json:"method,omitempty"`    // of Dubbo, as far as the path says
	Operation    string        `json:"operation,omitempty"` // GET /users/{id}
	Mapping      *Mapping      `json:"mapping,omitempty"`   // whose operation it is
	Lane         *Lane         `json:"lane,omitempty"`      // nil where the service has no lanes
	Exposed      *Exposed      `json:"exposed,omitempty"`   // by a Gateway policy
	Host         *Host         `json:"host,omitempty"`      // nil where the service is not found by host
	VirtualHost  string        `json:"virtualHost"`
	Place        string        `json:"place"`          // where it stands in the proxy's routes
	Rule         string        `json:"rule,omitempty"` // Route/hello rules[0]; "" when no policy's rule fits
	Percent      float64       `json:"percent"`        // of such requests that take it
	Answer       string        `json:"answer,omitempty"`
	Settings     []Setting     `json:"settings"`
	Access       []Access      `json:"access,omitempty"`  // who may call
	Callers      string        `json:"callers,omitempty"` // what comes of that: allowed, refused by …, depends on who calls
	Destinations []Destination `json:"destinations"`
	Breakers     []Breaker     `json:"breakers,omitempty"` // as an Envoy has them; none when no Envoy was asked
	Passed       []string      `json:"passed,omitempty"`   // rules before it that the request does not fit, and why
}

// Explain answers a question. It fails with UnknownService when the service that is asked about is not there.
func Explain(q Question) (Explanation, error) {
	q, err := q.addressed()
	if err != nil {
		return Explanation{}, err
	}
	out := Explanation{Request: fmt.Sprintf("%s %s%s", q.Request.Verb, q.Request.Host, q.Request.Path), Routes: []Route{}}
	marked := translate.Translate(markRules(q.Snapshot), q.Options)
	now, err := q.find(marked)
	if err != nil {
		return out, err
	}
	found, resources := now, marked
	if q.Live != nil {
		resources = *q.Live
		if found, err = q.find(resources); err != nil {
			return out, err
		}
	}
	out.Behind, out.Gateway = q.Behind, q.gateway()
	for i, m := range found {
		rule, passed := "", []routing.Passed(nil)
		if i < len(now) && same(now[i].Route, m.Route) {
			rule, passed = ruleOf(now[i].Route), now[i].Passed
		} else {
			out.Notes = append(out.Notes, fmt.Sprintf("route %d of the proxy is another than policies make it %s: the proxy does not have the newest yet, or refused it; the settings below are those of the policies %[2]s", m.Index, q.when()))
		}
		out.Routes = append(out.Routes, q.route(m, rule, passed, resources))
	}
	out.Notes = append(out.Notes, q.unknownMethods(out.Routes)...)
	if why := q.missed(out.Routes); why != "" {
		out.Notes = append(out.Notes, why)
	}
	if len(found) > 0 {
		out.Notes = append(out.Notes, UnseenNote)
	}
	return out, nil
}

// Breaker is the state of a breaker of one Envoy.
type Breaker struct {
	Service string `json:"service"`
	Method  string `json:"method,omitempty"` // "" for the one of all methods
	State   string `json:"state"`            // closed, recovering, half-open, open
	Refused uint64 `json:"refused"`          // calls, since Envoy runs
}

// UnseenNote is a note of every explanation that no Envoy's own findings were added to.
const UnseenNote = "what Envoy itself finds out (active health checks, ejections, breakers, open connections) is not known to the control plane; --envoy asks one"

// find finds the routes that the request may take at its port.
func (q Question) find(r translate.Resources) ([]routing.Match, error) {
	routes, err := q.routesAt(r)
	if err != nil {
		return nil, err
	}
	return routing.Find(routes, q.Request)
}

// markRules names every rule after its policy, so that routes tell where they come from. A rule's name is not looked at
// for anything else.
func markRules(snap model.Snapshot) model.Snapshot {
	routes := make([]model.Route, len(snap.Policies.Routes))
	for i, p := range snap.Policies.Routes {
		rules := make([]model.Rule, len(p.Rules))
		for j, rule := range p.Rules {
			mark := fmt.Sprintf("%s rules[%d]", model.PolicyID(p), j)
			switch {
			case p.Registered:
				mark += " (" + p.Source + ")" // the keys that it is made of
			case rule.Name != "":
				mark += " (" + rule.Name + ")"
			}
			rule.Name = mark
			rules[j] = rule
		}
		p.Rules = rules
		routes[i] = p
	}
	snap.Policies.Routes, snap.Policies.Gateways = routes, markEdges(snap.Policies.Gateways)
	return snap
}

// same reports whether two routes differ in nothing but their names.
func same(a, b *routev3.Route) bool {
	a, b = proto.CloneOf(a), proto.CloneOf(b)
	a.Name, b.Name = "", ""
	return proto.Equal(a, b)
}

func ruleOf(r *routev3.Route) string { return r.GetName() }

func (q Question) route(m routing.Match, rule string, passed []routing.Passed, r translate.Resources) Route {
	out := Route{VirtualHost: m.VirtualHost, Place: fmt.Sprintf("routes[%d]", m.Index), Rule: rule, Percent: math.Round(m.Share*1e6) / 1e4, Settings: []Setting{}, Destinations: []Destination{}}
	if m.Prefix != "" {
		out.Place = fmt.Sprintf("%s routes[%d]", m.Prefix, m.Index)
	}
	out.Answer = answer(m.Route)
	service, known := q.service(m, rule)
	if known {
		out.Service, out.Method = service.Name, q.method(service, m)
		if op, mapped := q.operation(service, m.Route); mapped {
			out.Method, out.Operation, out.Mapping = op.Method, op.Verb+" "+op.Path, q.mapping(service, op)
		}
		out.Exposed, out.Host = q.exposed(service.Name, m.Prefix), q.host(service, m.VirtualHost)
	}
	action := m.Route.GetRoute()
	if action != nil {
		out.Destinations = destinations(action, r, q.Snapshot)
	}
	as, policies := q, model.ServicePolicies{}
	if known {
		policies = q.Snapshot.Policies.For(service)
		as.Request.Path = seen(q.Request.Path, m.Prefix, service)
	}
	out.Passed = as.whyNot(passed, rule, out.Method, policies.Carrier)
	if known {
		own, _ := q.rule(rule)
		out.Settings, out.Lane = as.settings(service, out.Method, own, rule, action != nil), as.lane(service, out.Method, m, passed)
		if len(policies.Access) > 0 {
			out.Access, out.Callers = as.access(policies.Access, out.Method)
		}
	} else {
		out.Settings = q.telemetry()
	}
	return out
}

// seen is the path as policies have it: that of a call as it is, that of an HTTP service without the service's name.
func seen(path, prefix string, service model.Service) string {
	if called(service) {
		return path
	}
	if rest, below := strings.CutPrefix(path, prefix); below && prefix != "" && strings.HasPrefix(rest, "/") {
		return rest
	}
	return path
}

// answer is what is answered without asking a service; "" when one is asked.
func answer(r *routev3.Route) string {
	switch a := r.GetAction().(type) {
	case *routev3.Route_DirectResponse:
		return strings.TrimSpace(fmt.Sprintf("%d %s", a.DirectResponse.GetStatus(), a.DirectResponse.GetBody().GetInlineString()))
	case *routev3.Route_Redirect:
		return redirection(a.Redirect)
	}
	return ""
}

func redirection(a *routev3.RedirectAction) string {
	out := "redirect (" + strings.ReplaceAll(strings.ToLower(a.GetResponseCode().String()), "_", " ") + ")"
	for _, part := range []struct{ name, value string }{
		{"scheme", a.GetSchemeRedirect()}, {"host", a.GetHostRedirect()}, {"path", a.GetPathRedirect()}, {"path", a.GetRegexRewrite().GetSubstitution()},
	} {
		if part.value != "" {
			out += " to " + part.name + " " + part.value
		}
	}
	if port := a.GetPortRedirect(); port != 0 {
		out += fmt.Sprintf(" to port %d", port)
	}
	return out
}

// service is the service that a route is of: by the path that it is reached by, by the host, by the policy of its rule, or
// by where it leads to.
func (q Question) service(m routing.Match, rule string) (model.Service, bool) {
	cluster := m.Route.GetRoute().GetCluster()
	if all := m.Route.GetRoute().GetWeightedClusters().GetClusters(); len(all) > 0 {
		cluster = all[0].GetName()
	}
	target := translate.ClusterService(cluster)
	for _, p := range q.Snapshot.Policies.Routes {
		if p.Service != "" && strings.HasPrefix(rule, model.PolicyID(p)+" ") {
			target = p.Service
		}
	}
	for _, s := range translate.Services(q.Snapshot) {
		if translate.PathPrefix(s.Name) == m.Prefix || strings.EqualFold(s.Name, m.VirtualHost) {
			return s, true
		}
	}
	for _, s := range translate.Services(q.Snapshot) {
		if s.Name == target {
			return s, true
		}
	}
	return model.Service{}, false
}

// method is the Dubbo method that the path names: /{service}/{method}.
func (q Question) method(s model.Service, m routing.Match) string {
	path, _, _ := strings.Cut(q.Request.Path, "?")
	rest, ok := strings.CutPrefix(path, translate.PathPrefix(s.Name)+"/")
	if !ok || strings.Contains(rest, "/") || m.Route.GetRoute().GetPrefixRewrite() != "" {
		return ""
	}
	return rest
}
