package model

// Route says which request goes where. The rules of a service's routes are tried in the order of precedence,
// the rules of one from top to bottom; the first that fits is used, and a request that none fits goes to the service.
type Route struct {
	PolicyMeta
	// Hosts the rules are for; all when empty. *.example.com stands for every name below.
	Hosts []string `json:"hosts,omitempty" check:"single,nonEmpty,format=hosts"`
	// Rules in the order in which they are tried.
	Rules []Rule `json:"rules" check:"required,nonEmpty"`
}

// Kind implements Policy.
func (Route) Kind() Kind { return KindRoute }

// Rule is one rule of a Route. At most one of To, Redirect and Respond is set; none means the route's own service.
type Rule struct {
	// Name shows in statistics and explanations.
	Name string `json:"name,omitempty" check:"format=name"`
	// Match says for which requests: those that fit one of the list, all when empty.
	Match []RequestMatch `json:"match,omitempty" check:"single"`
	// To is where requests go, split by weight.
	To []Backend `json:"to,omitempty" check:"single,nonEmpty"`
	// Redirect sends the caller elsewhere.
	Redirect *Redirect `json:"redirect,omitempty"`
	// Respond answers at once.
	Respond *Response `json:"respond,omitempty"`
	// Rewrite changes the request on its way.
	Rewrite *Rewrite `json:"rewrite,omitempty"`
	// FollowRedirects has the gateway follow the service's redirects in place of the caller.
	FollowRedirects *FollowRedirects `json:"followRedirects,omitempty"`
	// Headers are changed on the way.
	Headers *HeaderEdits `json:"headers,omitempty"`
	// Mirror copies requests; the answers to the copies are thrown away.
	Mirror []Mirror `json:"mirror,omitempty" check:"single,nonEmpty"`
	// CORS answers preflight requests of browsers: those before requests that the rule is for. Of its match host, path, query and source
	// are asked of them, and the verb is the one that they announce.
	CORS *CORS `json:"cors,omitempty"`
	// Timeout of a request, retries included; 0s for none.
	Timeout *Duration `json:"timeout,omitempty" check:"zero,min=1ms,max=24h"`
	// IdleTimeout ends a request on which nothing moves; 0s for never.
	IdleTimeout *Duration `json:"idleTimeout,omitempty" check:"zero,min=1ms,max=24h"`
	// Retry replaces the service's.
	Retry *Retry `json:"retry,omitempty"`
	// Strategy replaces the service's.
	Strategy *Strategy `json:"strategy,omitempty"`
	// Fault replaces the service's.
	Fault []Fault `json:"fault,omitempty" check:"single,nonEmpty,maxItems=4"`
	// RateLimit applies beside the service's.
	RateLimit []RateLimit `json:"rateLimit,omitempty" check:"single,nonEmpty,maxItems=8"`
	// Fallback replaces the service's.
	Fallback []Fallback `json:"fallback,omitempty" check:"single,nonEmpty"`
}

// FollowRedirects are redirects of a service that are followed inside of the gateway, whatever host they name: where they lead
// to no service the answer is 404. Other statuses, redirects between http and https, those beyond the limit, and to a Location
// that neither begins with a slash nor names a scheme reach the caller; of another service that the rule leads to only absolute
// ones are followed. What begins with a slash is followed below the host that was asked for, and reaches the caller with it. The request is made anew with its body; a 303 makes it a GET.
type FollowRedirects struct {
	// Max is how many are followed one after the other; 1 by default.
	Max *uint32 `json:"max,omitempty" check:"short,min=1,max=10"`
	// Statuses that are followed; 302 by default.
	Statuses []uint32 `json:"statuses,omitempty" check:"single,nonEmpty,min=301,max=308"`
	// OtherRoutes follows only to routes that were not taken by the request before.
	OtherRoutes bool `json:"otherRoutes,omitempty"`
}

// Backend is where a share of the requests goes.
type Backend struct {
	// Service that gets them; by default the route's.
	Service string `json:"service,omitempty" check:"format=service"`
	// Labels of the instances that get them; all when empty.
	Labels map[string]string `json:"labels,omitempty"`
	// Group is the Dubbo group that is called instead of the one asked for.
	Group *string `json:"group,omitempty"`
	// Version is the Dubbo version that is called instead of the one asked for.
	Version *string `json:"version,omitempty"`
	// Weight is the share among the backends of the rule; 1 by default.
	Weight *uint32 `json:"weight,omitempty" check:"max=1000000"`
	// Headers are changed for this backend only; where the rule says otherwise, the backend has the say.
	Headers *HeaderEdits `json:"headers,omitempty"`
}

