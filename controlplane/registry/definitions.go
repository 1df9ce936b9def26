package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// definitions are what is known of the shapes of services, as published. Owned by Run.
type definitions struct {
	known    map[string][]*shape // by service, in the order of model.CompareDefinitions
	order    []string            // the names of these services, sorted
	all      []model.Definition  // what list returned last, nil after a change
	disputes map[string][]model.Problem
}

func newDefinitions() *definitions {
	return &definitions{known: map[string][]*shape{}, disputes: map[string][]model.Problem{}}
}

// shapes returns the definitions of a service: for each group and version the newest that was reported and the newest
// that was written by hand. Another one that differs from it in its methods is a problem: one of the two is wrong.
func (t *table) shapes(service string) (list []*shape, disputes []model.Problem) {
	var entries []*entry
	for e := range t.index[service] {
		if e.record.shape != nil {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(b.revision, a.revision), compareEntries(a, b))
	})
	for _, e := range entries {
		s := e.record.shape
		at := slices.IndexFunc(list, func(o *shape) bool { return sameVariant(o.definition, s.definition) })
		if at < 0 {
			list = append(list, s)
			continue
		}
		if difference := differ(s.definition, list[at].definition); difference != "" {
			disputes = append(disputes, model.Problem{
				Key:    s.definition.Source,
				Reason: fmt.Sprintf("%s, which was written later and is in force, describes other methods: %s", list[at].definition.Source, difference),
			})
		}
	}
	slices.SortFunc(list, func(a, b *shape) int { return model.CompareDefinitions(a.definition, b.definition) })
	return list, disputes
}

// sameVariant reports whether two definitions are for the same group and version of a service, and of the same kind.
func sameVariant(a, b model.Definition) bool {
	return a.Group == b.Group && a.Version == b.Version && a.ByHand() == b.ByHand()
}

// differ says in which methods two definitions of a service differ, "" when in none.
func differ(here, there model.Definition) string {
	var parts []string
	for _, side := range []struct {
		what      string
		has, asks []config.Method
	}{{"only here", here.Methods, there.Methods}, {"only there", there.Methods, here.Methods}} {
		var names []string
		for _, m := range side.has {
			if !slices.ContainsFunc(side.asks, func(o config.Method) bool { return methodText(o) == methodText(m) }) {
				names = append(names, methodText(m))
			}
		}
		if len(names) > 3 {
			names = append(names[:3], fmt.Sprintf("and %d more", len(names)-3))
		}
		if len(names) > 0 {
			parts = append(parts, side.what+" "+strings.Join(names, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// methodText is a method as Java writes it.
func methodText(m config.Method) string {
	types := make([]string, len(m.Parameters))
	for i, p := range m.Parameters {
		types[i] = p.Type
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s(%s)", m.Returns, m.Name, strings.Join(types, ", ")))
}

// define makes the definitions of a service that the table holds the published ones. It reports whether that changes
// anything.
func (r *Registry) define(service string) bool {
	d := r.definitions
	list, disputes := r.table.shapes(service)
	changed := d.dispute(service, disputes, r)
	old, was := d.known[service]
	if was == (len(list) > 0) && slices.EqualFunc(old, list, equalShape) {
		return changed
	}
	d.all = nil
	at, _ := slices.BinarySearch(d.order, service)
	switch {
	case len(list) == 0:
		delete(d.known, service)
		d.order = slices.Delete(d.order, at, at+1)
		return true
	case !was:
		d.order = slices.Insert(d.order, at, service)
	}
	d.known[service] = list
	return true
}

// equalShape compares two definitions of one service.
func equalShape(a, b *shape) bool {
	return a.id == b.id && model.CompareDefinitions(a.definition, b.definition) == 0 && a.definition.Source == b.definition.Source
}

// dispute replaces the disputes over a service, and logs those that are new. It reports whether that changes anything.
func (d *definitions) dispute(service string, now []model.Problem, r *Registry) bool {
	old := d.disputes[service]
	for i := range now {
		p := &now[i]
		if at := slices.IndexFunc(old, func(o model.Problem) bool { return o.Key == p.Key && o.Reason == p.Reason }); at >= 0 {
			p.Since = old[at].Since
			continue
		}
		p.Since = r.now()
		r.log.Warn("two definitions of a service differ", "key", p.Key, "reason", p.Reason)
	}
	if slices.Equal(old, now) {
		return false
	}
	delete(d.disputes, service)
	if len(now) > 0 {
		d.disputes[service] = now
	}
	return true
}

// list returns the definitions as a snapshot has them. The list is shared by all snapshots until it changes.
func (d *definitions) list() []model.Definition {
	if d.all == nil {
		for _, service := range d.order {
			for _, s := range d.known[service] {
				d.all = append(d.all, s.definition)
			}
		}
	}
	return d.all
}

// problems adds the disputes to the table's problems.
func (d *definitions) problems(all []model.Problem) []model.Problem {
	for _, disputes := range d.disputes {
		all = append(all, disputes...)
	}
	slices.SortFunc(all, compareProblems)
	return all
}
