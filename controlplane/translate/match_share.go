package translate

import (
	"reflect"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// shares turn percentages of rules that stand one behind the other into what Envoy compares. It throws once for a request, however
// many of its routes ask: of two routes with 30% the second would get nothing. So a share is counted from where that of the rules
// before it ends which all requests have come by that reach it.
type shares struct{ before []share }

// share is a rule that takes a part of the requests that fit it: those whose throws lie between two bounds.
type share struct {
	hosts      []string
	match      model.RequestMatch // without the percentage
	from, upTo model.Percent
}

// after is the share of a match as Envoy has to be told it.
func (s shares) after(hosts []string, m model.RequestMatch) share {
	own := share{hosts: hosts, match: m}
	own.match.Percent = nil
	for _, b := range s.before {
		if b.covers(own) {
			own.from = max(own.from, b.upTo)
		}
	}
	own.upTo = part(own.from, model.FullPercent, m.Percent.Or(model.FullPercent))
	return own
}

// part is where a part of what lies between two bounds ends.
func part(from, upTo, of model.Percent) model.Percent {
	return from + model.Percent(uint64(upTo-from)*uint64(of)/uint64(model.FullPercent))
}

// covers reports whether all requests that fit another rule's match fit this one's, as far as that is plain.
func (s share) covers(other share) bool {
	anywhere := len(s.hosts) == 0 || reflect.DeepEqual(s.hosts, other.hosts)
	return anywhere && (reflect.DeepEqual(s.match, model.RequestMatch{}) || reflect.DeepEqual(s.match, other.match))
}
