package translate

import (
	"errors"
	"fmt"
	"slices"

	mutationrulesv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	modulefilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/dynamic_modules/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// elsewhereFilter is the name under which the filter is configured in the listener and switched on in a route.
const elsewhereFilter = "dubbo.elsewhere"

var errItself = errors.New("the service would fall back to itself; name another service, or labels of other instances")

// leads reports whether a fallback is another service's answer, or that of other instances, not a fixed one.
func leads(f model.Fallback) bool { return f.Service != "" || len(f.Labels) > 0 }

// elsewhere are the routes for requests that match, have failed and are made anew elsewhere: one for each fallback that
// leads somewhere. They stand before the route whose fallbacks they are. What such a call comes to is its answer: it has no
// fallbacks, and what has let it in or refused it the first time is not asked again.
func (u *unit) elsewhere(match *routev3.RouteMatch, to []variant, w way, rule model.Rule, source string) (out []*routev3.Route) {
	s := u.settings(w, rule, source)
	for i, f := range s.fallbacks() {
		if !leads(f) || u.opt.contrib() {
			continue
		}
		there := model.Rule{
			To:      []model.Backend{{Service: f.Service, Labels: f.Labels}},
			Timeout: rule.Timeout, IdleTimeout: rule.IdleTimeout, Retry: rule.Retry, CORS: rule.CORS,
		}
		if err := u.cannotLead(f, to, there); err != nil {
			u.report(s, "fallback", err)
			continue
		}
		anew := w
		anew.anew = true
		r := u.route(to, anew, there, source)
		r.Name, r.Match = rule.Name, proto.CloneOf(match)
		r.Match.Headers = append(r.Match.Headers, headerMatches(config.FallbackHeader, exactly(itoa(i))))
		r.RequestHeadersToRemove = append(r.RequestHeadersToRemove, config.FallbackHeader)
		out = append(out, r)
	}
	return out
}

// cannotLead says why calls cannot be made anew where a fallback leads.
func (u *unit) cannotLead(f model.Fallback, to []variant, there model.Rule) error {
	if f.Service == u.in.Service.Name && len(f.Labels) == 0 {
		return errItself
	}
	if err := u.reachable(to, there); err != nil {
		return fmt.Errorf("service: %w", err)
	}
	return nil
}

// fallElsewhere has calls made anew that have failed. Fallbacks that are no use are left out here too, lest they keep others
// from being chosen.
func fallElsewhere(r *routev3.Route, u *unit, s routeSettings) {
	list := s.fallbacks()
	if u.opt.contrib() || !slices.ContainsFunc(list, leads) {
		return
	}
	var e config.Elsewhere
	for _, f := range list {
		c := config.FallbackChoice{On: failedOn(f), Again: leads(f)}
		for _, status := range f.Statuses {
			c.Statuses = append(c.Statuses, int(status))
		}
		if f.Service == u.in.Service.Name && len(f.Labels) == 0 {
			c.On, c.Statuses = nil, nil
		}
		e.Choices = append(e.Choices, c)
	}
	enable(r, elsewhereFilter, &modulefilterv3.DynamicModuleFilterPerRoute{
		DynamicModuleConfig: moduleByName(),
		FilterName:          config.ElsewhereFilter,
		FilterConfig:        pack(wrapperspb.String(string(e.Text()))),
	})
}

// unmarked takes off requests from outside what marks those that are made anew: Envoy does so before anything looks at a
// request, and not again when it is made anew.
func unmarked() *corev3.TypedExtensionConfig {
	return &corev3.TypedExtensionConfig{
		Name: "envoy.http.early_header_mutation.header_mutation",
		TypedConfig: pack(&earlyv3.HeaderMutation{Mutations: []*mutationrulesv3.HeaderMutation{
			{Action: &mutationrulesv3.HeaderMutation_Remove{Remove: config.FallbackHeader}},
		}}),
	}
}
