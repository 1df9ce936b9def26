package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// harmless makes up a policy that asks for no failure, of a kind that changes clusters, routes or both.
func harmless(rnd *rand.Rand) (key, policy string) {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	number := func(from, to int) int { return from + rnd.IntN(to-from) }
	switch rnd.IntN(4) {
	case 0:
		return "Route/split", fmt.Sprintf("service: %s\nrules: [{to: [{labels: {version: v1}, weight: %d}, {labels: {version: v2}, weight: %d}]}]", echoService, number(1, 100), number(1, 100))
	case 1:
		return "Route/match", fmt.Sprintf("service: %s\nrules: [{match: {method: whoami, percent: %d%%}, to: {labels: {version: %s}}, timeout: %ds, headers: {request: {set: {x-a: b%d}}}}]",
			echoService, number(1, 100), pick("v1", "v2"), number(5, 20), number(0, 9))
	case 2:
		return "Mapping/sums", fmt.Sprintf("service: %s\noperations: [{verb: GET, path: \"/sums/%d/{a}\", method: add, parameters: [{from: path, name: a, type: long}, {from: query, name: b, type: long}]}]", echoService, number(1, 9))
	}
	return "Traffic/echo", fmt.Sprintf("service: %s\n%s", echoService, pick(
		"loadBalancing: "+pick("random", "leastRequest", "roundRobin", "weightedRoundRobin"),
		"loadBalancing: {policy: maglev, hashOn: [{header: x-user}]}",
		"healthCheck: {interval: 1s, timeout: 5s, unhealthy: 10}",
		fmt.Sprintf("limits: {connections: %d, requests: %d}", number(500, 900), number(500, 900)),
		fmt.Sprintf("retry: {attempts: %d, budget: 50%%, backoff: {base: 1ms}}", number(1, 4)),
		"ejection: {consecutive5xx: 50}", "admissionControl: {successRate: 1%}", "adaptiveConcurrency: {maxLimit: 900, buffer: 500%}",
		"maxRequestSize: 1MiB", "rateLimit: {requests: 1000000, per: 1s}", "methods: {whoami: {limits: {requests: 700}}}",
		fmt.Sprintf("connection: {idleTimeout: %ds, maxRequests: %d}", number(1, 20), number(50, 500)), "fault: {delay: {time: 1ms, percent: 50%}}"))
}

// Policies that ask for no failure are written, changed and taken away under load, and no call fails.
func TestEditsUnderLoad(t *testing.T) {
	m := startMesh(t)
	for version, p := range map[string]*provider{"v1": startProvider(t, "one", 0), "v2": startProvider(t, "two", 0)} {
		m.register(t, echoService, p.address, "--label", "version="+version)
	}
	m.awaitCallable(t, echoService)
	eventually(t, "both answer", func() error { return answering(t, m, 2) })
	l := startLoad(t, 8, m.whoami)
	l.waitCalls(t, 100)
	const seed = 5
	rnd := rand.New(rand.NewPCG(seed, 1))
	for i := range 60 {
		key, policy := harmless(rnd)
		if rnd.IntN(4) == 0 {
			m.remove(t, "/dubbomesh/policies/"+key)
		} else {
			m.put(t, "/dubbomesh/policies/"+key, policy)
			t.Logf("%s edit %d: %s: %s", time.Now().Format("15:04:05.000"), i, key, policy)
		}
		l.waitCalls(t, 60)
	}
	for _, key := range []string{"Route/split", "Route/match", "Mapping/sums", "Traffic/echo"} {
		m.remove(t, "/dubbomesh/policies/"+key)
	}
	l.waitCalls(t, 200)
	requireNoFailure(t, l.stop(), 3000)
	for _, p := range m.problems(t) {
		t.Errorf("a problem: %+v", p)
	}
}

// An instance gets another label, and the route to it changes, in one transaction: no call finds the one without the other,
// nor does one that is held meanwhile.
func TestALabelAndItsRouteInOneTransaction(t *testing.T) {
	m := startMesh(t)
	p := startProvider(t, "one", 0)
	host, port, err := net.SplitHostPort(p.address)
	if err != nil {
		t.Fatal(err)
	}
	move := func(version int) {
		t.Helper()
		instance := fmt.Sprintf("{address: %s, port: %s, protocol: dubbo, labels: {version: v%d}}", host, port, version)
		route := fmt.Sprintf("{service: %s, rules: [{to: {labels: {version: v%d}}}]}", echoService, version)
		if _, err := m.client.Txn(t.Context()).Then(clientv3.OpPut(instanceKey(echoService, p.address), instance), clientv3.OpPut("/dubbomesh/policies/Route/one", route)).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	move(0)
	m.put(t, "/dubbomesh/policies/Traffic/slow", fmt.Sprintf("{service: %s, fault: {delay: {time: 500ms, percent: 30%%}}}", echoService))
	m.awaitCallable(t, echoService)
	l := startLoad(t, 16, m.whoami)
	for version := range 10 {
		l.waitCalls(t, 60)
		move(version + 1)
	}
	l.waitCalls(t, 60)
	requireNoFailure(t, l.stop(), 600)
}
