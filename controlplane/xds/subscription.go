package xds

import (
	"maps"
	"slices"

	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// subscription is one proxy's view of one kind.
type subscription struct {
	asked    bool                // it has asked for the kind on this stream
	wildcard bool                // it wants all there is
	names    map[string]struct{} // else, or beside it, these
	sent     map[string]*entry   // what it has, as far as it was told and did not refuse it unseen
	inFlight []response          // sent and not answered, oldest first
	refused  map[string]refusal  // what it answered with a NACK
	accepted map[string]uint64   // the publications that brought what it acknowledged last
	apart    [][]string          // resources that are to be sent in separate responses, see nack.go
}

// response is one message to the proxy.
type response struct {
	nonce    string            // "" until it leaves
	versions map[string]string // of the resources in it, "" for one that is removed
	before   map[string]*entry // what the proxy had of them before, nil for nothing
	entries  map[string]*entry // that are in it
}

// change is what is to be sent of a kind.
type change struct {
	updated []*entry
	removed []string
}

func (c change) empty() bool { return len(c.updated) == 0 && len(c.removed) == 0 }

// begin takes over what the proxy brought along from an earlier stream.
func (s *subscription) begin(versions map[string]string, have map[string]*entry) {
	s.asked, s.sent, s.accepted = true, make(map[string]*entry, len(versions)), map[string]uint64{}
	for name, version := range versions {
		e := have[name]
		if e == nil || e.version != version {
			e = &entry{name: name, version: version}
		} else {
			s.accepted[name] = e.since
		}
		s.sent[name] = e
	}
}

// recognize finds out what the proxy brought along before anything was published.
func (s *subscription) recognize(all map[string]*entry) {
	for name, e := range s.sent {
		if known := all[name]; e.message == nil && known != nil && known.version == e.version {
			s.sent[name], s.accepted[name] = known, known.since
		}
	}
}

// update takes over what the proxy subscribes to now. again are names that it asked for although it has them: it wants
// them once more.
func (s *subscription) update(sub cache.Subscription, again []string) {
	s.forget()
	s.wildcard = sub.IsWildcard()
	s.names = maps.Clone(sub.SubscribedResources())
	for _, name := range again {
		delete(s.sent, name)
	}
	for name, version := range sub.ReturnedResources() {
		if version == "" { // unsubscribed by name from everything: it wants to hear whether it still exists
			delete(s.sent, name)
		}
	}
	if !s.wildcard {
		maps.DeleteFunc(s.sent, func(name string, _ *entry) bool { _, wants := s.names[name]; return !wants })
	}
	maps.DeleteFunc(s.refused, func(name string, _ refusal) bool { return s.sent[name] == nil })
}

// send notes that a change is on its way, and returns the versions that the proxy then has.
func (s *subscription) send(c change) map[string]string {
	r := response{versions: map[string]string{}, before: map[string]*entry{}, entries: map[string]*entry{}}
	for _, e := range c.updated {
		r.before[e.name] = s.sent[e.name]
		r.versions[e.name], r.entries[e.name] = e.version, e
		s.sent[e.name] = e
	}
	for _, name := range c.removed {
		r.before[name] = s.sent[name]
		r.versions[name] = ""
		delete(s.sent, name)
	}
	s.inFlight = append(s.inFlight, r)
	versions := make(map[string]string, len(s.sent))
	for name, e := range s.sent {
		versions[name] = e.version
	}
	return versions
}

// number gives the oldest response without a nonce its nonce.
func (s *subscription) number(nonce string) {
	for i := range s.inFlight {
		if s.inFlight[i].nonce == "" {
			s.inFlight[i].nonce = nonce
			return
		}
	}
}

// forget takes back responses that did not leave: the protocol library throws one away if a request overtakes it.
func (s *subscription) forget() {
	for len(s.inFlight) > 0 {
		last := s.inFlight[len(s.inFlight)-1]
		if last.nonce != "" {
			return
		}
		s.inFlight = s.inFlight[:len(s.inFlight)-1]
		for name := range last.versions {
			s.revert(last, name)
		}
	}
}

// revert notes that the proxy has of a resource what it had before the response, unless it was sent a newer one.
func (s *subscription) revert(r response, name string) {
	if now := s.sent[name]; now != nil && now.version != r.versions[name] {
		return
	}
	if before := r.before[name]; before != nil {
		s.sent[name] = before
	} else {
		delete(s.sent, name)
	}
}

// acknowledged is what the proxy had before the responses that it has not answered, and before what it refuses.
func (s subscription) acknowledged() map[string]*entry {
	out := maps.Clone(s.sent)
	for _, r := range slices.Backward(s.inFlight) {
		for name, before := range r.before {
			if before != nil {
				out[name] = before
			} else {
				delete(out, name)
			}
		}
	}
	for name, r := range s.refused {
		if has := out[name]; has == nil || has.since != r.since {
			continue
		}
		if r.has != nil {
			out[name] = r.has
		} else {
			delete(out, name)
		}
	}
	return out
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
	s.settle(r)
	for name, version := range r.versions {
		if version == "" {
			delete(s.accepted, name)
		} else {
			s.accepted[name] = r.entries[name].since
		}
	}
}

// settle notes that what was refused of the resources of r earlier does not count any more, and returns that.
func (s *subscription) settle(r response) map[string]refusal {
	before := map[string]refusal{}
	for name := range r.versions {
		if was, refused := s.refused[name]; refused {
			before[name] = was
			delete(s.refused, name)
		}
	}
	return before
}

func (s *subscription) wants(name string) bool {
	_, named := s.names[name]
	return named || s.wildcard
}
