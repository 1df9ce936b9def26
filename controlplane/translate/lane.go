package translate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// laneWay is one way for a request to be in a lane: it carries the lane's name already, or enters here.
type laneWay struct {
	lane   model.Lane
	enters bool
	narrow func(*routev3.RouteMatch) error
}

// laned are routes for requests that match: one for each way into a lane, the last for those in none. Before
// each stand those for requests that are made anew.
func (u *unit) laned(to []variant, w way, rule model.Rule, source string, match *routev3.RouteMatch) (out []*routev3.Route) {
	for _, l := range u.laneWays(to, w) {
		m := proto.CloneOf(match)
		err := l.narrow(m)
		if err == nil {
			err = checkRegexes(m)
		}
		if err != nil {
			u.leftOut(sourceOf(l.lane), fmt.Sprintf("%s on %s: match: %v", model.PolicyID(l.lane), u.in.Service.Name, err))
			continue
		}
		part := w
		part.lane = &l
		anew, part := u.elsewhere(m, to, part, rule, source)
		r := u.route(to, part, rule, source)
		r.Match = m
		out = append(append(out, anew...), r)
	}
	anew, w := u.elsewhere(match, to, w, rule, source)
	r := u.route(to, w, rule, source)
	r.Match = match
	return append(append(out, anew...), r)
}

// laneWays lists the ways into the lanes of the service. What a request carries counts before what it would enter. A lane
// in which nobody is, and from which calls fall back, needs no route: the name is passed on all the same.
func (u *unit) laneWays(to []variant, w way) (out []laneWay) {
	var carried []laneWay
	for _, name := range u.carriers() {
		for _, lane := range u.in.Policies.Lanes {
			if lane.Has(u.in.Service.Name) && (lane.Fallback == "none" || inhabited(to, lane)) {
				carried = append(carried, laneWay{lane: lane, narrow: func(m *routev3.RouteMatch) error {
					m.Headers = append(m.Headers, u.carries(name, lane.Value()))
					return nil
				}})
			}
		}
	}
	var parts shares // of what the way's requests are of the throws
	for _, lane := range u.in.Policies.Lanes {
		if !lane.EnteredAt(u.in.Service.Name) {
			continue
		}
		for _, m := range lane.Match {
			if fits, err := w.ofMethod(&m); err != nil || !fits {
				continue
			}
			if m.Percent == nil {
				m.Percent = lane.Percent
			}
			own := parts.after(nil, m)
			parts.take(own)
			if m.Percent != nil {
				upTo := part(w.from, w.upTo, own.upTo)
				m.Percent = &upTo
			}
			out = append(out, laneWay{lane: lane, enters: true, narrow: func(match *routev3.RouteMatch) error { return narrow(match, m, w) }})
		}
	}
	return append(carried, out...)
}

// carriers are the headers that the name of a lane comes in, the one that counts most first.
func (u *unit) carriers() []string {
	c := u.in.Policies.Carrier
	out := []string{c.Header, attachmentHeader(c)}
	if c.Baggage != "" {
		out = append(out, baggageHeader)
	}
	return out
}

const baggageHeader = "baggage" // of W3C, with members key=value;properties

func (u *unit) carries(header, value string) *routev3.HeaderMatcher {
	if header != baggageHeader {
		return headerMatches(header, exactly(value))
	}
	member := regexp.QuoteMeta(u.in.Policies.Carrier.Baggage) + `\s*=\s*` + regexp.QuoteMeta(value)
	return regexCondition(baggageHeader, `(?:.*,)?\s*`+member+`\s*(?:[;,].*)?`, false)
}

func attachmentHeader(c model.LaneCarrier) string {
	return config.AttachmentPrefix + strings.ToLower(c.Attachment)
}

