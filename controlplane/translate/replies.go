package translate

import (
	"slices"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	celv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// localReplies makes problem JSON of what Envoy says of its own: when it got no answer, refuses for a policy, or has
// something against a request. It is told by the flags that Envoy sets then, or by what nobody else answers: the responses
// of the routes and of the Go filter are problem JSON already. What is no HTTP at all gets a bare 400.
func localReplies(opt Options) *hcmv3.LocalReplyConfig {
	mappers := []*hcmv3.ResponseMapper{
		{Filter: detailed("")}, // a fallback, the one reply of which Envoy says nothing, stays as it is
		reply("forbidden", "The caller may not do this", detailedFrom("rbac_access_denied")),
		reply("unauthorized", "The caller shows no valid token", detailedFrom("jwt_authn_access_denied")),
		reply("fault", "A fault was injected", flagged("FI")),
		reply("headers-too-large", "The request's headers are too large", answered(431)),
		reply("upgrade-required", "The request's version of HTTP is too old", answered(426)),
		reply("malformed-request", "The request names no host", withoutHost()), // after the two above, which name none either
		reply("no-answer", "No answer from the service", flagged(
			"UH", "UF", "UC", "UR", "UT", "UO", "URX", "LR", "NC", "SI", "DT", "UMSDR", "UPE", "OM")),
	}
	if opt.contrib() {
		mappers = slices.Insert(mappers, 1, reply("rate-limited", "Too many requests", detailed("local_rate_limited")))
	}
	return &hcmv3.LocalReplyConfig{Mappers: mappers}
}

func reply(kind, title string, filter *accesslogv3.AccessLogFilter) *hcmv3.ResponseMapper {
	text := structpb.NewStringValue
	return &hcmv3.ResponseMapper{Filter: filter, BodyFormatOverride: &corev3.SubstitutionFormatString{
		ContentType: problemType,
		Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: &structpb.Struct{Fields: map[string]*structpb.Value{
			"type":   text("urn:dubbomesh:" + kind),
			"status": text("%RESPONSE_CODE%"),
			"title":  text(title),
			"detail": text("%LOCAL_REPLY_BODY%"),
			"flags":  text("%RESPONSE_FLAGS%"), // what operators look up in Envoy's documentation
		}}},
	}}
}

func flagged(flags ...string) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
		ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{Flags: flags},
	}}
}

// detailed fits what Envoy gives this reason for: a rate limit sets its flag only after the reply was made.
func detailed(reason string) *accesslogv3.AccessLogFilter {
	return expressed("response.code_details == '" + reason + "'")
}

// detailedFrom fits what Envoy gives a reason for that begins like this, and goes on with what of the policy it was.
func detailedFrom(reason string) *accesslogv3.AccessLogFilter {
	return expressed("response.code_details.startsWith('" + reason + "')")
}

func expressed(cel string) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ExtensionFilter{ExtensionFilter: &accesslogv3.ExtensionFilter{
		Name:       "envoy.access_loggers.extension_filters.cel",
		ConfigType: &accesslogv3.ExtensionFilter_TypedConfig{TypedConfig: pack(&celv3.ExpressionFilter{Expression: cel})},
	}}}
}

// withoutHost fits requests that Envoy answers before it looks for a route.
func withoutHost() *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_HeaderFilter{HeaderFilter: &accesslogv3.HeaderFilter{
		Header: &routev3.HeaderMatcher{Name: ":authority", HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{PresentMatch: false}},
	}}}
}

func answered(status uint32) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{StatusCodeFilter: &accesslogv3.StatusCodeFilter{
		Comparison: &accesslogv3.ComparisonFilter{
			Op: accesslogv3.ComparisonFilter_EQ, Value: &corev3.RuntimeUInt32{DefaultValue: status, RuntimeKey: noRuntimeKey},
		},
	}}}
}
