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
	"balance-source-ip":       onBoth(balanceSourceIP),
	"balance-client-weighted": balanceClientWeighted,
	"balance-zone-weights":    onAll(balanceZoneWeights),
	"balance-zone-failover":   onAll(balanceZoneFailover),
	"balance-priorities":      onAll(balancePriorities),
	// Routing
	"route-header": onBoth(routeHeader),
}
