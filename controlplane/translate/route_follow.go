package translate

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previousv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/internal_redirect/previous_routes/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// followRedirects has Envoy make a request anew where the service sends the caller.
func followRedirects(r *routev3.Route, _ *unit, s routeSettings) {
	f := s.rule.FollowRedirects
	if f == nil {
		return
	}
	p := &routev3.InternalRedirectPolicy{
		MaxInternalRedirects:  wrapperspb.UInt32(model.Or(f.Max, 1)),
		RedirectResponseCodes: f.Statuses,
	}
	if f.OtherRoutes {
		p.Predicates = []*corev3.TypedExtensionConfig{{Name: "previous_routes", TypedConfig: pack(&previousv3.PreviousRoutesConfig{})}}
	}
	r.GetRoute().InternalRedirectPolicy = p
}
