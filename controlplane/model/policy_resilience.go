package model

// What a retry is made on.
const (
	RetryOn5xx            = "5xx"            // any 5xx, no answer included
	RetryOnGatewayError   = "gatewayError"   // 502, 503, 504
	RetryOnReset          = "reset"          // the connection broke before there was an answer
	RetryOnConnectFailure = "connectFailure" // no connection came about
	RetryOnRefused        = "refused"        // the instance said that it had not begun
	RetryOnOverload       = "overload"       // the instance was too busy: Dubbo's exhausted thread pool, a full limit
	RetryOnTimeout        = "timeout"        // of one attempt
	RetryOn4xx            = "retriable4xx"   // 409
)

// Retry says what is tried again, and how.
type Retry struct {
	// Attempts after the first one; 0 for none.
	Attempts *uint32 `json:"attempts,omitempty" check:"short,max=20"`
	// PerTryTimeout of one attempt.
	PerTryTimeout *Duration `json:"perTryTimeout,omitempty" check:"min=1ms,max=24h"`
	// On lists what is tried again: connectFailure (no connection came about), refused (the instance says that the call has not
	// begun), reset (the connection ended before an answer; the call may have run), timeout (the same, or an attempt that took
	// longer than PerTryTimeout), overload (the instance has no room for the call), gatewayError (502, 503, 504, reset), 5xx (any
	// of those statuses, reset), retriable4xx (409). By default connectFailure, refused and reset.
	On []string `json:"on,omitempty" check:"single,nonEmpty,oneOf=5xx|gatewayError|reset|connectFailure|refused|overload|timeout|retriable4xx"`
	// Statuses that are tried again beside On.
	Statuses []uint32 `json:"statuses,omitempty" check:"single,nonEmpty,min=400,max=599"`
	// Backoff is the pause before an attempt.
	Backoff *Backoff `json:"backoff,omitempty"`
	// Budget is the share of the requests under way that may be retries.
	Budget *Percent `json:"budget,omitempty"`
	// BudgetMin retries are allowed at once whatever the budget; 3 by default.
	BudgetMin *uint32 `json:"budgetMin,omitempty" check:"max=10000"`
	// SameInstance lets an attempt go to an instance that failed already; off by default.
	SameInstance bool `json:"sameInstance,omitempty"`
	// RetryAfter heeds the pause that an answer asks for, up to a minute.
	RetryAfter bool `json:"retryAfter,omitempty"`
}

// Backoff is a pause that grows twofold with each attempt, with jitter.
type Backoff struct {
	// Base is the longest pause before the first retry; 25ms by default.
	Base *Duration `json:"base,omitempty" check:"min=1ms,max=1h"`
	// Max is the longest pause; ten times the base by default.
	Max *Duration `json:"max,omitempty" check:"min=1ms,max=1h"`
}

// The strategies, as Dubbo's clusters.
const (
	StrategyFailover = "failover" // another instance is tried
	StrategyFailfast = "failfast" // nothing is tried again
	StrategyFailsafe = "failsafe" // a failure becomes an empty result
	StrategyForking  = "forking"  // several instances are asked, the first answer counts
)

// Strategy is what happens when a call fails.
type Strategy struct {
	// Mode is failover, failfast, failsafe or forking.
	Mode string `json:"mode" check:"required,short,oneOf=failover|failfast|failsafe|forking"`
	// Forks is how many instances forking asks; 2 by default.
	Forks *uint32 `json:"forks,omitempty" check:"min=2,max=10"`
	// After is how long forking waits before it asks the next; 0s asks all at once. An answer that comes before is final, a
	// failure too, unless retry names it.
	After *Duration `json:"after,omitempty" check:"zero,min=1ms,max=1h"`
}

// Ejection takes failing instances out for a while; the time grows with each ejection.
type Ejection struct {
	// Consecutive5xx failures in a row; 0 switches this off.
	Consecutive5xx *uint32 `json:"consecutive5xx,omitempty" check:"max=10000"`
	// ConsecutiveGatewayErrors are 502, 503 and 504 in a row; 0 switches this off.
	ConsecutiveGatewayErrors *uint32 `json:"consecutiveGatewayErrors,omitempty" check:"max=10000"`
	// ConsecutiveLocalFailures are failures to connect, resets and timeouts in a row; 0 switches this off.
	ConsecutiveLocalFailures *uint32 `json:"consecutiveLocalFailures,omitempty" check:"max=10000"`
	// Interval between two looks; 10s by default.
	Interval *Duration `json:"interval,omitempty" check:"min=100ms,max=1h"`
	// BaseTime out, times the number of ejections; 30s by default.
	BaseTime *Duration `json:"baseTime,omitempty" check:"min=100ms,max=24h"`
	// MaxTime out; 300s by default.
	MaxTime *Duration `json:"maxTime,omitempty" check:"min=100ms,max=24h"`
	// MaxPercent of the instances that may be out at once; 10% by default.
	MaxPercent *Percent `json:"maxPercent,omitempty"`
	// FailurePercent takes out instances with a larger share of failures.
	FailurePercent *FailurePercent `json:"failurePercent,omitempty"`
	// SuccessRate takes out instances that succeed much less than the others.
	SuccessRate *SuccessRate `json:"successRate,omitempty"`
	// PanicBelow is the share of healthy instances below which all are used again; 50% by default, 0% for never.
	PanicBelow *Percent `json:"panicBelow,omitempty"`
	// Recovery is how an instance that was out gets its share of the calls again: 10% more each 10s by default, with a step of
	// 100% all at once.
	Recovery *Recovery `json:"recovery,omitempty"`
}

