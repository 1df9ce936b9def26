// Package importer makes policies of the rules of other meshes: VirtualServices and DestinationRules of Istio, and the
// traffic rules of OpenSergo. What it cannot express it reports, field by field. It is pure.
package importer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Document is a file with rules, in YAML or JSON.
type Document struct{ File, Text string }

// Lost is something that could not be expressed, or only with an assumption.
type Lost struct {
	File         string
	Line, Column int    // in the file, from 1
	Of           string // VirtualService/reviews
	Field        string // spec.http[0].match[0].scheme; "" for the whole
	Why          string
}

// String is file:line:column: of: field: why.
func (l Lost) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s: ", l.File, l.Line, l.Column, l.Of)
	if l.Field != "" {
		text += l.Field + ": "
	}
	return text + l.Why
}

// Kinds are the kinds of rules that are read.
var Kinds = []string{
	"VirtualService", "DestinationRule", "TrafficRouter", "VirtualWorkload", "RouterRule", "VirtualWorkloads", "TrafficLane",
	"FaultToleranceRule", "RateLimitStrategy", "ThrottlingStrategy", "ConcurrencyLimitStrategy", "CircuitBreakerStrategy", "HttpRequestFallbackAction",
}

// rule is one document of a file.
type rule struct {
	kind, name, namespace string
	created               string // when, as Kubernetes writes it; "" when that is not said
	top, spec             *object
	*report
}

// known is what rules say that others name.
type known struct {
	rules      []rule
	subsets    map[string]map[string]map[string]string // labels by service and subset
	workloads  map[string]workloads                    // by the name of VirtualWorkloads
	delegates  map[*report]bool                        // of VirtualServices whose rules stand in others
	ids        map[string]bool                         // of policies that were made
	edges      map[string][]string                     // hosts of Istio's Gateways, by namespace and name
	namespaces map[string]string                       // in which a service was met first, by its name
}

// Import makes policies of rules, as YAML that can be applied. An error is a file that cannot be read.
func Import(documents []Document) (text string, lost []Lost, err error) {
	k := known{subsets: map[string]map[string]map[string]string{}, workloads: map[string]workloads{}, delegates: map[*report]bool{}, ids: map[string]bool{}, namespaces: map[string]string{}, edges: map[string][]string{}}
	for _, d := range documents {
		if err := k.read(d); err != nil {
			return "", nil, err
		}
	}
	for _, r := range k.rules {
		switch r.kind {
		case "DestinationRule", "VirtualWorkload":
			k.defineSubsets(r)
		case "VirtualWorkloads":
			k.defineWorkloads(r)
		case "Gateway":
			k.edges[r.namespace+"/"+r.name] = r.servedHosts()
		}
	}
	var out []string
	var written []made
	for _, m := range joined(k.convert()) {
		m.unsaid()
		if one, ok := k.write(&m); ok {
			out, written = append(out, one), append(written, m)
		}
	}
	overlap(written)
	shadows(written)
	for _, r := range k.rules {
		if strings.HasSuffix(r.kind, "Strategy") || strings.HasSuffix(r.kind, "Action") {
			r.unnamed()
		}
		if (r.kind == "VirtualService" || r.kind == "TrafficRouter") && !r.spec.has("hosts") && !k.delegates[r.report] {
			r.spec.left("it has no hosts, and no rule in the files delegates to it")
		}
		r.finish()
		slices.SortStableFunc(r.lost, func(a, b Lost) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
		for _, l := range r.lost { // what several rules name is read for each of them
			if !slices.Contains(lost, l) {
				lost = append(lost, l)
			}
		}
	}
	return strings.Join(out, "---\n"), lost, nil
}

// convert makes policies of the rules, in their order.
func (k *known) convert() (out []made) {
	var tolerances tolerance
	for _, r := range k.rules {
		switch r.kind {
		case "VirtualService", "TrafficRouter":
			out = append(out, k.virtualService(r)...)
		case "DestinationRule", "VirtualWorkload":
			out = append(out, k.destinationRule(r)...)
		case "FaultToleranceRule":
			k.faultTolerance(r, &tolerances)
		case "RouterRule":
			out = append(out, k.routerRule(r)...)
		case "VirtualWorkloads":
			out = append(out, k.virtualWorkloads(r)...)
		case "TrafficLane":
			out = append(out, trafficLane(r)...)
		default:
			if !slices.Contains(Kinds, r.kind) { // the others are read where a rule names them
				r.spec.ignore(r.spec.names()...)
				r.add(r.top.node, "", unread(r.kind))
			}
		}
	}
	return append(out, tolerances.policies()...)
}

// unread says why a kind is not read.
func unread(kind string) string {
	switch kind {
	case "AdaptiveOverloadProtectionStrategy":
		return "the load of a machine is not looked at; adaptiveConcurrency and admissionControl in a Traffic policy go by latency and failures"
	case "Gateway":
		return "this kind is not read; ports at the edge are those of a Gateway policy"
	case "ServiceEntry", "WorkloadEntry", "WorkloadGroup":
		return "this kind is not read; instances are registered, and those out of the mesh as well: dubbomesh register"
	case "AuthorizationPolicy", "RequestAuthentication":
		return "this kind is not read; who may call is said by an Access policy"
	case "PeerAuthentication":
		return "this kind is not read; TLS between proxies will be a setting of the Mesh policy"
	case "Telemetry":
		return "this kind is not read; write a Telemetry policy of ours, without apiVersion"
	}
	return "this kind is not read"
}

// defineSubsets notes the labels that subsets stand for.
func (k *known) defineSubsets(r rule) {
	name := service(r.spec.text("host"))
	for _, s := range r.spec.children("subsets") {
		if k.subsets[name] == nil {
			k.subsets[name] = map[string]map[string]string{}
		}
		subset, labels := s.text("name"), s.labels("labels")
		if other, twice := k.subsets[name][subset]; twice && !maps.Equal(other, labels) {
			s.lose("name", "what "+subset+" of "+name+" is was said before, and otherwise: that counts")
		} else {
			k.subsets[name][subset] = labels
		}
		s.loseIf("trafficPolicy", "settings are those of a service, whichever of its instances are called; write a Traffic policy for the whole of it")
	}
}

// labels are those of a subset; without a definition it is taken for a version.
func (k *known) labels(o *object, host string) map[string]string {
	subset := o.text("subset")
	if subset == "" {
		return nil
	}
	if labels, defined := k.subsets[service(host)][subset]; defined { // without labels it is all instances
		return labels
	}
	o.lose("subset", "no DestinationRule says what "+subset+" is; the label version: "+subset+" was assumed")
	return map[string]string{"version": subset}
}

// named finds a rule that another one names.
func (k *known) named(kind, name string) (rule, bool) {
	i := slices.IndexFunc(k.rules, func(r rule) bool {
		return r.name == name && (r.kind == kind || kind == "" && strings.HasSuffix(r.kind, "Strategy"))
	})
	if i < 0 {
		return rule{}, false
	}
	return k.rules[i], true
}

// unnamed reports a strategy that no rule has read.
func (r rule) unnamed() {
	if len(r.spec.used) == 0 {
		r.spec.ignore(r.spec.names()...)
		r.add(r.top.node, "", "no rule in the files applies it")
	}
}

// meta begins a policy.
func (r rule) meta(service string) model.PolicyMeta {
	return model.PolicyMeta{Name: plainName(r.name), Service: service, Description: "imported from " + r.of}
}