// Redirect sends the caller elsewhere. What is not set stays as it was asked for.
type Redirect struct {
	// Scheme is http or https.
	Scheme string `json:"scheme,omitempty" check:"oneOf=http|https"`
	// Host to go to; a port in it needs no Port.
	Host string `json:"host,omitempty" check:"format=host"`
	// Port to go to.
	Port *uint32 `json:"port,omitempty" check:"min=1,max=65535"`
	// Path replaces the whole path as the caller sees it: /shop/here, where the service is asked for as /shop/…. A query in it replaces
	// the one that was asked with.
	Path string `json:"path,omitempty" check:"format=target"`
	// Prefix replaces what the match's path prefix fitted; what stands before it, such as the service's name, stays.
	Prefix string `json:"prefix,omitempty" check:"format=path"`
	// StripQuery leaves the query out.
	StripQuery bool `json:"stripQuery,omitempty"`
	// Status is 301, 302, 303, 307 or 308; 302 by default.
	Status *uint32 `json:"status,omitempty" check:"oneOf=301|302|303|307|308"`
}

// Response is an answer that no service gave.
type Response struct {
	// Status of the answer; 200 by default.
	Status *uint32 `json:"status,omitempty" check:"min=200,max=599"`
	// Headers of the answer.
	Headers map[string]string `json:"headers,omitempty" check:"keys=header"`
	// Body of the answer.
	Body string `json:"body,omitempty" check:"lines"`
}

// Rewrite changes a request on its way. At most one of Path, Prefix and Regex is set.
type Rewrite struct {
	// Path replaces the whole path.
	Path string `json:"path,omitempty" check:"format=path"`
	// Prefix replaces what the match's path prefix fitted.
	Prefix string `json:"prefix,omitempty" check:"format=path"`
	// Regex replaces what an expression fits.
	Regex *RegexRewrite `json:"regex,omitempty"`
	// Host replaces the host.
	Host string `json:"host,omitempty" check:"format=host"`
	// Method calls another Dubbo method.
	Method string `json:"method,omitempty" check:"format=javaName"`
}

// RegexRewrite replaces what an expression fits in the path that the service gets.
type RegexRewrite struct {
	// Pattern is the expression (RE2).
	Pattern string `json:"pattern" check:"required,format=regex"`
	// Substitution may hold \1 for the first group.
	Substitution string `json:"substitution"`
}

// HeaderEdits change headers.
type HeaderEdits struct {
	// Request headers, before the service gets them.
	Request *HeaderChange `json:"request,omitempty"`
	// Response headers, before the caller gets them.
	Response *HeaderChange `json:"response,omitempty"`
}

// HeaderChange changes headers in one direction: remove, then set, then add.
type HeaderChange struct {
	// Set replaces headers.
	Set map[string]string `json:"set,omitempty" check:"keys=header"`
	// Add adds values to headers.
	Add map[string]string `json:"add,omitempty" check:"keys=header"`
	// Remove takes headers away.
	Remove []string `json:"remove,omitempty" check:"single,format=header"`
}

// Mirror copies requests to a service.
type Mirror struct {
	// Service that gets the copies; by default the route's.
	Service string `json:"service,omitempty" check:"format=service"`
	// Labels of the instances that get them; all when empty.
	Labels map[string]string `json:"labels,omitempty"`
	// Group is the Dubbo group that is called.
	Group *string `json:"group,omitempty"`
	// Version is the Dubbo version that is called.
	Version *string `json:"version,omitempty"`
	// Percent of the requests that are copied; 100% by default.
	Percent *Percent `json:"percent,omitempty"`
}

// CORS says which pages of other origins may call from a browser.
type CORS struct {
	// AllowOrigins are the origins of the pages.
	AllowOrigins []StringMatch `json:"allowOrigins" check:"required,single,nonEmpty"`
	// AllowMethods are the HTTP methods that may be used.
	AllowMethods []string `json:"allowMethods,omitempty" check:"single,format=verb"`
	// AllowHeaders are the headers that may be sent.
	AllowHeaders []string `json:"allowHeaders,omitempty" check:"single,format=header"`
	// ExposeHeaders are the headers that the page may read.
	ExposeHeaders []string `json:"exposeHeaders,omitempty" check:"single,format=header"`
	// AllowCredentials lets cookies be sent.
	AllowCredentials bool `json:"allowCredentials,omitempty"`
	// MaxAge is how long a browser keeps the answer.
	MaxAge *Duration `json:"maxAge,omitempty" check:"zero,min=1s,max=24h"`
}
