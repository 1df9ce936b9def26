// Package importer makes policies of the rules of other meshes: VirtualServices and DestinationRules of Istio, and the
// traffic rules of OpenSergo. What it cannot express it reports, field by field. It is pure.
package importer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// Document is a file with rules, in YAML or JSON.
type Document struct{ File, Text string }

// Lost is something that could not be expressed, or only with an assumption.
type Lost struct {
	Of    string // VirtualService/reviews
	Field string // spec.http[0].match[0].scheme; "" for the whole
	Why   string
}

// String is of: field: why.
func (l Lost) String() string {
	if l.Field == "" {
		return l.Of + ": " + l.Why
	}
	return l.Of + ": " + l.Field + ": " + l.Why
}

// rule is one document of a file.
type rule struct {
	kind, name string
	top, spec  *object
	*report
}

// known is what rules say that others name.
type known struct {
	rules   []rule
	subsets map[string]map[string]map[string]string // labels by service and subset
}

// Import makes policies of rules, as YAML that can be applied. An error is a file that cannot be read.
func Import(documents []Document) (text string, lost []Lost, err error) {
	k := known{subsets: map[string]map[string]map[string]string{}}
	for _, d := range documents {
		if err := k.read(d); err != nil {
			return "", nil, err
		}
	}
	for _, r := range k.rules {
		if r.kind == "DestinationRule" || r.kind == "VirtualWorkload" {
			k.defineSubsets(r)
		}
	}
	var out []string
	for _, r := range k.rules {
		var made []model.Policy
		switch r.kind {
		case "VirtualService", "TrafficRouter":
			made = k.virtualService(r)
		case "DestinationRule", "VirtualWorkload":
			made = k.destinationRule(r)
		case "FaultToleranceRule":
			made = k.faultTolerance(r)
		case "TrafficLane":
			made = trafficLane(r)
		case "RateLimitStrategy", "ThrottlingStrategy", "ConcurrencyLimitStrategy", "CircuitBreakerStrategy", "HttpRequestFallbackAction":
			// They are read where a rule names them.
		default:
			r.spec.ignore(r.spec.names()...)
			r.lost = append(r.lost, Lost{r.of, "", "this kind is not read"})
		}
		for _, p := range made {
			one, err := write(p)
			if err != nil {
				r.lost = append(r.lost, Lost{r.of, "", fmt.Sprintf("%s cannot be used: %v", model.PolicyID(p), err)})
				continue
			}
			out = append(out, one)
		}
	}
	for _, r := range k.rules {
		if strings.HasSuffix(r.kind, "Strategy") || strings.HasSuffix(r.kind, "Action") {
			r.unnamed()
		}
		r.finish()
		for _, l := range r.lost { // what several rules name is read for each of them
			if !slices.Contains(lost, l) {
				lost = append(lost, l)
			}
		}
	}
	return strings.Join(out, "---\n"), lost, nil
}

// read takes the rules of a file.
func (k *known) read(d Document) error {
	for _, part := range strings.Split("\n"+d.Text, "\n---") {
		var fields map[string]any
		if err := yaml.Unmarshal([]byte(part), &fields); err != nil {
			return fmt.Errorf("%s: %w", d.File, err)
		}
		if len(fields) == 0 {
			continue
		}
		r := rule{report: &report{}}
		r.top = r.object("", fields)
		r.kind = r.top.text("kind")
		r.top.ignore("apiVersion", "status")
		meta := r.top.child("metadata")
		if meta != nil {
			r.name = meta.text("name")
			meta.ignore(meta.names()...)
		}
		r.of = r.kind + "/" + r.name
		if r.spec = r.top.child("spec"); r.kind == "" || r.spec == nil {
			return fmt.Errorf("%s: a document has no kind or no spec; only rules of Istio and OpenSergo are read", d.File)
		}
		k.rules = append(k.rules, r)
	}
	return nil
}

// defineSubsets notes the labels that subsets stand for.
func (k *known) defineSubsets(r rule) {
	name := service(r.spec.text("host"))
	for _, s := range r.spec.children("subsets") {
		if k.subsets[name] == nil {
			k.subsets[name] = map[string]map[string]string{}
		}
		k.subsets[name][s.text("name")] = s.labels("labels")
		s.loseIf("trafficPolicy", "settings are those of a service; write a Traffic policy for the whole of it")
	}
}

// labels are those of a subset; without a definition it is taken for a version.
func (k *known) labels(o *object, host string) map[string]string {
	subset := o.text("subset")
	if subset == "" {
		return nil
	}
	if labels := k.subsets[service(host)][subset]; len(labels) > 0 {
		return labels
	}
	o.lose("subset", "no DestinationRule says what "+subset+" is; the label version: "+subset+" was assumed")
	return map[string]string{"version": subset}
}

// write writes a policy, and makes sure that it can be applied.
func write(p model.Policy) (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	lines, err := yaml.JSONToYAML(text)
	if err != nil {
		return "", err
	}
	out := "kind: " + string(p.Kind()) + "\n" + string(lines)
	for _, parsed := range policy.Parse(model.PolicyID(p), []byte(out)) {
		if err := parsed.Err(); err != nil {
			return "", err
		}
	}
	return out, nil
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
		r.lost = append(r.lost, Lost{r.of, "", "no rule in the files applies it"})
	}
}

// meta begins a policy.
func (r rule) meta(name, service string) model.PolicyMeta {
	return model.PolicyMeta{Name: strings.ToLower(cmp.Or(name, r.name)), Service: service, Description: "imported from " + r.of}
}
