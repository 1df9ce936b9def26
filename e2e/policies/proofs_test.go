package policies

// proofs has one for each folder of examples/policies, by its name.
var proofs = map[string]proof{
	// Load balancing
	"balance-weighted": onAll(balanceWeighted),
	// Routing
	"route-header": onBoth(routeHeader),
}
