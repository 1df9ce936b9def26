package explain

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Lane is the lane that a request is in, and those that it is not in.
type Lane struct {
	Policy     string   `json:"policy,omitempty"` // Lane/gray; "" for none
	Name       string   `json:"name,omitempty"`   // what the header carries
	How        string   `json:"how,omitempty"`    // enters, or carries: the request has the lane's name already
	Falls      string   `json:"falls,omitempty"`  // where to, since the service has no instance in it: base, or none
	Overridden []string `json:"overridden,omitempty"`
	Not        []string `json:"not,omitempty"` // other lanes of the service, and why the request is in none of them
}

// How a request came into its lane.
const (
	enters  = "enters"
	carries = "carries"
)

// lane tells the lane of a route by the header that the route sets. nil where the service has no lanes.
func (q Question) lane(service model.Service, method string, m routing.Match, passed []routing.Passed) *Lane {
	policies := q.Snapshot.Policies.For(service)
	if len(policies.Lanes) == 0 || m.Route.GetRoute() == nil {
		return nil
	}
	out := &Lane{Name: laneOf(m.Route, policies.Carrier)}
	carried := q.carried(policies.Carrier)
	if out.Name != "" {
		if out.How = enters; carried == out.Name {
			out.How = carries
		}
	}
	why := q.passedLanes(m.Route, policies, passed)
	for _, l := range policies.Lanes {
		id, fits := model.PolicyID(l), q.entry(l, service, method)
		switch own := l.Value() == out.Name; {
		case own && out.Policy == "" && (out.How == carries || fits != No):
			out.Policy = id
			if !l.Has(service.Name) {
				out.Falls = "base" // whatever becomes of it where the service has the lane
			} else if !slices.ContainsFunc(service.Instances, func(in model.Instance) bool { return model.HasLabels(in, l.InstanceLabels()) }) {
				out.Falls = cmp.Or(l.Fallback, "base")
			}
		case out.Name != "" && fits != No:
			out.Overridden = append(out.Overridden, perhaps(id, fits))
		case own: // a second policy of the same lane
		case carried == l.Value():
			out.Not = append(out.Not, id+": the request carries its name, but "+service.Name+" has no instance in it, and it falls back")
		case l.Service != "" && l.Service != service.Name:
			out.Not = append(out.Not, id+": it is entered at "+l.Service)
		case len(l.Match) == 0:
			out.Not = append(out.Not, id+": it has no match, so that only requests with its name are in it")
		case q.unfit(l.Match, method) != "":
			out.Not = append(out.Not, id+": "+q.unfit(l.Match, method))
		case why[l.Value()] != "":
			out.Not = append(out.Not, id+": "+why[l.Value()])
		default:
			out.Not = append(out.Not, id+": its match does not fit")
		}
	}
	return out
}

func perhaps(id string, fits Answer) string {
	if fits == Depends {
		return id + " (perhaps)"
	}
	return id
}

// entry says whether the request would enter a lane at a service, if no other were before it.
func (q Question) entry(l model.Lane, service model.Service, method string) Answer {
	if !l.EnteredAt(service.Name) {
		return No
	}
	fits := q.calls(l.Match, method)
	if l.Percent != nil && *l.Percent < model.FullPercent {
		fits = both(fits, Depends)
	}
	return fits
}

// laneOf is the lane whose name a route sets, "" when it only passes on what there is.
func laneOf(r *routev3.Route, c model.LaneCarrier) string {
	set := slices.Clone(r.GetRequestHeadersToAdd())
	for _, backend := range r.GetRoute().GetWeightedClusters().GetClusters() { // where some of them change headers, the route's are with theirs
		set = append(set, backend.GetRequestHeadersToAdd()...)
	}
	for _, h := range set {
		if h.GetHeader().GetKey() == c.Header && h.GetAppendAction() == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			return strings.ReplaceAll(h.GetHeader().GetValue(), "%%", "%")
		}
	}
	return ""
}

// carried is the name of the lane that the request comes with, in any of the forms that it may have.
func (q Question) carried(c model.LaneCarrier) string {
	for _, name := range []string{c.Header, config.AttachmentPrefix + strings.ToLower(c.Attachment)} {
		if value := q.Request.Headers[name]; value != "" {
			return value
		}
	}
	if c.Baggage == "" {
		return ""
	}
	member := regexp.MustCompile(`(?:^|,)\s*` + regexp.QuoteMeta(c.Baggage) + `\s*=\s*([^;,\s]*)`)
	if found := member.FindStringSubmatch(q.Request.Headers["baggage"]); found != nil {
		return found[1]
	}
	return ""
}

// passedLanes says of the lanes of a rule, by their names, why the request does not enter them.
func (q Question) passedLanes(taken *routev3.Route, policies model.ServicePolicies, passed []routing.Passed) map[string]string {
	rule, _ := q.rule(ruleOf(taken))
	asked := slices.Clone(rule.Match)
	for _, l := range policies.Lanes {
		asked = append(asked, l.Match...)
	}
	out := map[string]string{}
	for _, p := range passed {
		name := laneOf(p.Route, policies.Carrier)
		if name == "" || ruleOf(p.Route) != ruleOf(taken) || carrying(p.Route, policies.Carrier, name) || q.otherWay(asked, p) {
			continue
		}
		if !slices.Contains(strings.Split(out[name], "; "), p.Why) {
			out[name] = strings.TrimPrefix(out[name]+"; "+p.Why, "; ")
		}
	}
	return out
}

// carrying reports whether a route is for requests that carry the name of a lane.
func carrying(r *routev3.Route, c model.LaneCarrier, name string) bool {
	return slices.ContainsFunc(r.GetMatch().GetHeaders(), func(h *routev3.HeaderMatcher) bool {
		switch h.GetName() {
		case c.Header, config.AttachmentPrefix + strings.ToLower(c.Attachment):
			return h.GetStringMatch().GetExact() == name
		case "baggage":
			return true
		}
		return false
	})
}
