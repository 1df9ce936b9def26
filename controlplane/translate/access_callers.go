package translate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// principal is a condition on who calls.
func (u *unit) principal(p model.Access, c model.Caller) (*rbacv3.Principal, error) {
	var all []*rbacv3.Principal
	if len(c.Caller) > 0 {
		named, err := u.caller(p, c.Caller)
		if err != nil {
			return nil, fmt.Errorf("caller: %w", err)
		}
		all = append(all, named)
	}
	if len(c.Identity) > 0 {
		list, err := identities(c.Identity)
		if err != nil {
			return nil, fmt.Errorf("identity: %w", err)
		}
		all = append(all, anyPrincipal(list))
	}
	if len(c.Service) > 0 {
		all = append(all, authenticated(regexMatcher(servicePattern(c.Service))))
		if err := checkRegex(servicePattern(c.Service)); err != nil {
			return nil, fmt.Errorf("service: %w", err)
		}
	}
	if len(c.IP) > 0 {
		list, err := networks(c.IP)
		if err != nil {
			return nil, fmt.Errorf("ip: %w", err)
		}
		all = append(all, anyPrincipal(list))
	}
	for _, path := range slices.Sorted(maps.Keys(c.Claims)) {
		claim, err := u.claim(p, path, c.Claims[path])
		if err != nil {
			return nil, fmt.Errorf("claims.%s: %w", path, err)
		}
		all = append(all, claim)
	}
	out := anybody()
	switch len(all) {
	case 0:
	case 1:
		out = all[0]
	default:
		out = &rbacv3.Principal{Identifier: &rbacv3.Principal_AndIds{AndIds: &rbacv3.Principal_Set{Ids: all}}}
	}
	if c.Not {
		out = notPrincipal(out)
	}
	return out, nil
}

// identities fit the names of certificates. Who shows none has no name, which a condition turned round does not fit either.
func identities(list []model.StringMatch) (out []*rbacv3.Principal, err error) {
	for _, s := range list {
		m, err := stringMatcher(s)
		if err == nil {
			err = checkRegex(m.GetSafeRegex().GetRegex())
		}
		if err != nil {
			return nil, err
		}
		one := authenticated(m)
		if s.Not {
			known := &rbacv3.Principal{Identifier: &rbacv3.Principal_Authenticated_{Authenticated: &rbacv3.Principal_Authenticated{}}}
			one = &rbacv3.Principal{Identifier: &rbacv3.Principal_AndIds{AndIds: &rbacv3.Principal_Set{Ids: []*rbacv3.Principal{known, notPrincipal(one)}}}}
		}
		out = append(out, one)
	}
	return out, nil
}

// servicePattern fits certificates of services: the last part of a SPIFFE ID is the service's name.
func servicePattern(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	return `spiffe://[^/]+/(?:.*/)?(?:` + strings.Join(quoted, "|") + `)`
}

func authenticated(name *matcherv3.StringMatcher) *rbacv3.Principal {
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_Authenticated_{Authenticated: &rbacv3.Principal_Authenticated{PrincipalName: name}}}
}

// networks fit addresses of callers: those of the connection, or those that as many proxies in front name as trustedHops says.
func networks(list []string) (out []*rbacv3.Principal, err error) {
	for _, text := range list {
		prefix, err := network(text)
		if err != nil {
			return nil, err
		}
		out = append(out, &rbacv3.Principal{Identifier: &rbacv3.Principal_RemoteIp{RemoteIp: &corev3.CidrRange{
			AddressPrefix: prefix.Addr().String(), PrefixLen: wrapperspb.UInt32(uint32(prefix.Bits())),
		}}})
	}
	return out, nil
}

func anyPrincipal(list []*rbacv3.Principal) *rbacv3.Principal {
	if len(list) == 1 {
		return list[0]
	}
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_OrIds{OrIds: &rbacv3.Principal_Set{Ids: list}}}
}

func notPrincipal(p *rbacv3.Principal) *rbacv3.Principal {
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_NotId{NotId: p}}
}
