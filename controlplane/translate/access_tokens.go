package translate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/dubbomesh/dubbomesh/controlplane/bounds"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// tokensRequired is the one requirement of a service's token filter.
const tokensRequired = "tokens"

const (
	keysKept     = 5 * time.Minute // how long a fetched key set is used
	keysDeadline = 5 * time.Second // of fetching one
)

// tokenFilters is the filter that checks the tokens of a service's callers. Envoy takes token providers in listeners only:
// each service has a filter of its own, which a change of what tokens are taken replaces with the listener.
func (u *unit) tokenFilters() []*hcmv3.HttpFilter {
	out := &jwtv3.JwtAuthentication{Providers: map[string]*jwtv3.JwtProvider{}, BypassCorsPreflight: true, StatPrefix: "access."}
	all := &jwtv3.JwtRequirementAndList{}
	many := len(u.tokenPolicies()) > 1
	for _, p := range u.tokenPolicies() {
		for _, j := range p.JWT {
			provider := u.tokenProvider(p, j)
			provider.Forward = provider.Forward || many // taking it away would leave nothing for the next policy
			out.Providers[tokenKey(p, j)] = provider
		}
		all.Requirements = append(all.Requirements, requirement(p))
	}
	if len(all.Requirements) == 0 {
		return nil
	}
	required := all.Requirements[0]
	if len(all.Requirements) > 1 {
		required = &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_RequiresAll{RequiresAll: all}}
	}
	out.RequirementMap = map[string]*jwtv3.JwtRequirement{tokensRequired: required}
	return []*hcmv3.HttpFilter{{Name: u.tokenFilter(), Disabled: true, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(out)}}}
}

func (u *unit) tokenFilter() string { return "jwt|" + u.in.Service.Name }

func (u *unit) tokenPolicies() (out []model.Access) {
	for _, p := range u.in.Policies.Access {
		if len(p.JWT) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// askTokens switches the service's filter on.
func askTokens(r *routev3.Route, u *unit, _ routeSettings) {
	if len(u.tokenPolicies()) > 0 {
		enable(r, u.tokenFilter(), &jwtv3.PerRouteConfig{RequirementSpecifier: &jwtv3.PerRouteConfig_RequirementName{RequirementName: tokensRequired}})
	}
}

// requirement is a token of one of a policy's providers. What is tried out refuses nothing.
func requirement(p model.Access) *jwtv3.JwtRequirement {
	var list []*jwtv3.JwtRequirement
	for _, j := range p.JWT {
		list = append(list, &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_ProviderName{ProviderName: tokenKey(p, j)}})
	}
	switch {
	case p.DryRun:
		list = append(list, &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_AllowMissingOrFailed{AllowMissingOrFailed: &emptypb.Empty{}}})
	case tokenOptional(p):
		list = append(list, &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_AllowMissing{AllowMissing: &emptypb.Empty{}}})
	}
	if len(list) == 1 {
		return list[0]
	}
	return &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_RequiresAny{RequiresAny: &jwtv3.JwtRequirementOrList{Requirements: list}}}
}

func tokenOptional(p model.Access) bool {
	return slices.ContainsFunc(p.JWT, func(j model.JWTProvider) bool { return j.Optional })
}

// tokenKey names a provider of a policy, and what it says of a token.
func tokenKey(p model.Access, j model.JWTProvider) string { return p.Name + "/" + j.Name }

func (u *unit) tokenProvider(p model.Access, j model.JWTProvider) *jwtv3.JwtProvider {
	out := &jwtv3.JwtProvider{
		Issuer: j.Issuer, Audiences: j.Audiences, Forward: j.Forward || p.DryRun, PayloadInMetadata: tokenKey(p, j),
		NormalizePayloadInMetadata: &jwtv3.JwtProvider_NormalizePayload{SpaceDelimitedClaims: []string{"scope"}},
	}
	switch {
	case j.Header != "" && !strings.EqualFold(j.Header, "authorization"):
		out.FromHeaders = []*jwtv3.JwtHeader{{Name: strings.ToLower(j.Header)}}
	case j.Header != "" || j.Query == "":
		out.FromHeaders = []*jwtv3.JwtHeader{{Name: "authorization", ValuePrefix: "Bearer "}}
	}
	if j.Query != "" {
		out.FromParams = []string{j.Query}
	}
	for _, header := range slices.Sorted(maps.Keys(j.ClaimHeaders)) {
		out.ClaimToHeaders = append(out.ClaimToHeaders, &jwtv3.JwtClaimToHeader{HeaderName: strings.ToLower(header), ClaimName: j.ClaimHeaders[header]})
	}
	if j.JWKS != "" {
		keys, _ := bounds.KeySet(j.JWKS) // it was checked
		out.JwksSourceSpecifier = &jwtv3.JwtProvider_LocalJwks{LocalJwks: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: keys}}}
		return out
	}
	fetched := &jwtv3.RemoteJwks{
		CacheDuration: durationpb.New(keysKept),
		AsyncFetch:    &jwtv3.JwksAsyncFetch{FastListener: true}, // a listener does not wait for the keys of one service
	}
	out.JwksSourceSpecifier = &jwtv3.JwtProvider_RemoteJwks{RemoteJwks: fetched}
	uri, cluster := j.JWKSURL, ""
	if j.JWKSURL != "" {
		cluster = u.keyCluster(j.JWKSService)
	} else {
		uri, cluster = "http://"+keySetHost+"/", keySetCluster(u.in.Service.Name, j.JWKSFile)
		fetched.CacheDuration, fetched.AsyncFetch = durationpb.New(fileKept), nil // by the request that needs it: our filter runs on workers alone
	}
	fetched.HttpUri = &corev3.HttpUri{Uri: uri, HttpUpstreamType: &corev3.HttpUri_Cluster{Cluster: cluster}, Timeout: durationpb.New(keysDeadline)}
	return out
}

// keyCluster is where a service that serves keys is reached. While there is none no token can be checked, and none is taken.
func (u *unit) keyCluster(service string) string {
	all := u.variants
	if service != u.in.Service.Name {
		all = nil
		if other := u.others[service]; other != nil {
			all = other.variants
		}
	}
	if serving := only(all, model.ProtocolHTTP, model.ProtocolH2); len(serving) > 0 {
		return serving[0].cluster
	}
	u.problem(u.in.Service.Name, fmt.Sprintf("no token of callers of %s can be checked: %s, which has the keys, has no instances that speak HTTP; register one", u.in.Service.Name, service))
	return ClusterName(string(model.ProtocolHTTP), service, "", "")
}

// checkTokens says why tokens cannot be asked for.
func (u *unit) checkTokens(p model.Access) error {
	var errs []error
	for i, j := range p.JWT {
		wrong := func(text string) { errs = append(errs, fmt.Errorf("jwt[%d]: %s", i, text)) }
		switch {
		case j.JWKS != "":
			if _, err := bounds.KeySet(j.JWKS); err != nil {
				wrong("jwks: " + err.Error())
			}
		case j.JWKSURL != "":
		case j.JWKSFile != "" && u.opt.contrib():
			wrong(fmt.Sprintf("jwksFile: nobody reads the file with the dataplane %s; write the keys into jwks, or serve them at jwksUrl", ContribGolang))
		case j.JWKSFile != "":
			if err := config.CheckKeySetFile(j.JWKSFile); err != nil {
				wrong("jwksFile: " + err.Error())
			}
		default:
			wrong("it has no keys; write jwks, or jwksUrl and jwksService")
		}
	}
	return errors.Join(errs...)
}
