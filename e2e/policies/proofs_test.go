package policies

// proofs has one for each folder of examples/policies, by its name.
var proofs = map[string]proof{
	// Load balancing
	"balance-weighted":        onAll(balanceWeighted),
	"balance-random":          onAll(balanceRandom),
	"balance-round-robin":     onAll(balanceRoundRobin),
	"balance-least-request":   balanceLeastRequest,
	"balance-hash-header":     onAll(balanceHash(20)),
	"balance-maglev":          onAll(balanceHash(20)),
	"balance-hash-cookie":     onBoth(balanceHashCookie),
	"balance-hash-query":      onBoth(balanceHashQuery),
	"balance-hash-argument":   hashByArgument,
	"balance-source-ip":       onBoth(balanceSourceIP),
	"balance-client-weighted": balanceClientWeighted,
	"balance-zone-weights":    onAll(balanceZoneWeights),
	"balance-zone-failover":   onAll(balanceZoneFailover),
	"balance-priorities":      onAll(balancePriorities),
	"balance-same-zone":       balanceSameZone,
	// Routing
	"route-host":            onBoth(routeHost),
	"route-path":            routePath,
	"route-verb":            routeVerb,
	"route-header":          onBoth(routeHeader),
	"route-query":           onBoth(routeQuery),
	"route-cookie":          onBoth(routeCookie),
	"route-method":          routeMethod,
	"route-attachment":      onAll(routeAttachment),
	"route-by-argument":     routeByArgument,
	"route-by-caller":       onAll(routeByCaller),
	"route-group-version":   routeGroupVersion,
	"route-label":           onAll(routeLabel),
	"route-rewrite":         routeRewrite,
	"route-redirect":        routeRedirect,
	"route-direct-response": routeDirectResponse,
	"route-headers":         routeHeaders,
	// Release
	"release-canary-weight": onAll(releaseCanaryWeight),
	"release-canary-match":  onAll(releaseCanaryMatch),
	"release-blue-green":    onAll(releaseBlueGreen),
	"release-ab":            onBoth(releaseAB),
	"release-dark-launch":   onAll(releaseDarkLaunch),
	"release-lane":          onAll(releaseLane),
	// Resilience
	"resilience-breaker-service":   onBoth(breakerOfService),
	"resilience-breaker-instance":  onAll(breakerOfInstance),
	"resilience-fallback-response": onBoth(fallbackResponse),
	"resilience-fallback-service":  onBoth(fallbackService),
	"resilience-bulkhead":          bulkhead,
	"resilience-request-size":      requestSize,
	"resilience-fault":             onAll(resilienceFault),
	"resilience-timeout":           onBoth(resilienceTimeout),
	"resilience-retry":             onBoth(resilienceRetry),
	"resilience-overload-retry":    onAll(resilienceOverloadRetry),
	"resilience-limits":            onBoth(limits),
	"resilience-rate-limit":        rateLimits,

	"resilience-adaptive-concurrency": onBoth(adaptiveConcurrency),
	"resilience-overload-protection":  onBoth(overloadProtection),
	// Discovery and registration
	"discovery-subset":       onAll(discoverySubset),
	"registration-weight":    onAll(registrationWeight),
	"registration-drain":     onAll(registrationDrain),
	"lifecycle-warm-up":      warmUps,
	"discovery-health-check": onAll(healthCheck),
	// Access
	"access-api-key": onAll(accessAPIKey),
	"access-hmac":    onAll(accessHMAC),
	"access-ip":      onAll(accessIP),
	"access-jwt":     onBoth(accessJWT),
	"access-method":  accessMethod,
	"access-dry-run": onAll(accessDryRun),
	// Dubbo's strategies, and rules in its registry
	"strategy-failfast":      onAll(strategyFailfast),
	"strategy-failsafe":      onBoth(strategyFailsafe),
	"strategy-forking":       onAll(strategyForking),
	"dubbo-tag-router":       dubboTagRouter,
	"dubbo-configurator":     dubboConfigurator,
	"dubbo-condition-router": dubboConditionRouter,
	// Ports at the edge
	"gateway-tls":    gatewayTLS,
	"gateway-expose": gatewayExpose,
	"route-cors":     routeCORS,
	// What is told, what is mapped, and defaults
	"telemetry-access-log": telemetryAccessLog,
	"mapping-rest":         mappingREST,
	"mesh-defaults":        meshDefaults,
}

// preparations come before a folder's policies are put into force for its proof.
var preparations = map[string]proof{
	"route-group-version":  joinBlue,
	"access-api-key":       writeKeys,
	"access-hmac":          writeKeys,
	"gateway-tls":          certify,
	"telemetry-access-log": makeLogFolder,
}