// FailurePercent takes out instances with a large share of failures.
type FailurePercent struct {
	// Threshold is the share of failures.
	Threshold *Percent `json:"threshold" check:"required"`
	// MinRequests in an interval that an instance must have had; 50 by default.
	MinRequests *uint32 `json:"minRequests,omitempty" check:"min=1"`
	// MinInstances that must have had so many; 5 by default.
	MinInstances *uint32 `json:"minInstances,omitempty" check:"min=1"`
}

// SuccessRate takes out instances whose success rate is below mean - factor × deviation.
type SuccessRate struct {
	// Factor of the standard deviation; 1.9 by default.
	Factor *float64 `json:"factor,omitempty" check:"min=0,max=100"`
	// MinRequests in an interval that an instance must have had; 100 by default.
	MinRequests *uint32 `json:"minRequests,omitempty" check:"min=1"`
	// MinInstances that must have had so many; 5 by default.
	MinInstances *uint32 `json:"minInstances,omitempty" check:"min=1"`
}

// Recovery lets traffic grow in steps.
type Recovery struct {
	// Step is the share that is added each time; 10% by default.
	Step *Percent `json:"step,omitempty" check:"min=1%"`
	// Every is the time between two steps; 10s by default.
	Every *Duration `json:"every,omitempty" check:"min=100ms,max=1h"`
}

// Breaker stops calls of a service, or of a method, when too many of them fail or are slow: closed, open, half-open, and
// closed again in steps.
type Breaker struct {
	// ErrorPercent opens it.
	ErrorPercent *Percent `json:"errorPercent,omitempty" check:"min=1%"`
	// SlowPercent of calls slower than SlowAfter opens it.
	SlowPercent *Percent `json:"slowPercent,omitempty" check:"min=1%"`
	// SlowAfter is what counts as slow.
	SlowAfter *Duration `json:"slowAfter,omitempty" check:"min=1ms,max=1h"`
	// MinRequests in a window before it can open; 20 by default.
	MinRequests *uint32 `json:"minRequests,omitempty" check:"min=1"`
	// Window over which calls are counted; 10s by default.
	Window *Duration `json:"window,omitempty" check:"min=1s,max=10m"`
	// OpenFor is how long it stays open; 30s by default.
	OpenFor *Duration `json:"openFor,omitempty" check:"min=100ms,max=1h"`
	// Probes are the calls that are let through half-open; 5 by default.
	Probes *uint32 `json:"probes,omitempty" check:"min=1,max=10000"`
	// Recovery lets calls in by and by when it closes; 10% more each 10s by default, with a step of 100% all at once.
	Recovery *Recovery `json:"recovery,omitempty"`
}

// RateLimit is a token bucket in each proxy, one for all requests that the policy is for, whatever way they come. What goes
// beyond is answered with 429.
type RateLimit struct {
	// Requests that may be made in a period; 0 for none.
	Requests *uint32 `json:"requests" check:"required"`
	// Per is the period; 1s by default.
	Per *Duration `json:"per,omitempty" check:"min=50ms,max=24h"`
	// Burst is how many may come at once; as many as requests by default.
	Burst *uint32 `json:"burst,omitempty" check:"min=1"`
	// By gives everyone a bucket of their own: caller, method, sourceIp, path without its query, header:<name>, attachment:<key>. The caller is whom
	// the key or signature that an Access policy of the service asks for proves, else the application that a Dubbo consumer names
	// (the attachment remote.application). Requests without the header share one bucket.
	By []string `json:"by,omitempty" check:"single,nonEmpty,format=limitKey"`
	// Match says which requests count; all when empty. It looks at everything but cookies, percent, and the source's ip, labels and zone.
	Match []RequestMatch `json:"match,omitempty" check:"single"`
	// Status of a refusal; 429 by default.
	Status *uint32 `json:"status,omitempty" check:"min=400,max=599"`
	// Body of a refusal; a problem in JSON by default.
	Body string `json:"body,omitempty" check:"lines"`
	// DryRun counts what would be refused, and refuses nothing.
	DryRun bool `json:"dryRun,omitempty"`
}

