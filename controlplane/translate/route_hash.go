package translate

import (
	"errors"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// hash says what requests are hashed on; the first that a request has counts.
func hash(r *routev3.Route, u *unit, s routeSettings) {
	if s.service.LoadBalancing == nil {
		return
	}
	for _, k := range s.service.LoadBalancing.HashOn {
		p := hashOn(k)
		if p == nil {
			u.report(s, "loadBalancing", errors.New("hashOn: arguments of a call cannot be looked at yet; hash on a header or an attachment"))
			continue
		}
		p.Terminal = true
		r.GetRoute().HashPolicy = append(r.GetRoute().HashPolicy, p)
	}
}

func hashOn(k model.HashKey) *routev3.RouteAction_HashPolicy {
	header := func(name string) *routev3.RouteAction_HashPolicy {
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Header_{
			Header: &routev3.RouteAction_HashPolicy_Header{HeaderName: strings.ToLower(name)},
		}}
	}
	switch {
	case k.Header != "":
		return header(k.Header)
	case k.Attachment != "":
		return header(config.AttachmentPrefix + k.Attachment)
	case k.Cookie != "":
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Cookie_{
			Cookie: &routev3.RouteAction_HashPolicy_Cookie{Name: k.Cookie, Ttl: durationOf(k.CookieTTL), Path: "/"},
		}}
	case k.Query != "":
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_QueryParameter_{
			QueryParameter: &routev3.RouteAction_HashPolicy_QueryParameter{Name: k.Query},
		}}
	case k.SourceIP:
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_ConnectionProperties_{
			ConnectionProperties: &routev3.RouteAction_HashPolicy_ConnectionProperties{SourceIp: true},
		}}
	}
	return nil
}
