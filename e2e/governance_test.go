package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Policies written into etcd change what callers of a Dubbo service see, at once and without an error in between.
func TestGovernance(t *testing.T) {
	m := startMesh(t)
	one, two := startProvider(t, "one", 0), startProvider(t, "two", 0)
	m.register(t, echoService, one.address, "--label", "version=v1")
	m.register(t, echoService, two.address, "--label", "version=v2")
	m.awaitCallable(t, echoService)
	eventually(t, "both answer", func() error { return answering(t, m, 2) })

	// tally makes calls and counts the answers: names of providers and statuses.
	tally := func(n int, method, body string, headers ...string) map[string]int {
		t.Helper()
		seen := map[string]int{}
		for range n {
			status, _, answer, err := m.call(t.Context(), echoService, method, body, headers...)
			switch {
			case err != nil:
				t.Fatal(err)
			case status == http.StatusOK:
				seen[strings.Trim(string(answer), `"`)]++
			default:
				seen[fmt.Sprint(status)]++
			}
		}
		return seen
	}
	// until writes a policy and waits until calls show it.
	until := func(what, key, policy string, shown func() bool) {
		t.Helper()
		m.put(t, "/dubbomesh/policies/"+key, "service: "+echoService+"\n"+policy)
		eventually(t, what, func() error {
			if !shown() {
				return fmt.Errorf("not shown yet; problems: %+v", m.problems(t))
			}
			return nil
		})
	}

	t.Run("split", func(t *testing.T) {
		until("everything goes to v2", "Route/split", "rules: [{to: [{labels: {version: v2}}]}]", func() bool { return tally(20, "whoami", "")["two"] == 20 })
		until("a part goes to v1", "Route/split", "rules: [{to: [{labels: {version: v1}, weight: 30}, {labels: {version: v2}, weight: 70}]}]",
			func() bool { return tally(20, "whoami", "")["one"] > 0 })
		if seen := tally(1000, "whoami", ""); seen["one"] < 240 || seen["one"] > 360 || seen["one"]+seen["two"] != 1000 {
			t.Errorf("30 to 70: %v", seen)
		}
	})
	t.Run("match", func(t *testing.T) {
		until("ann gets v2, others v1", "Route/split", `rules:
- {match: {method: whoami, headers: {x-user: {in: [ann, bob]}}}, to: {labels: {version: v2}}}
- {match: {attachments: {tenant: gold}}, to: {labels: {version: v2}}}
- {to: {labels: {version: v1}}}`, func() bool {
			return tally(10, "whoami", "")["one"] == 10 && tally(10, "whoami", "", "x-user", "ann")["two"] == 10 && tally(10, "whoami", "", "x-dubbo-attachment-tenant", "gold")["two"] == 10
		})
		m.remove(t, "/dubbomesh/policies/Route/split")
		eventually(t, "both answer again", func() error { return answering(t, m, 2) })
	})
	t.Run("fault", func(t *testing.T) {
		until("a tenth fails", "Traffic/echo", "fault: {abort: {status: 503, percent: 10%}}", func() bool { return tally(50, "whoami", "")["503"] > 0 })
		if seen := tally(2000, "whoami", ""); seen["503"] < 150 || seen["503"] > 250 {
			t.Errorf("10%%: %v", seen)
		}
	})
	t.Run("fault as a problem", func(t *testing.T) {
		eventually(t, "a fault says that it is one", func() error {
			status, _, body, err := m.call(t.Context(), echoService, "whoami", "")
			if err == nil && (status != http.StatusServiceUnavailable || !strings.Contains(string(body), "urn:dubbomesh:fault")) {
				err = fmt.Errorf("%d %s", status, body)
			}
			return err
		})
	})
	t.Run("timeout of a method", func(t *testing.T) {
		until("slow is cut off", "Traffic/echo", "methods: {slow: {timeout: 100ms, retry: 0}}", func() bool { return tally(1, "slow", "[400]")["504"] == 1 })
		if seen := tally(1, "slow", "[10]"); seen["504"] != 0 {
			t.Errorf("a call that is fast enough: %v", seen)
		}
		if seen := tally(20, "whoami", ""); seen["one"]+seen["two"] != 20 {
			t.Errorf("another method: %v", seen)
		}
	})
	t.Run("rate limit", func(t *testing.T) {
		until("more is refused", "Traffic/echo", `rateLimit: {requests: 5, per: 1h, by: ["header:x-user"]}`, func() bool {
			return tally(10, "whoami", "", "x-user", fmt.Sprint("user-", time.Now().UnixNano()))["429"] == 5
		})
		for _, user := range []string{"eve", "joe"} {
			if seen := tally(20, "whoami", "", "x-user", user); seen["429"] != 15 {
				t.Errorf("%s: %v", user, seen)
			}
		}
		status, header, body, err := m.call(t.Context(), echoService, "whoami", "", "x-user", "eve")
		if err != nil || status != http.StatusTooManyRequests || !strings.Contains(string(body), "urn:dubbomesh:rate-limited") {
			t.Errorf("a refusal: %d %v %s, %v", status, header, body, err)
		}
		if status := m.callByForm(t, echoService, "whoami", "x-user", "eve"); status != http.StatusTooManyRequests {
			t.Errorf("a form of who has called too often: %d, want 429", status)
		}
		if seen := tally(20, "whoami", ""); seen["429"] != 15 {
			t.Errorf("who is not told apart: %v", seen)
		}
	})
	t.Run("ejection", func(t *testing.T) {
		until("what fails is taken out", "Traffic/echo", "ejection: {consecutive5xx: 3, interval: 1s, baseTime: 10m, maxPercent: 50%}\nfault: {abort: 500, match: {headers: {x-none: none}}}",
			func() bool { // fail throws an exception, which is a 500
				tally(8, "fail", `["x"]`)
				return len(tally(10, "whoami", "")) == 1
			})
	})
	t.Run("an invalid policy changes nothing", func(t *testing.T) {
		m.put(t, "/dubbomesh/policies/Traffic/echo", "service: "+echoService+"\ntimeout: soon\n")
		eventually(t, "it is told", func() error {
			for _, p := range m.problems(t) {
				if strings.Contains(p.Key, "Traffic/echo") && p.LastGood {
					return nil
				}
			}
			return fmt.Errorf("problems: %+v", m.problems(t))
		})
		if seen := tally(10, "whoami", ""); len(seen) != 1 {
			t.Errorf("the last good version is not in force: %v", seen)
		}
	})
}
