package model

// Traffic says how a service is called.
type Traffic struct {
	PolicyMeta
	TrafficSettings
	// Methods have settings of their own, by the Dubbo method's name. A method with limits gets a pool of its own, so that a
	// slow one cannot use up the others'.
	Methods map[string]MethodSettings `json:"methods,omitempty" check:"keys=javaName"`
}

// Kind implements Policy.
func (Traffic) Kind() Kind { return KindTraffic }

// TrafficSettings are the settings of a service, or the mesh's defaults for them. Every field stands for itself: it is taken
// as a whole from the policy that has the say.
type TrafficSettings struct {
	// LoadBalancing says how an instance is chosen.
	LoadBalancing *LoadBalancing `json:"loadBalancing,omitempty"`
	// Locality says how near instances are preferred.
	Locality *Locality `json:"locality,omitempty"`
	// Priorities are tried one after the other: instances with the labels of the first as long as enough of them are healthy.
	Priorities []Priority `json:"priorities,omitempty" check:"nonEmpty"`
	// Subset narrows the instances by labels.
	Subset *Subset `json:"subset,omitempty"`
	// HealthCheck asks instances whether they are well.
	HealthCheck *HealthCheck `json:"healthCheck,omitempty"`
	// Limits bound what is under way at once.
	Limits *Limits `json:"limits,omitempty"`
	// Connection is how connections to instances are held.
	Connection *Connection `json:"connection,omitempty"`
	// Ejection takes failing instances out for a while.
	Ejection *Ejection `json:"ejection,omitempty"`
	// Breaker stops calls of the whole service when most of them fail.
	Breaker *Breaker `json:"breaker,omitempty"`
	// Timeout of a request, retries included; 0s for none.
	Timeout *Duration `json:"timeout,omitempty" check:"zero,min=1ms,max=24h"`
	// IdleTimeout ends a request on which nothing moves; 0s for never.
	IdleTimeout *Duration `json:"idleTimeout,omitempty" check:"zero,min=1ms,max=24h"`
	// Retry says what is tried again.
	Retry *Retry `json:"retry,omitempty"`
	// Strategy is Dubbo's cluster: what happens when a call fails.
	Strategy *Strategy `json:"strategy,omitempty"`
	// RateLimit refuses requests above a rate.
	RateLimit []RateLimit `json:"rateLimit,omitempty" check:"single,nonEmpty,maxItems=8"`
	// AdaptiveConcurrency finds by the latency how many requests may be under way.
	AdaptiveConcurrency *AdaptiveConcurrency `json:"adaptiveConcurrency,omitempty"`
	// AdmissionControl refuses a growing share of requests while many fail.
	AdmissionControl *AdmissionControl `json:"admissionControl,omitempty"`
	// Fault makes requests slow or fail on purpose.
	Fault []Fault `json:"fault,omitempty" check:"single,nonEmpty,maxItems=4"`
	// Fallback is what the caller gets in place of a failure.
	Fallback []Fallback `json:"fallback,omitempty" check:"single,nonEmpty"`
	// MaxRequestSize is the largest request body.
	MaxRequestSize *Size `json:"maxRequestSize,omitempty" check:"min=1B,max=1GiB"`
}

// MethodSettings are the settings of one Dubbo method, in place of the service's.
type MethodSettings struct {
	// Timeout of a request, retries included; 0s for none.
	Timeout *Duration `json:"timeout,omitempty" check:"zero,min=1ms,max=24h"`
	// Retry says what is tried again.
	Retry *Retry `json:"retry,omitempty"`
	// Strategy is Dubbo's cluster.
	Strategy *Strategy `json:"strategy,omitempty"`
	// Limits are a pool of the method's own: a bulkhead.
	Limits *Limits `json:"limits,omitempty"`
	// LoadBalancing of the method; it needs a pool of its own too.
	LoadBalancing *LoadBalancing `json:"loadBalancing,omitempty"`
	// Breaker of the method, in place of the service's.
	Breaker *Breaker `json:"breaker,omitempty"`
	// RateLimit applies beside the service's.
	RateLimit []RateLimit `json:"rateLimit,omitempty" check:"single,nonEmpty,maxItems=8"`
	// Fault replaces the service's.
	Fault []Fault `json:"fault,omitempty" check:"single,nonEmpty,maxItems=4"`
	// Fallback replaces the service's.
	Fallback []Fallback `json:"fallback,omitempty" check:"single,nonEmpty"`
}

