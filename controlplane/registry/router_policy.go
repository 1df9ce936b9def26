package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// routed is a router and the key that it stands at.
type routed struct {
	router     *router
	conditions []condition // of the router, narrowed to a caller where it is the caller's
	key        string
}

// course is what becomes of the requests of a cell.
type course struct {
	cell  cell
	steps []step
	keys  []string // of the routers behind the steps, without repetition
}

// id names the course: what it does.
func (c course) id() string {
	ids := make([]string, len(c.steps))
	for i, s := range c.steps {
		ids[i] = s.id()
	}
	return strings.Join(ids, "\n")
}

// label is what the instances have that requests on this course may go to.
func (c course) label() string {
	sum := sha256.Sum256([]byte(c.id()))
	return "dubbo.rule/" + hex.EncodeToString(sum[:4])
}

// routesOf makes policies of the routers of a service, which are in the order in which they act, and says which labels its
// instances get for them: by index.
func routesOf(service string, routers []routed, all []candidate) (policies []model.Policy, labels map[int]map[string]string, problems []model.Problem) {
	routers = slices.DeleteFunc(slices.Clone(routers), func(r routed) bool {
		return !slices.ContainsFunc(all, func(c candidate) bool { return r.router.applies(c.in.Group, c.in.Version) })
	})
	tagged, tagAt := taggingOf(routers, all)
	looked := tagged.patterns()
	cells, _ := looked.cells() // of tags, of which there may be too many
	if cells == nil {
		problems = append(problems, tooMany(tagged.key, "tags"))
		tagged, looked, cells = tagging{}, patterns{}, []cell{{}}
	}
	var honoured []routed
	for _, r := range routers {
		if r.router.tags != nil {
			continue
		}
		more := looked.clone()
		for _, c := range r.conditions {
			more.add(c)
		}
		if next, ok := more.cells(); ok {
			looked, cells, honoured = more, next, append(honoured, r)
			continue
		}
		problems = append(problems, tooMany(r.key, "conditions"))
	}
	courses := make([]course, len(cells))
	for i, c := range cells {
		courses[i] = c.course(service, honoured, tagged, tagAt)
	}
	courses = pruned(courses)
	labels = map[int]map[string]string{}
	for i, c := range courses {
		policies = append(policies, c.policy(service, i))
		if len(c.steps) > 0 {
			c.mark(all, labels)
		}
	}
	return policies, labels, problems
}

func tooMany(key, what string) model.Problem {
	return model.Problem{Key: key, Reason: fmt.Sprintf("its %s are not honoured: together with the other rules of the service they would be more than %d cases; write Route policies instead", what, maxCells)}
}

// course works out what becomes of the requests of a cell.
func (c cell) course(service string, routers []routed, tagged tagging, tagAt int) course {
	out := course{cell: c}
	add := func(s step, key string) {
		out.steps = append(out.steps, s)
		if !slices.Contains(out.keys, key) {
			out.keys = append(out.keys, key)
		}
	}
	tag := func() {
		if tagged.active {
			add(tagged.step(c), tagged.key)
			tagged.active = false
		}
	}
	for _, r := range routers {
		if r.router.priority > tagAt {
			tag()
		}
		for _, cond := range r.conditions {
			if c.holds(cond.when, service) {
				add(conditionStep{cond, r.router}, r.key)
			}
		}
	}
	tag()
	return out
}

// pruned leaves out the courses of cells whose requests come to the same without them, and those at the end on which
// nothing becomes of requests.
func pruned(all []course) []course {
	var out []course
	for i := len(all) - 1; i >= 0; i-- {
		next := slices.IndexFunc(out, func(o course) bool { return o.cell.contains(all[i].cell) })
		switch {
		case next >= 0 && out[next].id() == all[i].id():
		case next < 0 && len(all[i].steps) == 0:
		default:
			out = slices.Insert(out, 0, all[i])
		}
	}
	return out
}

// policy is the course as a Route with one rule.
func (c course) policy(service string, number int) model.Route {
	var m model.RequestMatch
	for _, name := range slices.Sorted(maps.Keys(c.cell)) {
		narrow(&m, name, *c.cell[name])
	}
	rule := model.Rule{Name: c.cell.String()}
	if len(c.cell) > 0 {
		rule.Match = []model.RequestMatch{m}
	}
	if len(c.steps) > 0 {
		rule.To = []model.Backend{{Labels: map[string]string{c.label(): "in"}}}
	}
	return model.Route{
		PolicyMeta: registeredMeta(service, fmt.Sprintf("registry/%s/%03d", service, number), strings.Join(c.keys, ", ")),
		Rules:      []model.Rule{rule},
	}
}

// mark labels the instances that requests on this course may go to, of each group and version.
func (c course) mark(all []candidate, labels map[int]map[string]string) {
	type pair struct{ group, version string }
	byPair := map[pair][]candidate{}
	for _, in := range all {
		if in.in.Serves() {
			p := pair{in.in.Group, in.in.Version}
			byPair[p] = append(byPair[p], in)
		}
	}
	label := c.label()
	for p, left := range byPair {
		for _, s := range c.steps {
			if len(left) > 0 {
				left = s.leave(p.group, p.version, left)
			}
		}
		for _, in := range left {
			if labels[in.at] == nil {
				labels[in.at] = map[string]string{}
			}
			labels[in.at][label] = "in"
		}
	}
}

// tagging is how the tags of requests are heeded.
type tagging struct {
	active bool
	names  []string // that requests may have
	rule   *tags    // nil for none
	force  bool     // the rule's
	key    string
}

// taggingOf finds the tag rule of a service, the tags of its instances, and the priority at which they act. Where several
// applications have a rule the first is taken, as consumers do that look at one instance.
func taggingOf(routers []routed, all []candidate) (t tagging, priority int) {
	for _, r := range routers {
		if r.router.tags != nil && t.rule == nil {
			t = tagging{active: true, names: slices.Clone(r.router.tags.names), rule: r.router.tags, force: r.router.force, key: r.key}
		}
	}
	for _, c := range all {
		if tag := c.tag(); tag != "" {
			if t.key == "" {
				t.key = c.in.Source
			}
			t.active = true
			if !slices.Contains(t.names, tag) {
				t.names = append(t.names, tag)
			}
		}
	}
	slices.Sort(t.names)
	return t, tagPriority
}

// patterns are what is looked for in requests.
func (t tagging) patterns() patterns {
	out := patterns{}
	if t.active {
		for _, name := range t.names {
			out.want(askTag, pattern{prefix: name})
		}
		out.want(askTag, anything)
		out.want(askForcedTag, pattern{prefix: "true"})
	}
	return out
}

// step is what becomes of the requests of a cell by their tag.
func (t tagging) step(c cell) step {
	s := tagStep{rule: t.rule, force: t.force, known: true, forced: c[askForcedTag] != nil && !c[askForcedTag].open}
	if p := c[askTag]; p != nil && p.open {
		s.known = false
	} else if p != nil {
		s.tag = p.prefix
	}
	if t.rule == nil && !s.known && !s.forced {
		s.known = true // who asks for a tag that nobody has gets what others get
	}
	if s.tag == "" && s.known {
		s.forced = false // without a tag there is nothing to force
	}
	return s
}
