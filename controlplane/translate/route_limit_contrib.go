package translate

import (
	"errors"
	"fmt"
	"math"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	limitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/ratelimit/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// maxBuckets is how many callers, methods or the like one limit tells apart; the one that was idle longest is forgotten.
const maxBuckets = 10_000

var errTooMany = errors.New("one request can have four of them, matches counted; leave some out")

// limitByEnvoy refuses requests above a rate where there is no module that does: Envoy counts them for each route, and anew
// when routes change. Each limit, for each of its matches, is a filter of its own.
func limitByEnvoy(r *routev3.Route, u *unit, s routeSettings) {
	n := 0
	for _, l := range s.limits() {
		for _, m := range anyOf(l.Match) {
			conditions, err := headersOnly(m, s.way)
			if err != nil {
				u.report(s, "rateLimit", err)
				continue
			}
			if n == maxPerRoute {
				u.report(s, "rateLimit", errTooMany)
				return
			}
			if _, known := typev3.StatusCode_name[int32(model.Or(l.Status, 429))]; !known {
				u.report(s, "rateLimit", fmt.Errorf("status %d is none that Envoy knows; 429 is answered", *l.Status))
				l.Status = nil
			}
			if l.Body != "" {
				u.report(s, "rateLimit", fmt.Errorf("body: %w", errNeedsModule))
			}
			enable(r, rateLimitFilter+itoa(n), rateLimit(l.RateLimit, conditions, u.callerHeader()))
			n++
		}
	}
}

// rateLimit is a limit with buckets of their own for who is told apart. Requests that no bucket is for pass.
func rateLimit(l model.RateLimit, conditions []*routev3.HeaderMatcher, caller string) *ratelimitv3.LocalRateLimit {
	bucket := bucketOf(l)
	out := &ratelimitv3.LocalRateLimit{
		StatPrefix: "rate_limit", TokenBucket: bucket,
		FilterEnabled:  &corev3.RuntimeFractionalPercent{DefaultValue: fraction(model.FullPercent)},
		FilterEnforced: &corev3.RuntimeFractionalPercent{DefaultValue: fraction(model.FullPercent)},
	}
	if l.DryRun {
		out.FilterEnforced.DefaultValue = fraction(0)
	}
	if l.Status != nil {
		out.Status = &typev3.HttpStatus{Code: typev3.StatusCode(*l.Status)}
	}
	if len(l.By) == 0 && len(conditions) == 0 {
		return out
	}
	out.TokenBucket = &typev3.TokenBucket{MaxTokens: math.MaxUint32, TokensPerFill: wrapperspb.UInt32(math.MaxUint32), FillInterval: durationpb.New(time.Second)}
	descriptor := &limitv3.LocalRateLimitDescriptor{TokenBucket: bucket}
	limit := &routev3.RateLimit{}
	if len(conditions) > 0 {
		descriptor.Entries = append(descriptor.Entries, &limitv3.RateLimitDescriptor_Entry{Key: "fits", Value: "yes"})
		limit.Actions = append(limit.Actions, &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_HeaderValueMatch_{
			HeaderValueMatch: &routev3.RateLimit_Action_HeaderValueMatch{DescriptorKey: "fits", DescriptorValue: "yes", Headers: conditions},
		}})
	}
	for _, by := range l.By {
		key, action := tellApart(by, caller)
		descriptor.Entries = append(descriptor.Entries, &limitv3.RateLimitDescriptor_Entry{Key: key}) // a bucket for each value
		limit.Actions = append(limit.Actions, action)
		out.MaxDynamicDescriptors = wrapperspb.UInt32(maxBuckets)
	}
	out.Descriptors, out.RateLimits = []*limitv3.LocalRateLimitDescriptor{descriptor}, []*routev3.RateLimit{limit}
	return out
}

func bucketOf(l model.RateLimit) *typev3.TokenBucket {
	requests := max(1, model.Or(l.Requests, 1))
	return &typev3.TokenBucket{
		MaxTokens: model.Or(l.Burst, requests), TokensPerFill: wrapperspb.UInt32(requests), FillInterval: durationpb.New(l.Per.Or(time.Second)),
	}
}

// tellApart is by what requests get buckets of their own: the key and where its value comes from. Caller is the header with
// the name of who calls.
func tellApart(by, caller string) (key string, action *routev3.RateLimit_Action) {
	header := func(name string) *routev3.RateLimit_Action {
		return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_RequestHeaders_{
			RequestHeaders: &routev3.RateLimit_Action_RequestHeaders{HeaderName: name, DescriptorKey: by},
		}}
	}
	switch k := limitKey(by, caller, way{}); k.From {
	case config.KeySource:
		return "remote_address", &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_RemoteAddress_{RemoteAddress: &routev3.RateLimit_Action_RemoteAddress{}}}
	case config.KeyHeader:
		return by, header(k.Name)
	}
	return by, header(":path") // path, and method, which is the path of a call
}
