package translate

import (
	"fmt"
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
		p, err := hashOn(k, s.way)
		if err != nil {
			u.report(s, "loadBalancing", fmt.Errorf("hashOn: %w", err))
			continue
		}
		p.Terminal = true
		r.GetRoute().HashPolicy = append(r.GetRoute().HashPolicy, p)
	}
}

func hashOn(k model.HashKey, w way) (*routev3.RouteAction_HashPolicy, error) {
	header := func(name string) *routev3.RouteAction_HashPolicy {
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Header_{
			Header: &routev3.RouteAction_HashPolicy_Header{HeaderName: strings.ToLower(name)},
		}}
	}
	switch {
	case k.Header != "":
		return header(k.Header), nil
	case k.Attachment != "":
		return header(config.AttachmentPrefix + k.Attachment), nil
	case k.Argument != "":
		name, err := w.asked.argument(k.Argument)
		return header(name), err
	case k.Cookie != "":
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Cookie_{
			Cookie: &routev3.RouteAction_HashPolicy_Cookie{Name: k.Cookie, Ttl: durationOf(k.CookieTTL), Path: "/"},
		}}, nil
	case k.Query != "":
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_QueryParameter_{
			QueryParameter: &routev3.RouteAction_HashPolicy_QueryParameter{Name: k.Query},
		}}, nil
	}
	return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_ConnectionProperties_{
		ConnectionProperties: &routev3.RouteAction_HashPolicy_ConnectionProperties{SourceIp: true},
	}}, nil
}