// The load-balancing policies.
const (
	BalanceWeightedRoundRobin = "weightedRoundRobin" // in turn, by weight
	BalanceRoundRobin         = "roundRobin"         // in turn, weights ignored
	BalanceRandom             = "random"
	BalanceLeastRequest       = "leastRequest" // Dubbo's least active
	BalanceRingHash           = "ringHash"     // consistent hash
	BalanceMaglev             = "maglev"       // consistent hash
	BalanceClientWeighted     = "clientWeighted"
)

// LoadBalancing says how an instance is chosen.
type LoadBalancing struct {
	// Policy by which the next instance is chosen; clientWeighted takes weights from the load that instances report (ORCA).
	Policy string `json:"policy,omitempty" check:"short,oneOf=weightedRoundRobin|roundRobin|random|leastRequest|ringHash|maglev|clientWeighted"`
	// WarmUp is how long a new instance takes to reach its full weight.
	WarmUp *Duration `json:"warmUp,omitempty" check:"zero,min=1ms,max=24h"`
	// WarmUpAggression bends the growth: above 1 it is faster at first. 1 by default.
	WarmUpAggression *float64 `json:"warmUpAggression,omitempty" check:"min=0.01,max=100"`
	// WarmUpMin is the share of its weight that a new instance begins with; 10% by default.
	WarmUpMin *Percent `json:"warmUpMin,omitempty"`
	// HashOn is what requests are hashed on by ringHash and maglev; the first that a request has counts. Every request has a
	// cookie with cookieTtl, and an address: put one of them last.
	HashOn []HashKey `json:"hashOn,omitempty" check:"single,nonEmpty"`
	// RingSize is the least number of points on the ring; 1024 by default.
	RingSize *uint32 `json:"ringSize,omitempty" check:"min=1,max=8388608"`
	// TableSize of maglev, a prime; 65537 by default.
	TableSize *uint32 `json:"tableSize,omitempty" check:"min=2,max=5000011"`
	// BoundedLoad lets no instance have more than so many times the mean load: 1.25. Only ringHash and maglev.
	BoundedLoad *float64 `json:"boundedLoad,omitempty" check:"min=1,max=100"`
	// Choices is how many random instances leastRequest compares; 2 by default.
	Choices *uint32 `json:"choices,omitempty" check:"min=2,max=100"`
	// ActiveBias is how strongly leastRequest counts what is under way against the weight; 1 by default.
	ActiveBias *float64 `json:"activeBias,omitempty" check:"min=0,max=100"`
	// Orca tunes clientWeighted.
	Orca *Orca `json:"orca,omitempty"`
}

// HashKey is what requests are hashed on. Exactly one field is set.
type HashKey struct {
	// Header by name.
	Header string `json:"header,omitempty" check:"format=header"`
	// Cookie by name.
	Cookie string `json:"cookie,omitempty" check:"format=token"`
	// CookieTTL makes Envoy set the cookie where there is none, with this life in whole seconds; 0s for one that ends with the browser.
	CookieTTL *Duration `json:"cookieTtl,omitempty" check:"zero,min=1s,max=8760h"`
	// Query parameter by name.
	Query string `json:"query,omitempty"`
	// Attachment of a Dubbo call by key.
	Attachment string `json:"attachment,omitempty" check:"format=token"`
	// Argument of a Dubbo call by index or path: "0", "0.user.id".
	Argument string `json:"argument,omitempty" check:"format=argument"`
	// SourceIP hashes on the address of the caller.
	SourceIP bool `json:"sourceIp,omitempty"`
}

// Orca tunes weights from the load that instances report.
type Orca struct {
	// Blackout is how long a new instance must have reported before its weight counts; 10s by default.
	Blackout *Duration `json:"blackout,omitempty" check:"zero,min=1ms,max=1h"`
	// Expiration is how long a weight holds without a report; 3m by default.
	Expiration *Duration `json:"expiration,omitempty" check:"zero,min=1ms,max=24h"`
	// Update is how often weights are computed; 1s by default.
	Update *Duration `json:"update,omitempty" check:"min=100ms,max=1h"`
	// ErrorPenalty lowers the weight of instances by their share of errors; 1 by default.
	ErrorPenalty *float64 `json:"errorPenalty,omitempty" check:"min=0,max=100"`
}