// passLane writes the lane of a request in each form that the next one may look for: what has come in one, or in baggage
// alone, is passed on in both. What enters a lane has it in its baggage too.
func passLane(r *routev3.Route, u *unit, s routeSettings) {
	c := u.in.Policies.Carrier
	if len(u.in.Policies.Lanes) == 0 && u.in.Policies.From["lane.header"] == "" {
		return
	}
	header, attachment := c.Header, attachmentHeader(c)
	l := s.way.lane
	if l == nil {
		r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, unlessThere(header, attachment, c.Baggage), unlessThere(attachment, header, c.Baggage))
		return
	}
	value := literal(l.lane.Value())
	r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, overwrite(header, value), overwrite(attachment, value))
	if l.enters && c.Baggage != "" {
		r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, &corev3.HeaderValueOption{
			Header: &corev3.HeaderValue{Key: baggageHeader, Value: literal(c.Baggage) + "=" + value},
		})
	}
}

// unlessThere gives a header that is not there the value of another, or else of a member of baggage, "" for none. Envoy
// adds nothing where there is nothing to copy.
func unlessThere(name, from, member string) *corev3.HeaderValueOption {
	value := "%REQ(" + from + ")%"
	if member != "" {
		value = "%CEL(" + fromBaggage(name, from, member) + ")%"
	}
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_ADD_IF_ABSENT,
	}
}

// fromBaggage is an expression of CEL. Envoy compiles the regular expression in it at each use, so it comes last. It fails where there is nothing to
// be found, and then there is no value.
func fromBaggage(name, from, member string) string {
	const headers = "request.headers"
	is, other, baggage := quoted(name), quoted(from), headers+"["+quoted(baggageHeader)+"]"
	found := quoted(`(?:.*?,)?\s*` + regexp.QuoteMeta(member) + `\s*=\s*([^;,\s]+)\s*(?:[;,].*)?`)
	return other + " in " + headers + " ? " + headers + "[" + other + "] : " +
		"!(" + is + " in " + headers + ") && " + baggage + ".contains(" + quoted(member) + ") ? re.capture(" + baggage + ", " + found + ") : ''"
}

// quoted is a string of CEL in which Envoy finds no command operator.
func quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "%", `\x25`).Replace(s) + "'"
}

// inhabited reports whether some instance is in a lane.
func inhabited(to []variant, lanes ...model.Lane) bool {
	return slices.ContainsFunc(to, func(v variant) bool {
		return slices.ContainsFunc(v.instances, func(in model.Instance) bool { return inLane(in, lanes) })
	})
}

func inLane(in model.Instance, lanes []model.Lane) bool {
	return slices.ContainsFunc(lanes, func(l model.Lane) bool { return model.HasLabels(in, l.InstanceLabels()) })
}

// lane narrows variants of a service, which need not be u's own, to those who are in the lane of a request, or else to
// those who are in none. Where everybody is in some lane, that is everybody.
func (u *unit) lane(from *unit, to []variant, l *laneWay) (out []variant, in bool) {
	lanes := slices.DeleteFunc(slices.Clone(from.in.Policies.Lanes), func(lane model.Lane) bool { return !lane.Has(from.in.Service.Name) })
	s := from.in.Policies.Traffic
	if l != nil && l.lane.Has(from.in.Service.Name) && (l.lane.Fallback == "none" || inhabited(to, l.lane)) {
		for _, v := range to {
			out = append(out, u.pool(v, l.lane.InstanceLabels(), s))
		}
		return out, true
	}
	base := func(in model.Instance) bool { return !inLane(in, lanes) }
	if !inhabited(to, lanes...) || !slices.ContainsFunc(to, func(v variant) bool { return slices.ContainsFunc(v.instances, base) }) {
		return to, false
	}
	for _, v := range to {
		v.cluster += "|base"
		v.instances = slices.DeleteFunc(slices.Clone(v.instances), func(in model.Instance) bool { return !base(in) })
		u.pools[v.cluster] = target{v, s}
		out = append(out, v)
	}
	return out, false
}
