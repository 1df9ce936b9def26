package translate

import (
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previousv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// retriableHeader is set by the bridge on a response to a call that no provider has begun.
const retriableHeader = "x-dubbo-retriable"

// retries is what Dubbo's failover cluster does: another instance is tried when one could not be reached, went away, or
// said that it has not begun. A 5xx alone is an answer, and an answer is not asked for again. There is no time limit per
// try: the route's timeout holds for all of them.
func retries(opt Options) *routev3.RetryPolicy {
	if opt.Retries == 0 {
		return nil
	}
	on := "connect-failure,refused-stream,reset"
	if !opt.contrib() { // whose Envoy would send a response that is tried again to the caller as well
		on += ",retriable-headers"
	}
	return &routev3.RetryPolicy{
		RetryOn:    on,
		NumRetries: wrapperspb.UInt32(opt.Retries),
		RetriableHeaders: []*routev3.HeaderMatcher{{
			Name: retriableHeader,
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
				MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "true"},
			}},
		}},
		// An instance that was just killed is still in the list until its lease runs out: do not come back to it.
		RetryHostPredicate: []*routev3.RetryPolicy_RetryHostPredicate{{
			Name:       "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{TypedConfig: pack(&previousv3.PreviousHostsPredicate{})},
		}},
		HostSelectionRetryMaxAttempts: 5,
		RetryBackOff:                  &routev3.RetryPolicy_RetryBackOff{BaseInterval: durationpb.New(10 * time.Millisecond), MaxInterval: durationpb.New(100 * time.Millisecond)},
	}
}
