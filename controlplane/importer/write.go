package importer

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// made is a policy that rules have become.
type made struct {
	rule
	policy   model.Policy
	from     map[string]*object // what the parts of the policy were made of, by their paths
	parts    []part             // of a Route
	gateways []string           // of a Route at the edge
}

// mostRounds bounds how often a policy is checked again after something was taken out of it. One round takes out all that is
// refused; another is needed where that leaves something behind that means nothing alone.
const mostRounds = 12

// write writes a policy that can be applied. What would be refused in it is left out and reported; false when nothing is left.
func (k *known) write(m *made) (string, bool) {
	m.unique(k.ids)
	for round := range mostRounds {
		text, err := text(m.policy)
		if err != nil {
			m.add(m.spec.node, "", model.PolicyID(m.policy)+" cannot be written: "+err.Error())
			return "", false
		}
		var problems []policy.Problem
		for _, parsed := range policy.Parse(model.PolicyID(m.policy), []byte(text)) {
			problems = append(problems, parsed.Errors()...)
		}
		if len(problems) == 0 {
			k.ids[model.PolicyID(m.policy)] = true
			return text, true
		}
		if !m.prune(problems, round == 0) {
			return "", false
		}
	}
	m.add(m.spec.node, "", model.PolicyID(m.policy)+" is left out: too much of it would be refused")
	return "", false
}

func text(p model.Policy) (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	lines, err := yaml.JSONToYAML(text)
	return "kind: " + string(p.Kind()) + "\n" + string(lines), err
}

// unique gives the policy a name that no other one has: one rule may become several, and rules of two namespaces have one name.
func (m *made) unique(taken map[string]bool) {
	base := m.policy.Meta().Name
	if base == "" {
		base = "imported"
	}
	name := base
	for i := 2; taken[string(m.policy.Kind())+"/"+name]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	v := reflect.New(reflect.TypeOf(m.policy)).Elem()
	v.Set(reflect.ValueOf(m.policy))
	v.FieldByName("Name").SetString(name)
	m.policy = v.Interface().(model.Policy)
}

// prune takes out of the policy what is refused, each with as much around it as means nothing without it. It is false when
// that is the whole policy. What only the first round has left empty goes without a word.
func (m *made) prune(problems []policy.Problem, first bool) bool {
	type cut struct {
		steps []step
		why   policy.Problem
	}
	var cuts []cut
	for _, p := range problems {
		cuts = append(cuts, cut{steps(reflect.ValueOf(m.policy), p.Field), p})
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return slices.CompareFunc(b.steps, a.steps, compareSteps) }) // the last of a list first
	var gone [][]step
	for _, c := range cuts {
		if slices.ContainsFunc(gone, func(g []step) bool { return len(g) <= len(c.steps) && slices.Equal(g, c.steps[:len(g)]) }) {
			continue
		}
		v := reflect.ValueOf(m.policy)
		out := unit(v, c.steps)
		if first || len(out) == 0 || !empty(at(v, out)) {
			m.tell(out, c.why)
		}
		if len(out) == 0 {
			return false
		}
		m.policy = without(v, out).Interface().(model.Policy)
		m.renumber(out)
		gone = append(gone, out)
	}
	return true
}

// tell reports what is taken out of the policy, at what it was made of.
func (m *made) tell(out []step, p policy.Problem) {
	why := m.noun(out, p.Field) + " is left out: "
	rest, _ := cutPath(p.Field, pathOf(out))
	if n := len(out); n > 0 && out[n-1].name != "" && strings.HasPrefix(rest, "[") {
		_, rest, _ = strings.Cut(rest, "]") // of a list that goes with its last item
	}
	if rest != "" {
		why += strings.TrimPrefix(rest, ".") + ": "
	}
	why += p.Message
	all := steps(reflect.ValueOf(m.policy), p.Field)
	for i := len(all); i >= 0; i-- {
		if o := m.from[pathOf(all[:i])]; o != nil {
			if at, field := o.source(all[i:]); field != "" {
				at.report.add(at.key(field), at.at(field), why)
			} else {
				o.left(why)
			}
			return
		}
	}
	m.add(m.spec.node, "spec", why)
}

// noun is what goes, for people.
func (m *made) noun(out []step, refused string) string {
	if len(out) == 0 {
		return model.PolicyID(m.policy)
	}
	switch last := out[len(out)-1]; {
	case pathOf(out) == refused:
		return "it"
	case last.name != "":
		return last.name
	}
	list := out[len(out)-2].name
	if noun, ok := map[string]string{"rules": "the rule", "match": "the match"}[list]; ok {
		return noun
	}
	return "one of " + list
}

// renumber moves what stood behind an item of a list that is taken out.
func (m *made) renumber(out []step) {
	last := out[len(out)-1]
	if last.index < 0 {
		return
	}
	list := pathOf(out[:len(out)-1])
	moved := map[string]*object{}
	for path, o := range m.from {
		rest, below := cutPath(path, list)
		number, rest, indexed := strings.Cut(strings.TrimPrefix(rest, "["), "]")
		if i, err := strconv.Atoi(number); below && indexed && err == nil {
			if i == last.index {
				continue
			}
			if i > last.index {
				path = fmt.Sprintf("%s[%d]%s", list, i-1, rest)
			}
		}
		moved[path] = o
	}
	m.from = moved
}
