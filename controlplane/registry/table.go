package registry

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// parseFunc reads what one key says; key is what follows the source's prefix. It is pure, and total: no input makes it
// panic. A record without a service is ignored.
type parseFunc func(key string, value []byte) (record, error)

// table holds what every key of every source says, or said when it was last good.
type table struct {
	sources []source
	entries []map[string]*entry            // by source, by key
	index   map[string]map[*entry]struct{} // by service, and by the scope of an application
	apps    map[string]struct{}            // applications that have rules
	faults  []map[string][]model.Problem   // by source, by key
}

// entry is a key whose value is, or once was, good.
type entry struct {
	source   int
	key      string
	revision int64
	leased   bool
	record   record
}

// effect is what a batch did.
type effect struct {
	touched  map[string]struct{}    // services to merge again
	leaving  map[departing]struct{} // instances that said they would leave before they did
	reported []model.Problem        // problems that are new
	problems bool                   // the list of problems changed
}

// departing is an instance of a service.
type departing struct {
	service string
	id      identity
}

// identity is what makes two registrations the same instance.
type identity struct {
	address        string
	port           uint32
	protocol       model.Protocol
	group, version string
}

// identify returns the identity of an instance.
func identify(in *model.Instance) identity {
	return identity{in.Address, in.Port, in.Protocol, in.Group, in.Version}
}

// newTable returns an empty table.
func newTable(sources []source) *table {
	t := &table{sources: sources, index: map[string]map[*entry]struct{}{}, apps: map[string]struct{}{}}
	for range sources {
		t.entries = append(t.entries, map[string]*entry{})
		t.faults = append(t.faults, map[string][]model.Problem{})
	}
	return t
}

// apply changes the table as the batch says.
func (t *table) apply(b batch, now time.Time) effect {
	e := effect{touched: map[string]struct{}{}, leaving: map[departing]struct{}{}}
	if b.err != nil {
		if t.sources[b.source].kind() == kindFile {
			name := t.sources[b.source].name()
			t.blame(b.source, name, &e, now, model.Problem{Key: name, Reason: b.err.Error(), LastGood: len(t.entries[b.source]) > 0})
		}
		return e
	}
	if b.reset {
		t.forget(b, &e)
	}
	if t.deliberate(b) {
		t.announce(t.entries[b.source][b.items[0].key], &e)
	}
	for _, it := range b.items {
		t.set(b.source, it, &e, now)
	}
	return e
}

// deliberate reports whether a batch is one key that somebody deleted by hand: it had no lease to run out, and an emptied
// prefix would have been more than one.
func (t *table) deliberate(b batch) bool {
	if b.reset || len(b.items) != 1 || !b.items[0].deleted {
		return false
	}
	e := t.entries[b.source][b.items[0].key]
	return e != nil && !e.leased && e.record.instance != nil
}

// announce notes that an instance leaves on purpose.
func (t *table) announce(old *entry, e *effect) {
	e.leaving[departing{old.record.service, identify(old.record.instance)}] = struct{}{}
}

// forget drops what is not among the items of a complete list.
func (t *table) forget(b batch, e *effect) {
	listed := make(map[string]struct{}, len(b.items))
	for _, it := range b.items {
		listed[it.key] = struct{}{}
	}
	for key := range t.entries[b.source] {
		if _, ok := listed[key]; !ok {
			t.drop(b.source, key, e)
		}
	}
	for key := range t.faults[b.source] {
		if _, ok := listed[key]; !ok {
			t.absolve(b.source, key, e)
		}
	}
}

// set applies one item.
func (t *table) set(source int, it item, e *effect, now time.Time) {
	if it.deleted {
		t.drop(source, it.key, e)
		t.absolve(source, it.key, e)
		return
	}
	where := cmp.Or(it.where, it.key)
	if it.err != nil {
		_, good := t.entries[source][it.key]
		t.blame(source, it.key, e, now, model.Problem{Key: where, Reason: it.err.Error(), LastGood: good})
		return
	}
	if notices := it.record.notices; len(notices) > 0 {
		problems := make([]model.Problem, len(notices))
		for i, n := range notices {
			problems[i] = model.Problem{Key: where, Reason: n}
		}
		t.blame(source, it.key, e, now, problems...)
	} else {
		t.absolve(source, it.key, e)
	}
	old := t.entries[source][it.key]
	if old != nil && old.record.service != it.record.service {
		t.drop(source, it.key, e)
		old = nil
	}
	if it.record.service == "" {
		return
	}
	if it.record.instance != nil {
		it.record.instance.Source = where
	}
	if it.record.shape != nil {
		it.record.shape.definition.Source = where
	}
	if old == nil {
		old = &entry{source: source, key: it.key}
		t.entries[source][it.key] = old
		if t.index[it.record.service] == nil {
			t.index[it.record.service] = map[*entry]struct{}{}
			if app, ok := applicationOf(it.record.service); ok {
				t.apps[app] = struct{}{}
			}
		}
		t.index[it.record.service][old] = struct{}{}
	}
	old.record, old.revision, old.leased = it.record, it.revision, it.leased
	e.touched[it.record.service] = struct{}{}
}

// drop removes a key and remembers whether its instance had said that it would leave.
func (t *table) drop(source int, key string, e *effect) {
	old := t.entries[source][key]
	if old == nil {
		return
	}
	service := old.record.service
	if in := old.record.instance; in != nil && !in.Serves() {
		t.announce(old, e)
	}
	delete(t.entries[source], key)
	delete(t.index[service], old)
	if len(t.index[service]) == 0 {
		delete(t.index, service)
		if app, ok := applicationOf(service); ok {
			delete(t.apps, app)
		}
	}
	e.touched[service] = struct{}{}
}

// blame replaces the problems of a key. Those that were known before keep their time and are not reported again.
func (t *table) blame(source int, key string, e *effect, now time.Time, problems ...model.Problem) {
	old := t.faults[source][key]
	for i := range problems {
		p := &problems[i]
		at := slices.IndexFunc(old, func(o model.Problem) bool { return o.Reason == p.Reason })
		if at >= 0 {
			p.Since = old[at].Since
			continue
		}
		p.Since = now
		e.reported = append(e.reported, *p)
	}
	if !slices.Equal(old, problems) {
		e.problems = true
		t.faults[source][key] = problems
	}
}

// absolve forgets the problems of a key.
func (t *table) absolve(source int, key string, e *effect) {
	if _, ok := t.faults[source][key]; ok {
		delete(t.faults[source], key)
		e.problems = true
	}
}

// problems lists all problems, sorted.
func (t *table) problems() []model.Problem {
	var all []model.Problem
	for _, byKey := range t.faults {
		for problems := range maps.Values(byKey) {
			all = append(all, problems...)
		}
	}
	slices.SortFunc(all, compareProblems)
	return all
}

// compareProblems orders problems by key and reason.
func compareProblems(a, b model.Problem) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Reason, b.Reason))
}
