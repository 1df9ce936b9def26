package translate

import (
	"errors"
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// elsewhereFilter is the name under which the filter is configured in the listener and switched on in a route.
const elsewhereFilter = "dubbo.elsewhere"

var errItself = errors.New("the service would fall back to itself; name another service, or labels of other instances")

// maxElsewhere bounds the routes that one route's fallbacks become.
const maxElsewhere = 8

var errTooManyElsewhere = fmt.Errorf("a call can be made anew in %d ways; leave out some that lead to services or labels", maxElsewhere)

var errOperation = errors.New("the operations that a Mapping gives a service have no counterpart at another; name labels, or answer with status, headers and body")

// leads reports whether a fallback is another service's answer, or that of other instances, not a fixed one.
func leads(f model.Fallback) bool { return f.Service != "" || len(f.Labels) > 0 }

// elsewhere are the routes for requests that match, have failed and are made anew elsewhere: one for each fallback that
// leads somewhere. They stand before the route whose fallbacks they are, which is that of the way returned. What such a call comes to is its answer: it has no
// fallbacks, and what has let it in or refused it the first time is not asked again.
func (u *unit) elsewhere(match *routev3.RouteMatch, to []variant, w way, rule model.Rule, source string) (out []*routev3.Route, main way) {
	s := u.settings(w, rule, source)
	main = w
	for i, f := range s.fallbacks() {
		if !leads(f) || u.opt.contrib() {
			continue
		}
		there := model.Rule{
			To:      []model.Backend{{Service: f.Service, Labels: f.Labels}},
			Timeout: rule.Timeout, IdleTimeout: rule.IdleTimeout, Retry: rule.Retry, CORS: rule.CORS,
		}
		if len(out) == maxElsewhere {
			u.report(s, "fallback", errTooManyElsewhere)
			break
		}
		if err := u.cannotLead(f, to, w, there); err != nil {
			u.report(s, "fallback", err)
			continue
		}
		anew := w
		anew.anew = true
		r := u.route(to, anew, there, source)
		r.Name, r.Match = rule.Name, proto.CloneOf(match)
		r.Match.Headers = append(r.Match.Headers, headerMatches(config.FallbackHeader, exactly(itoa(i))))
		r.RequestHeadersToRemove = append(r.RequestHeadersToRemove, config.FallbackHeader)
		if main.led == nil {
			main.led = map[int]bool{}
		}
		out, main.led[i] = append(out, r), true
	}
	return out, main
}

// cannotLead says why calls cannot be made anew where a fallback leads.
func (u *unit) cannotLead(f model.Fallback, to []variant, w way, there model.Rule) error {
	other := f.Service != "" && f.Service != u.in.Service.Name
	switch {
	case !other && len(f.Labels) == 0:
		return errItself
	case other && w.operations != nil:
		return errOperation
	}
	if err := u.reachable(to, there); err != nil {
		return fmt.Errorf("service: %w", err)
	}
	return nil
}

// fallElsewhere has calls made anew that have failed, where there are routes for that.
func fallElsewhere(r *routev3.Route, u *unit, s routeSettings) {
	if len(s.way.led) == 0 {
		return
	}
	var e config.Elsewhere
	for i, f := range s.fallbacks() {
		var c config.FallbackChoice // one that is no use fits nothing
		if s.way.led[i] || !leads(f) {
			c.On, c.Again = failedOn(f), leads(f)
			for _, status := range f.Statuses {
				c.Statuses = append(c.Statuses, int(status))
			}
		}
		e.Choices = append(e.Choices, c)
	}
	enable(r, elsewhereFilter, moduleFilter(config.ElsewhereFilter, e.Text()))
}