// AdaptiveConcurrency finds by the latency how many requests may be under way.
type AdaptiveConcurrency struct {
	// Percentile of the latency that is looked at; 50% by default.
	Percentile *Percent `json:"percentile,omitempty"`
	// Update is how often the limit is computed; 100ms by default.
	Update *Duration `json:"update,omitempty" check:"min=1ms,max=1m"`
	// MaxLimit of requests under way; 1000 by default.
	MaxLimit *uint32 `json:"maxLimit,omitempty" check:"min=1"`
	// MinLatencyInterval between two measurements of the ideal latency; 60s by default.
	MinLatencyInterval *Duration `json:"minLatencyInterval,omitempty" check:"min=1s,max=24h"`
	// MinLatencyRequests that such a measurement takes; 50 by default.
	MinLatencyRequests *uint32 `json:"minLatencyRequests,omitempty" check:"min=1"`
	// Buffer is the share by which the latency may exceed the ideal; 25% by default.
	Buffer *Percent `json:"buffer,omitempty"`
	// Status of a refusal; 503 by default.
	Status *uint32 `json:"status,omitempty" check:"min=400,max=599"`
}

// AdmissionControl refuses a growing share of requests while many fail.
type AdmissionControl struct {
	// Window over which requests are counted; 30s by default.
	Window *Duration `json:"window,omitempty" check:"min=1s,max=10m"`
	// SuccessRate below which requests are refused; 95% by default.
	SuccessRate *Percent `json:"successRate,omitempty" check:"min=1%"`
	// Aggression is how fast the share grows; 1 by default.
	Aggression *float64 `json:"aggression,omitempty" check:"min=1,max=100"`
	// MinRate is the requests per second below which nothing is refused; 0 by default.
	MinRate *uint32 `json:"minRate,omitempty"`
	// MaxRefused is the largest share of refusals; 80% by default.
	MaxRefused *Percent `json:"maxRefused,omitempty"`
}

// Fault makes requests slow or fail on purpose. At least one of Delay, Abort and Rate is set.
type Fault struct {
	// Match says for which requests; all when empty. It looks at everything but cookies, percent, and the source's ip, labels and zone.
	Match []RequestMatch `json:"match,omitempty" check:"single"`
	// Delay before the request goes on.
	Delay *FaultDelay `json:"delay,omitempty"`
	// Abort in place of the request.
	Abort *FaultAbort `json:"abort,omitempty"`
	// Rate slows the response down to so many bytes a second.
	Rate *Size `json:"rate,omitempty" check:"min=1KiB"`
}

// FaultDelay makes requests slow. One that is held longer than 30 seconds is answered 503 when an edit takes away what it was
// routed to.
type FaultDelay struct {
	// Time by which they are held.
	Time *Duration `json:"time" check:"required,short,min=1ms,max=1h"`
	// Percent of the requests; 100% by default.
	Percent *Percent `json:"percent,omitempty"`
}

// FaultAbort makes requests fail.
type FaultAbort struct {
	// Status they fail with.
	Status *uint32 `json:"status" check:"required,short,min=200,max=599"`
	// Percent of the requests; 100% by default.
	Percent *Percent `json:"percent,omitempty"`
}

// When a fallback is used.
const (
	FallbackOnOpen        = "open"        // no instance can be called, a limit is full or the breaker is open
	FallbackOnOverload    = "overload"    // the instance was too busy
	FallbackOnRateLimited = "rateLimited" // a rate limit refused
	FallbackOnTimeout     = "timeout"     // 504
	FallbackOn5xx         = "5xx"         // any 5xx
)

// Fallback is what the caller gets in place of a failure: either another service's answer or a fixed one.
type Fallback struct {
	// On says for which failures; open, overload and timeout by default.
	On []string `json:"on,omitempty" check:"single,nonEmpty,oneOf=open|overload|rateLimited|timeout|5xx"`
	// Statuses for which it is used beside On.
	Statuses []uint32 `json:"statuses,omitempty" check:"single,nonEmpty,min=400,max=599"`
	// Status of the answer; 200 by default.
	Status *uint32 `json:"status,omitempty" check:"min=200,max=599"`
	// Headers of the answer, filled in as the body.
	Headers map[string]string `json:"headers,omitempty" check:"keys=header"`
	// Body of the answer; %RESPONSE_CODE% and the like stand for what Envoy knows of the failure.
	Body string `json:"body,omitempty" check:"lines"`
	// Service that is called instead.
	Service string `json:"service,omitempty" check:"format=service"`
	// Labels of that service's instances, or of the same service's when service is empty.
	Labels map[string]string `json:"labels,omitempty" check:"nonEmpty"`
}
