package limiter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Set keeps the limits of a process. The zero value is ready to use; any number of goroutines may use it.
type Set struct {
	mu      sync.Mutex
	all     map[string]*Limits // by the text of the settings
	buckets map[identity]*buckets
	last    uint64 // serial
}

// identity is what limits share that are one.
type identity struct{ service, name, by string }

// Take returns the limits with these settings, as config.ParseLimits lets them through. Those of a name that is in use
// share its buckets. Each Take ends with a Release.
func (s *Set) Take(settings config.Limits) (*Limits, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(settings.Text())
	if l := s.all[text]; l != nil {
		l.users++
		return l, nil
	}
	l := &Limits{service: settings.Service, text: text, users: 1}
	for _, one := range settings.Limits {
		added := limit{settings: one, rate: rateOf(one)}
		for _, all := range one.Match {
			var conditions []condition
			for _, c := range all {
				compiled, err := newCondition(c)
				if err != nil {
					return nil, fmt.Errorf("limits: %s: %w", one.Name, err)
				}
				conditions = append(conditions, compiled)
			}
			added.match = append(added.match, conditions)
		}
		l.all = append(l.all, added)
	}
	for i := range l.all {
		l.all[i].buckets = s.take(settings.Service, l.all[i].settings)
	}
	if s.all == nil {
		s.all = map[string]*Limits{}
	}
	s.all[text] = l
	return l, nil
}

func (s *Set) take(service string, l config.Limit) *buckets {
	var by strings.Builder
	for _, k := range l.By {
		from, name := k.From, k.Name
		if from == config.KeyMethod || from == config.KeyText { // routes of one method know its name
			from, name = config.KeyMethod, ""
		}
		fmt.Fprintf(&by, "%s:%s\n", from, name)
	}
	id := identity{service, l.Name, by.String()}
	b := s.buckets[id]
	if b == nil {
		s.last++
		b = &buckets{id: id, serial: s.last, keyed: len(l.By) > 0, maxKeys: maxKeys}
		if s.buckets == nil {
			s.buckets = map[identity]*buckets{}
		}
		s.buckets[id] = b
	}
	b.users++
	return b
}

// Release gives back what Take returned. Requests that are under way may go on using it.
func (s *Set) Release(l *Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.users--; l.users > 0 {
		return
	}
	delete(s.all, l.text)
	for _, one := range l.all {
		if one.buckets.users--; one.buckets.users == 0 {
			delete(s.buckets, one.buckets.id)
		}
	}
}

// Status is what a limit shows.
type Status struct {
	ID            uint64 // no other limit of the process has it
	Service, Name string
	// Admitted requests had a token of this and every other limit; Refused ones had none of this; Tried are those that a dry
	// run would have refused.
	Admitted, Refused, Tried uint64
}

// Status lists the limits by service and name.
func (s *Set) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Status, 0, len(s.buckets))
	for _, b := range s.buckets {
		out = append(out, Status{
			ID: b.serial, Service: b.id.service, Name: b.id.name,
			Admitted: b.admitted.Load(), Refused: b.refused.Load(), Tried: b.tried.Load(),
		})
	}
	slices.SortFunc(out, func(a, b Status) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out
}
