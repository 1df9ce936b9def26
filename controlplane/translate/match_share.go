package translate

import (
	"github.com/go-json-experiment/json"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// shares turn percentages of rules that stand one behind the other into what Envoy compares. It throws once for a request, however
// many of its routes ask: of two routes with 30% the second would get nothing. So a share is counted from where that of the rules
// before it ends which all requests have come by that reach it: of those that fit all, or the same, for all hosts or the same.
type shares struct {
	ends map[string]model.Percent // by hosts and match
}

// share is a rule that takes a part of the requests that fit it: those whose throws lie between two bounds.
type share struct {
	key        string
	from, upTo model.Percent
}

// after is the share of a match as Envoy has to be told it.
func (s *shares) after(hosts []string, m model.RequestMatch) share {
	of := m.Percent.Or(model.FullPercent)
	if len(s.ends) == 0 && of == model.FullPercent {
		return share{upTo: of}
	}
	m.Percent = nil
	own := share{key: sharers(hosts, m)}
	for _, key := range []string{own.key, sharers(nil, m), sharers(hosts, model.RequestMatch{}), sharers(nil, model.RequestMatch{})} {
		own.from = max(own.from, s.ends[key])
	}
	own.upTo = part(own.from, model.FullPercent, of)
	return own
}

// take has the rules that follow count from where a share ends.
func (s *shares) take(own share) {
	if own.key == "" || own.upTo == model.FullPercent { // what comes behind it gets nothing
		return
	}
	if s.ends == nil {
		s.ends = map[string]model.Percent{}
	}
	s.ends[own.key] = own.upTo
}

// sharers name the requests that a share is of.
func sharers(hosts []string, m model.RequestMatch) string {
	text, err := json.Marshal(struct {
		Hosts []string
		Match model.RequestMatch
	}{hosts, m}, json.Deterministic(true))
	if err != nil {
		return "" // it shares with nobody
	}
	return string(text)
}

// part is where a part of what lies between two bounds ends.
func part(from, upTo, of model.Percent) model.Percent {
	return from + model.Percent(uint64(upTo-from)*uint64(of)/uint64(model.FullPercent))
}
