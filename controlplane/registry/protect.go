package registry

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Protected is a service that is kept alive beyond its registrations.
type Protected struct {
	Service string    `json:"service"`
	Held    []string  `json:"held"`  // ip:port of the instances that are kept, sorted
	Until   time.Time `json:"until"` // when the last of them is let go, unless it comes back
}

// guard applies Protection. It has no clock: the time is passed in.
type guard struct {
	rule     Protection
	services map[string]*watched
	holding  map[string]struct{} // the services of which something is held
}

// watched is what the guard remembers of a service.
type watched struct {
	serving map[identity]model.Instance // as of the last update
	levels  []level                     // how many served, since when; the first is the one in force when Window began
	gone    map[identity]departure      // vanished within Window, not held
	held    map[identity]departure      // kept
	before  int                         // how many served before the held ones vanished
}

// level is how many instances served from a moment on.
type level struct {
	at    time.Time
	count int
}

// departure is a vanished instance, and when it vanished (gone) or is let go (held).
type departure struct {
	instance model.Instance
	at       time.Time
}

// verdict tells what an update led to.
type verdict struct {
	held     []string // instances kept from now on, ip:port
	released []string // instances no longer kept
	until    time.Time
	serving  int
	before   int
}

// newGuard returns a guard that has seen nothing.
func newGuard(rule Protection) *guard {
	return &guard{rule: rule, services: map[string]*watched{}, holding: map[string]struct{}{}}
}

// update tells the guard what is registered for a service now. leaving names the instances that announced it.
func (g *guard) update(service string, live []model.Instance, leaving map[departing]struct{}, now time.Time) verdict {
	if g.rule.Share < 0 {
		return verdict{}
	}
	w := g.services[service]
	if w == nil {
		w = &watched{gone: map[identity]departure{}, held: map[identity]departure{}}
		g.services[service] = w
	}
	w.prune(now.Add(-g.rule.Window))
	before := w.serving
	var v verdict
	v.released = w.register(live)
	announced := func(id identity) bool { _, ok := leaving[departing{service, id}]; return ok }
	for id, d := range w.held { // registered as draining and gone at once: somebody ended it
		if announced(id) {
			v.released = append(v.released, d.instance.HostPort())
			delete(w.held, id)
		}
	}
	w.depart(before, live, announced, now)
	v.serving = len(w.serving)
	v.before = w.most()
	w.levels = append(w.levels, level{now, v.serving})
	switch {
	case len(w.gone) > 0 && (v.serving == 0 || float64(v.serving) < g.rule.Share*float64(v.before)):
		v.until = now.Add(g.rule.Hold)
		w.before = max(w.before, v.before)
		for id, d := range w.gone {
			w.held[id] = departure{d.instance, v.until}
			v.held = append(v.held, d.instance.HostPort())
		}
		clear(w.gone)
	case len(w.held) > 0 && v.serving >= w.before:
		for _, d := range w.held {
			v.released = append(v.released, d.instance.HostPort())
		}
		clear(w.held)
	}
	g.tidy(service, w)
	slices.Sort(v.held)
	slices.Sort(v.released)
	return v
}

// register takes over what is registered now and returns the held instances that are back.
func (w *watched) register(live []model.Instance) (back []string) {
	w.serving = make(map[identity]model.Instance, len(live))
	for i := range live {
		id := identify(&live[i])
		if live[i].Serves() {
			w.serving[id] = live[i]
		}
		if _, held := w.held[id]; held {
			back = append(back, live[i].HostPort())
			delete(w.held, id)
		}
		delete(w.gone, id)
	}
	return back
}

// depart sorts those that served before and do not now into those that vanished and those that left on purpose.
func (w *watched) depart(before map[identity]model.Instance, live []model.Instance, announced func(identity) bool, now time.Time) {
	registered := make(map[identity]struct{}, len(live))
	for i := range live {
		registered[identify(&live[i])] = struct{}{}
	}
	for id, in := range before {
		if _, serves := w.serving[id]; serves {
			continue
		}
		if _, there := registered[id]; !there && !announced(id) {
			w.gone[id] = departure{in, now}
			continue
		}
		for i := range w.levels { // it was never to count
			w.levels[i].count = max(0, w.levels[i].count-1)
		}
	}
}

// prune forgets what was before the window.
func (w *watched) prune(start time.Time) {
	for len(w.levels) > 1 && !w.levels[1].at.After(start) {
		w.levels = w.levels[1:]
	}
	maps.DeleteFunc(w.gone, func(_ identity, d departure) bool { return d.at.Before(start) })
}

// most returns the most instances that served within the window.
func (w *watched) most() int {
	most := 0
	for _, l := range w.levels {
		most = max(most, l.count)
	}
	return most
}

// expire lets go of what was held long enough and returns the services concerned, sorted.
func (g *guard) expire(now time.Time) []string {
	var services []string
	for service := range g.holding {
		w := g.services[service]
		held := len(w.held)
		maps.DeleteFunc(w.held, func(_ identity, d departure) bool { return !d.at.After(now) })
		if len(w.held) != held {
			services = append(services, service)
		}
		w.prune(now.Add(-g.rule.Window))
		g.tidy(service, w)
	}
	slices.Sort(services)
	return services
}

// tidy keeps the list of holding services and forgets a service of which nothing is left.
func (g *guard) tidy(service string, w *watched) {
	if len(w.held) > 0 {
		g.holding[service] = struct{}{}
		return
	}
	delete(g.holding, service)
	w.before = 0
	if len(w.serving) == 0 && len(w.gone) == 0 {
		delete(g.services, service)
	}
}

// next returns when expire has something to do; ok is false when nothing is held.
func (g *guard) next() (at time.Time, ok bool) {
	for service := range g.holding {
		for _, d := range g.services[service].held {
			if !ok || d.at.Before(at) {
				at, ok = d.at, true
			}
		}
	}
	return at, ok
}

// held returns the kept instances of a service, in no particular order.
func (g *guard) held(service string) []model.Instance {
	w := g.services[service]
	if w == nil || len(w.held) == 0 {
		return nil
	}
	held := make([]model.Instance, 0, len(w.held))
	for _, d := range w.held {
		held = append(held, d.instance)
	}
	return held
}

// protected lists the services of which something is held.
func (g *guard) protected() []Protected {
	var all []Protected
	for service := range g.holding {
		p := Protected{Service: service}
		for _, d := range g.services[service].held {
			p.Held = append(p.Held, d.instance.HostPort())
			if d.at.After(p.Until) {
				p.Until = d.at
			}
		}
		slices.Sort(p.Held)
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Protected) int { return cmp.Compare(a.Service, b.Service) })
	return all
}
