package xds

import (
	"maps"
	"slices"
	"strings"

	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// update takes over what the protocol library knows of the proxy's subscription. again are names that the proxy asked
// for although it has them: it wants them once more.
func (s *subscription) update(sub cache.Subscription, target *snapshot, k kind, again []string) {
	s.asked = true
	s.forget()
	s.wildcard = sub.IsWildcard()
	s.names = maps.Clone(sub.SubscribedResources())
	known := sub.ReturnedResources()
	sent := make(map[string]*entry, len(known))
	for name, version := range known {
		has := s.sent[name]
		if has == nil || has.version != version {
			has = &entry{name: name, version: version}
			if target != nil {
				if e := target.byKind[k][name]; e != nil && e.version == version {
					has = e
				}
			}
		}
		sent[name] = has
	}
	for _, name := range again {
		delete(sent, name)
	}
	s.sent = sent
	for name := range s.refused {
		if sent[name] == nil {
			delete(s.refused, name)
		}
	}
}

// send notes that a change is on its way, and returns the versions that the proxy then has.
func (s *subscription) send(c change) map[string]string {
	sent := maps.Clone(s.sent)
	if sent == nil {
		sent = map[string]*entry{}
	}
	r := response{versions: map[string]string{}}
	for _, e := range c.updated {
		sent[e.name] = e
		r.versions[e.name] = e.version
	}
	for _, name := range c.removed {
		delete(sent, name)
		delete(s.refused, name)
		r.versions[name] = ""
	}
	s.sent = sent
	s.inFlight = append(s.inFlight, r)
	versions := make(map[string]string, len(sent))
	for name, e := range sent {
		versions[name] = e.version
	}
	return versions
}

// unsend takes the last response back from those that an answer is expected to.
func (s *subscription) unsend() { s.inFlight = s.inFlight[:len(s.inFlight)-1] }

// number gives the oldest response without a nonce its nonce.
func (s *subscription) number(nonce string) {
	for i := range s.inFlight {
		if s.inFlight[i].nonce == "" {
			s.inFlight[i].nonce = nonce
			return
		}
	}
}

// forget drops responses that never left: the protocol library throws a response away if a request overtakes it.
func (s *subscription) forget() {
	s.inFlight = slices.DeleteFunc(s.inFlight, func(r response) bool { return r.nonce == "" })
}

// answer takes the response that the proxy answers to off the list, with all before it: answers come in order.
func (s *subscription) answer(nonce string) (r response, ok bool) {
	i := slices.IndexFunc(s.inFlight, func(r response) bool { return r.nonce == nonce })
	if nonce == "" || i < 0 {
		return response{}, false
	}
	r = s.inFlight[i]
	s.inFlight = slices.Delete(s.inFlight, 0, i+1)
	return r, true
}

// ack notes that the proxy took everything of r.
func (s *subscription) ack(r response) {
	for name := range r.versions {
		delete(s.refused, name)
	}
}

// nack notes that the proxy refused something of r, and returns what: the resources that its text names, or all of
// them if it names none. It took the others.
func (s *subscription) nack(r response, text string) (names []string) {
	for name := range r.versions {
		if strings.Contains(text, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = slices.Collect(maps.Keys(r.versions))
	}
	s.ack(r)
	if s.refused == nil {
		s.refused = map[string]string{}
	}
	for _, name := range names {
		if r.versions[name] != "" {
			s.refused[name] = r.versions[name]
		}
	}
	slices.Sort(names)
	return names
}

// waitsFor says that a response with the resource in it is not answered yet.
func (s *subscription) waitsFor(name string) bool {
	return slices.ContainsFunc(s.inFlight, func(r response) bool {
		_, in := r.versions[name]
		return in
	})
}
