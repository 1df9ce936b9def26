package explain

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// Setting is one setting that is in force for the request, and who says so.
type Setting struct {
	Field      string   `json:"field"`
	Value      string   `json:"value"`                // as a policy has it
	From       string   `json:"from"`                 // the policy, and where in it; or the setting of the control plane
	Overridden []string `json:"overridden,omitempty"` // who says something else that does not count, the nearest first
	Applies    Answer   `json:"applies,omitempty"`    // of rate limits and faults: that the request is one of those they are for
	Each       []Part   `json:"each,omitempty"`       // of several rate limits or faults
}

// Part is one of several rate limits or faults in one place.
type Part struct {
	Value   string `json:"value"` // as a policy has it
	Applies Answer `json:"applies"`
}

// said is what one place says of a field.
type said struct {
	from  string
	value any
}

// settings lists what is in force for the requests of a route: what the rule says goes before what is said of the method,
// and that before what is said of the service, by the order of precedence of policies. Where no service is asked only the
// rule's part counts.
func (q Question) settings(service model.Service, method string, rule model.Rule, mark string, asks bool) []Setting {
	byField := map[string][]said{}
	if mark != "" {
		collect(byField, rule, mark, ruleFields)
	}
	if asks {
		if prefix := "methods." + method + "."; method != "" {
			q.collectAll(byField, service, prefix, " methods."+method, func(p model.ServicePolicies) any { return p.Methods[method] })
		}
		q.collectAll(byField, service, "", "", func(p model.ServicePolicies) any { return p.Traffic })
		q.defaults(byField)
	}
	q.tells(byField, service)
	if g, is := q.opener(); is && g.CORS != nil {
		byField["cors"] = append(byField["cors"], said{model.PolicyID(g), *g.CORS})
	}
	return q.merge(byField, method)
}

// telemetry are the settings of requests of no service in particular.
func (q Question) telemetry() []Setting {
	byField := map[string][]said{}
	q.tells(byField, model.Service{})
	return q.merge(byField, "")
}

// tells notes what is told of the requests of a service.
func (q Question) tells(byField map[string][]said, service model.Service) {
	q.collectAll(byField, service, "", "", func(p model.ServicePolicies) any { return p.Telemetry })
}

// merge lists of each field what is in force, and who lost it.
func (q Question) merge(byField map[string][]said, method string) []Setting {
	out := []Setting{}
	for field, all := range byField {
		s := q.setting(field, all[0], method)
		for _, other := range all[1:] {
			if field == "rateLimit" { // they count beside each other
				out = append(out, q.setting(field, other, method))
				continue
			}
			s.Overridden = append(s.Overridden, other.from)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Setting) int { return strings.Compare(a.Field+"\n"+a.From, b.Field+"\n"+b.From) })
	return out
}

// setting is what one place says of a field. Of rate limits and faults it says whether the request is one of those that one
// of them is for.
func (q Question) setting(field string, by said, method string) Setting {
	s := Setting{Field: field, Value: text(by.value), From: by.from}
	switch list := by.value.(type) {
	case []model.RateLimit:
		for _, l := range list {
			s.Each = append(s.Each, Part{text(l), q.calls(l.Match, method)})
		}
	case []model.Fault:
		for _, f := range list {
			s.Each = append(s.Each, Part{text(f), q.calls(f.Match, method)})
		}
	default:
		return s
	}
	s.Applies = No
	for _, one := range s.Each {
		s.Applies = either(s.Applies, one.Applies)
	}
	if len(s.Each) == 1 {
		s.Each = nil
	}
	return s
}

// ruleFields are the fields of a rule that say how a request is treated, not which one or where it goes.
var ruleFields = []string{"rewrite", "headers", "mirror", "cors", "timeout", "idleTimeout", "retry", "strategy", "fault", "rateLimit", "fallback"}

// collect notes some fields of a structure.
func collect(byField map[string][]said, v any, from string, fields []string) {
	each(v, func(field string, value any) {
		if slices.Contains(fields, field) {
			byField[field] = append(byField[field], said{from, value})
		}
	})
}

// collectAll notes what all policies say of a service, or of a method of it, in the order of precedence: of each field what
// is in force, then what would be without the policy that has won, and so on until nobody says anything.
func (q Question) collectAll(byField map[string][]said, service model.Service, prefix, where string, of func(model.ServicePolicies) any) {
	each(of(q.Snapshot.Policies.For(service)), func(field string, _ any) {
		policies := q.Snapshot.Policies
		for {
			step := policies.For(service)
			id := step.From[prefix+field]
			if id == "" {
				return
			}
			each(of(step), func(name string, value any) {
				if name == field {
					byField[field] = append(byField[field], said{id + where, value})
				}
			})
			policies = without(policies, id)
		}
	})
}

// without leaves a policy with settings out.
func without(p model.Policies, id string) model.Policies {
	p.Traffic = slices.DeleteFunc(slices.Clone(p.Traffic), func(t model.Traffic) bool { return model.PolicyID(t) == id })
	p.Telemetry = slices.DeleteFunc(slices.Clone(p.Telemetry), func(t model.Telemetry) bool { return model.PolicyID(t) == id })
	p.Meshes = slices.DeleteFunc(slices.Clone(p.Meshes), func(m model.Mesh) bool { return model.PolicyID(m) == id })
	return p
}

// each visits the fields of a structure that are set.
func each(v any, visit func(field string, value any)) {
	value := reflect.ValueOf(v)
	for i := range value.NumField() {
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" && !value.Field(i).IsZero() {
			visit(name, value.Field(i).Interface())
		}
	}
}

// defaults are what holds where no policy says anything.
func (q Question) defaults(byField map[string][]said) {
	for field, d := range map[string]said{
		"timeout": {"settings route.timeout", model.Duration(q.Options.RouteTimeout)},
		"retry":   {"settings route.retries", map[string]any{"attempts": q.Options.Retries}},
	} {
		byField[field] = append(byField[field], d)
	}
}

// text is a value as a policy has it, in JSON.
func text(v any) string {
	if d, ok := v.(model.Duration); ok {
		return d.String()
	}
	out, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.Trim(string(out), `"`)
}

func effective(p model.Policy) bool { return policy.Effective(p.Kind()) }
