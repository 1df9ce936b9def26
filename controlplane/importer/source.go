package importer

import "strings"

// inDestinationRule is where the settings of a DestinationRule stand.
const (
	inBalancer = "trafficPolicy.loadBalancer"
	inTCP      = "trafficPolicy.connectionPool.tcp"
	inHTTP     = "trafficPolicy.connectionPool.http"
	inOutlier  = "trafficPolicy.outlierDetection"
)

// sourceNames are the fields of rules that fields of policies are made of, below what the part of the policy was made of. Where
// there are several, the first that is there is meant.
var sourceNames = map[string][]string{
	// A rule of a VirtualService.
	"name": {"name"}, "match": {"match"}, "to": {"route"}, "timeout": {"timeout"}, "mirror": {"mirror", "mirrors"},
	"rewrite": {"rewrite"}, "rewrite.path": {"rewrite.uri"}, "rewrite.prefix": {"rewrite.uri"}, "rewrite.host": {"rewrite.authority"},
	"rewrite.regex": {"rewrite.uriRegexRewrite"},
	"retry":         {"retries", "trafficPolicy.retryBudget"}, "retry.attempts": {"retries.attempts"}, "retry.perTryTimeout": {"retries.perTryTimeout"},
	"retry.on": {"retries.retryOn"}, "retry.statuses": {"retries.retryOn"}, "retry.backoff": {"retries.backoff"},
	"retry.budget": {"trafficPolicy.retryBudget.percent"}, "retry.budgetMin": {"trafficPolicy.retryBudget.minRetryConcurrency"},
	"fault": {"fault"}, "fault.delay": {"fault.delay"}, "fault.delay.time": {"fault.delay.fixedDelay"},
	"fault.abort": {"fault.abort"}, "fault.abort.status": {"fault.abort.httpStatus"},
	"cors": {"corsPolicy"}, "cors.allowOrigins": {"corsPolicy.allowOrigins", "corsPolicy.allowOrigin"}, "cors.allowMethods": {"corsPolicy.allowMethods"},
	"cors.allowHeaders": {"corsPolicy.allowHeaders"}, "cors.exposeHeaders": {"corsPolicy.exposeHeaders"}, "cors.maxAge": {"corsPolicy.maxAge"},
	"headers": {"headers", "withoutHeaders", "behaviorDesc.responseAdditionalHeaders"}, "headers.request": {"headers.request"}, "headers.response": {"headers.response"},
	"redirect": {"redirect"}, "redirect.path": {"redirect.uri"}, "redirect.host": {"redirect.authority"}, "redirect.port": {"redirect.port"},
	"redirect.scheme": {"redirect.scheme"}, "redirect.status": {"redirect.redirectCode"}, "redirect.prefix": {"redirect.prefixRewrite"},
	"respond": {"directResponse"}, "respond.status": {"directResponse.status"},

	// One of its matches, and the whole.
	"path": {"uri"}, "verb": {"method"}, "host": {"authority"}, "query": {"queryParams"}, "source": {"sourceLabels"},
	"hosts": {"hosts"}, "service": {"hosts", "host", "selector", "destination.host"},

	// A DestinationRule.
	"loadBalancing": {inBalancer}, "loadBalancing.warmUp": {inBalancer + ".warmup", inBalancer + ".warmupDurationSecs"},
	"loadBalancing.warmUpMin": {inBalancer + ".warmup.minimumPercent"}, "loadBalancing.warmUpAggression": {inBalancer + ".warmup.aggression"},
	"loadBalancing.hashOn": {inBalancer + ".consistentHash"}, "loadBalancing.tableSize": {inBalancer + ".consistentHash.maglev.tableSize"},
	"loadBalancing.ringSize": {inBalancer + ".consistentHash.ringHash.minimumRingSize", inBalancer + ".consistentHash.minimumRingSize"},
	"limits.connections":     {inTCP + ".maxConnections"}, "limits.pending": {inHTTP + ".http1MaxPendingRequests"},
	"limits.requests": {inHTTP + ".http2MaxRequests"}, "limits.retries": {inHTTP + ".maxRetries"},
	"connection.connectTimeout": {inTCP + ".connectTimeout"}, "connection.maxAge": {inTCP + ".maxConnectionDuration"},
	"connection.keepAlive": {inTCP + ".tcpKeepalive.time"}, "connection.idleTimeout": {inHTTP + ".idleTimeout", inTCP + ".idleTimeout"},
	"connection.maxRequests": {inHTTP + ".maxRequestsPerConnection"}, "connection.maxStreams": {inHTTP + ".maxConcurrentStreams"},
	"ejection": {inOutlier}, "ejection.consecutive5xx": {inOutlier + ".consecutive5xxErrors"},
	"ejection.consecutiveGatewayErrors": {inOutlier + ".consecutiveGatewayErrors", inOutlier + ".consecutiveErrors"},
	"ejection.consecutiveLocalFailures": {inOutlier + ".consecutiveLocalOriginFailures"}, "ejection.interval": {inOutlier + ".interval"},
	"ejection.baseTime": {inOutlier + ".baseEjectionTime"}, "ejection.maxPercent": {inOutlier + ".maxEjectionPercent"},
	"ejection.panicBelow": {inOutlier + ".minHealthPercent"},

	// A strategy of OpenSergo, and what is answered.
	"requests": {"threshold", "maxConcurrency", "minIntervalOfRequests"}, "per": {"statDuration", "statDurationSeconds", "minIntervalOfRequests"},
	"errorPercent": {"triggerRatio"}, "slowPercent": {"triggerRatio"}, "slowAfter": {"slowConditions.maxAllowedRt"},
	"minRequests": {"minRequestAmount"}, "window": {"statDuration"}, "openFor": {"recoveryTimeout"},
	"status": {"behaviorDesc.responseStatusCode"}, "body": {"behaviorDesc.responseContentBody"},
}

// source is the field of the object, or of one below it, that a field of a policy was made of, as near as can be told; "" for
// the object as a whole.
func (o *object) source(rest []step) (at *object, field string) {
	for n := len(rest); n > 0; n-- {
		var names []string
		for _, s := range rest[:n] {
			if s.index < 0 && !s.key {
				names = append(names, s.name)
			}
		}
		for _, path := range sourceNames[strings.Join(names, ".")] {
			if at, field := o.find(path); at != nil {
				return at, field
			}
		}
	}
	return o, ""
}

// find is the object below that has the field at a path; nil when there is none.
func (o *object) find(path string) (at *object, field string) {
	first, rest, more := strings.Cut(path, ".")
	if !o.has(first) {
		return nil, ""
	}
	if !more {
		return o, first
	}
	for _, below := range o.report.open {
		if below.path == o.at(first) {
			return below.find(rest)
		}
	}
	return nil, ""
}
