package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestStatusTellsWhatIsLeftOut writes two policies of which a service can have one: the status of the other says so, and that
// of no other policy.
func TestStatusTellsWhatIsLeftOut(t *testing.T) {
	r := newRig(t)
	defer r.register(t, "a", "--address", "127.0.0.1:1", "--protocol", "http")()
	var text strings.Builder
	for _, name := range []string{"first", "second"} {
		fmt.Fprintf(&text, "---\nkind: Route\nname: %s\nservice: a\nrules:\n- match:\n", name)
		for i := range 2600 {
			fmt.Fprintf(&text, "  - {path: /%s%d}\n", name, i)
		}
		text.WriteString("  respond: {status: 204}\n")
	}
	file := write(t, hello+text.String())
	want(t, 0, ".*", ".*", "apply", "-f", file, "--etcd", r.etcd, "--api", r.api)
	told := regexp.MustCompile(`(?s)^POLICY.*\nRoute/first +accepted +\d+ +no Envoy +0/0 +- +-\nRoute/second +accepted +\d+ +in part +0/0 +- +Route/second is not in force on a: its 2600 routes.*\n` +
		`Traffic/hello +accepted +\d+ +no Envoy +0/0 +- +-\n$`)
	waitFor(t, "the status tells which policy is left out", func() bool {
		code, out, _ := command(t, "status", "--api", r.api)
		return code != 0 && told.MatchString(out)
	})
	want(t, 1, ".*", ".*Route/second is not in force: Route/second is not in force on a: its 2600 routes .*", "apply", "-f", file, "--etcd", r.etcd, "--api", r.api, "--wait", "1m")
}

// TestStatusTellsOfARuleThatIsLeftOut leads an HTTP service to one that speaks Dubbo, and to one that is not there.
func TestStatusTellsOfARuleThatIsLeftOut(t *testing.T) {
	r := newRig(t)
	defer r.register(t, "a", "--address", "127.0.0.1:1", "--protocol", "http")()
	defer r.register(t, "com.example.B", "--address", "127.0.0.1:1", "--protocol", "dubbo")()
	for to, why := range map[string]string{
		"com.example.B": `com\.example\.B has no instances .* that speak the same protocol`,
		"com.example.C": `there is no service com\.example\.C`,
	} {
		file := write(t, "kind: Route\nname: led\nservice: a\nrules:\n- {match: {path: /x}, to: {service: "+to+"}}\n")
		want(t, 0, ".*", ".*", "apply", "-f", file, "--etcd", r.etcd, "--api", r.api)
		told := regexp.MustCompile(`(?s)\nRoute/led +accepted +\d+ +in part .*rules\[0\] is left out: ` + why)
		waitFor(t, "the status tells that the rule is left out", func() bool {
			code, out, _ := command(t, "status", "--api", r.api)
			return code == 1 && told.MatchString(out)
		})
		want(t, 1, ".*", ".*Route/led is not in force: .*rules\\[0\\] is left out: "+why+".*", "apply", "-f", file, "--etcd", r.etcd, "--api", r.api, "--wait", "1m")
	}
}

// TestAGatewayThatLosesAPort writes two gateways that want one port: the second is in force in part, and a script hears of it.
func TestAGatewayThatLosesAPort(t *testing.T) {
	r := newRig(t)
	gateway := func(name string, ports string) string {
		return write(t, fmt.Sprintf("kind: Gateway\nname: %s\nlisteners: [%s]\n", name, ports))
	}
	with := []string{"--etcd", r.etcd, "--api", r.api, "--wait", "1m"}
	want(t, 3, `Gateway/ga created\n`, ".*no Envoy is connected\n", append([]string{"apply", "-f", gateway("ga", "{port: 18080}")}, with...)...)
	want(t, 1, `Gateway/gb created\n`, `.*Gateway/gb is not in force: Gateway/gb: listeners\[0\]: port 18080 belongs to Gateway/ga already; .*`,
		append([]string{"apply", "-f", gateway("gb", "{port: 18080}, {port: 18081}")}, with...)...)
	want(t, 1, `POLICY.*Gateway/ga +accepted +\d+ +no Envoy .*Gateway/gb +accepted +\d+ +in part .*port 18080 belongs to Gateway/ga.*`, ".*", "status", "--api", r.api)
}