// Locality says how near instances are preferred.
type Locality struct {
	// Prefer is sameZone or none.
	Prefer string `json:"prefer,omitempty" check:"short,oneOf=sameZone|none"`
	// Failover lists the zones in the order in which they are tried after the caller's own; others come last.
	Failover []string `json:"failover,omitempty" check:"single,nonEmpty"`
	// Weights split the traffic among zones, in place of preferring one. A zone without a weight gets nothing.
	Weights map[string]uint32 `json:"weights,omitempty" check:"nonEmpty,max=1000000"`
	// SpillBelow is the share of healthy instances below which traffic spills over to the next; 71% by default.
	SpillBelow *Percent `json:"spillBelow,omitempty" check:"min=1%"`
	// MinInstances that a service needs before zones are told apart; 1 by default.
	MinInstances *uint32 `json:"minInstances,omitempty" check:"min=1,max=100000"`
}

// Priority is a set of instances.
type Priority struct {
	// Labels of the instances; all others when empty.
	Labels map[string]string `json:"labels,omitempty"`
	// Zone of the instances.
	Zone string `json:"zone,omitempty"`
}

// Subset narrows the instances of a service for requests that no route sends to others.
type Subset struct {
	// Labels that an instance must have.
	Labels map[string]string `json:"labels" check:"required,nonEmpty"`
	// Fallback when there is no such instance: any instance, or none; any by default.
	Fallback string `json:"fallback,omitempty" check:"oneOf=any|none"`
}

// HealthCheck asks instances whether they are well.
type HealthCheck struct {
	// Type is tcp, http, dubbo (a heartbeat) or grpc; by default what the instance speaks. Instances that do not speak it are
	// not checked, unless Port says where they do; grpc is asked over HTTP/2 alone.
	Type string `json:"type,omitempty" check:"short,oneOf=tcp|http|dubbo|grpc"`
	// Path that an http check asks for; / by default.
	Path string `json:"path,omitempty" check:"format=target"`
	// Host that an http check names; localhost by default.
	Host string `json:"host,omitempty" check:"format=host"`
	// Statuses that count as well; 200 by default.
	Statuses []uint32 `json:"statuses,omitempty" check:"single,nonEmpty,min=100,max=599"`
	// Port to ask instead of the instance's own.
	Port *uint32 `json:"port,omitempty" check:"min=1,max=65535"`
	// Interval between two checks; 5s by default.
	Interval *Duration `json:"interval,omitempty" check:"min=100ms,max=1h"`
	// Timeout of one check; 1s by default.
	Timeout *Duration `json:"timeout,omitempty" check:"min=10ms,max=10m"`
	// Healthy is how many good checks bring an instance back; 1 by default.
	Healthy *uint32 `json:"healthy,omitempty" check:"min=1,max=100"`
	// Unhealthy is how many bad checks take an instance out; 3 by default.
	Unhealthy *uint32 `json:"unhealthy,omitempty" check:"min=1,max=100"`
}

// Limits bound what one proxy has under way at once. What goes beyond is refused with 503.
type Limits struct {
	// Connections to all instances.
	Connections *uint32 `json:"connections,omitempty" check:"min=1"`
	// Requests under way. A Dubbo call has a connection to itself, so that there are as many connections at most.
	Requests *uint32 `json:"requests,omitempty" check:"min=1"`
	// Pending requests that wait for a connection; for Dubbo as many as requests by default.
	Pending *uint32 `json:"pending,omitempty" check:"min=1"`
	// Retries under way.
	Retries *uint32 `json:"retries,omitempty"`
	// PerInstance is how many connections one instance gets: for Dubbo this is calls at once.
	PerInstance *uint32 `json:"perInstance,omitempty" check:"min=1"`
}

// Connection is how connections to instances are held.
type Connection struct {
	// ConnectTimeout of one attempt; 1s by default.
	ConnectTimeout *Duration `json:"connectTimeout,omitempty" check:"min=1ms,max=10m"`
	// IdleTimeout closes connections that carry nothing.
	IdleTimeout *Duration `json:"idleTimeout,omitempty" check:"min=1ms,max=24h"`
	// MaxAge closes connections after this time, once they are free.
	MaxAge *Duration `json:"maxAge,omitempty" check:"min=1s,max=720h"`
	// MaxRequests closes a connection after so many requests.
	MaxRequests *uint32 `json:"maxRequests,omitempty" check:"min=1"`
	// MaxStreams is how many requests one HTTP/2 connection carries at once.
	MaxStreams *uint32 `json:"maxStreams,omitempty" check:"min=1,max=2147483647"`
	// KeepAlive is the idle time after which TCP asks whether the other side is there.
	KeepAlive *Duration `json:"keepAlive,omitempty" check:"min=1s,max=24h"`
	// BufferSize is how much is read ahead of a slow reader.
	BufferSize *Size `json:"bufferSize,omitempty" check:"min=1KiB,max=1GiB"`
}
