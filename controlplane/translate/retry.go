package translate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previousv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	prioritiesv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/priority/previous_priorities/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

const (
	// retriableHeader is set by the bridge on a response to a call that no provider has begun.
	retriableHeader = "x-dubbo-retriable"
	// overloadedHeader is set by an Envoy on a response that a full limit of its own is the reason of.
	overloadedHeader = "x-envoy-overloaded"
)

// retryOn is what Envoy calls the conditions of a policy.
var retryOn = map[string]string{
	model.RetryOn5xx: "5xx", model.RetryOnGatewayError: "gateway-error", model.RetryOnReset: "reset", model.RetryOnConnectFailure: "connect-failure",
	model.RetryOnRefused: "refused-stream,retriable-headers", model.RetryOnOverload: "retriable-headers",
	model.RetryOnTimeout: "reset", // an attempt that took too long is one that was reset
	model.RetryOn4xx:     "retriable-4xx",
}

// retries is what Dubbo's failover cluster does: another instance is tried when one could not be reached, went away, or
// said that it has not begun. A 5xx alone is an answer, and an answer is not asked for again. There is no time limit per
// try: the route's timeout holds for all of them.
func retries(opt Options) *routev3.RetryPolicy {
	if opt.Retries == 0 {
		return nil
	}
	return retryPolicy(model.Retry{}, opt)
}

// retry says what is tried again where a policy does.
func retry(r *routev3.Route, u *unit, s routeSettings) {
	strategy := or(s.rule.Strategy, s.service.Strategy)
	policy := or(s.rule.Retry, s.service.Retry)
	switch {
	case strategy != nil && strategy.Mode == model.StrategyFailfast:
		r.GetRoute().RetryPolicy = &routev3.RetryPolicy{} // nothing, in place of the mesh's
	case policy != nil && model.Or(policy.Attempts, 1) == 0:
		r.GetRoute().RetryPolicy = &routev3.RetryPolicy{}
	case policy != nil:
		r.GetRoute().RetryPolicy = retryPolicy(*policy, u.opt)
	}
	if l := s.service.Locality; len(s.service.Priorities) > 0 || l != nil && len(l.Failover) > 0 {
		elsewhere(r.GetRoute().RetryPolicy)
	}
}

// elsewhere has an attempt go to another priority than those before: an instance that is alone in its own may have died a
// moment ago.
func elsewhere(p *routev3.RetryPolicy) {
	if p.GetNumRetries().GetValue() > 0 {
		p.RetryPriority = &routev3.RetryPolicy_RetryPriority{
			Name:       "envoy.retry_priorities.previous_priorities",
			ConfigType: &routev3.RetryPolicy_RetryPriority_TypedConfig{TypedConfig: pack(&prioritiesv3.PreviousPrioritiesConfig{UpdateFrequency: 1})},
		}
	}
}

func retryPolicy(m model.Retry, opt Options) *routev3.RetryPolicy {
	on := []string{"connect-failure", "refused-stream", "reset", "retriable-headers"}
	if len(m.On) > 0 {
		on = nil
		for _, o := range m.On {
			on = append(on, strings.Split(retryOn[o], ",")...)
		}
	}
	if len(m.Statuses) > 0 {
		on = append(on, "retriable-status-codes")
	}
	if opt.contrib() { // whose Envoy would send a response that is tried again to the caller as well
		on = slices.DeleteFunc(on, func(o string) bool {
			return !slices.Contains([]string{"connect-failure", "refused-stream", "reset"}, o)
		})
	}
	p := &routev3.RetryPolicy{
		RetryOn:              strings.Join(unique(on), ","),
		NumRetries:           wrapperspb.UInt32(model.Or(m.Attempts, max(1, opt.Retries))),
		PerTryTimeout:        durationOf(m.PerTryTimeout),
		RetriableStatusCodes: m.Statuses,
		RetriableHeaders:     []*routev3.HeaderMatcher{headerMatches(retriableHeader, exactly("true"))},
		RetryBackOff:         backoff(m.Backoff),
	}
	if slices.Contains(m.On, model.RetryOnOverload) {
		p.RetriableHeaders = append(p.RetriableHeaders, headerMatches(overloadedHeader, exactly("true")))
	}
	if !m.SameInstance {
		// An instance that was just killed is still in the list until its lease runs out: do not come back to it.
		p.RetryHostPredicate = []*routev3.RetryPolicy_RetryHostPredicate{{
			Name:       "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{TypedConfig: pack(&previousv3.PreviousHostsPredicate{})},
		}}
		p.HostSelectionRetryMaxAttempts = 5
	}
	if m.RetryAfter {
		p.RateLimitedRetryBackOff = &routev3.RetryPolicy_RateLimitedRetryBackOff{
			ResetHeaders: []*routev3.RetryPolicy_ResetHeader{{Name: "retry-after", Format: routev3.RetryPolicy_SECONDS}},
			MaxInterval:  durationpb.New(time.Minute),
		}
	}
	return p
}

// backoff is the pause before an attempt; where no policy says anything it is short, since nothing was begun.
func backoff(b *model.Backoff) *routev3.RetryPolicy_RetryBackOff {
	if b == nil {
		return &routev3.RetryPolicy_RetryBackOff{BaseInterval: durationpb.New(10 * time.Millisecond), MaxInterval: durationpb.New(100 * time.Millisecond)}
	}
	base := b.Base.Or(25 * time.Millisecond)
	return &routev3.RetryPolicy_RetryBackOff{BaseInterval: durationpb.New(base), MaxInterval: durationpb.New(max(base, b.Max.Or(10*base)))}
}

// fork asks another instance when one is slow, and takes the answer that comes first. Envoy can only ask one after the
// other, so that "at once" is a millisecond.
func fork(r *routev3.Route, u *unit, s routeSettings) {
	strategy := or(s.rule.Strategy, s.service.Strategy)
	if strategy == nil || strategy.Mode != model.StrategyForking {
		return
	}
	a := r.GetRoute()
	if a.RetryPolicy == nil {
		a.RetryPolicy = retryPolicy(model.Retry{}, u.opt)
	}
	a.RetryPolicy.NumRetries = wrapperspb.UInt32(model.Or(strategy.Forks, 2) - 1)
	a.RetryPolicy.PerTryTimeout = durationpb.New(cmp.Or(strategy.After.Or(0), time.Millisecond))
	a.RetryPolicy.RetryBackOff = &routev3.RetryPolicy_RetryBackOff{BaseInterval: durationpb.New(time.Millisecond), MaxInterval: durationpb.New(time.Millisecond)}
	a.HedgePolicy = &routev3.HedgePolicy{HedgeOnPerTryTimeout: true}
}

// unique keeps the first of each.
func unique(list []string) (out []string) {
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
