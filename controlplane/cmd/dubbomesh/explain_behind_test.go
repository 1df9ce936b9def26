package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/etcdembed"
	"github.com/dubbomesh/dubbomesh/controlplane/explain"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/envoy"
)

// TestExplainByAProxyThatStandsStill stops an Envoy, changes a policy, and asks what the Envoy has: what it has acknowledged,
// and that this is not the newest.
func TestExplainByAProxyThatStandsStill(t *testing.T) {
	etcd, err := etcdembed.Start(t.Context(), etcdembed.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", NoSync: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Stop)
	r := rig{etcd: etcd.Endpoint()}
	var xds string
	r.api, xds = controlPlaneFor(t, r.etcd, testenvoy.FreePort(t))
	defer r.register(t, "a", "--address", "127.0.0.1:9")()
	bootstrap := strings.Replace(string(envoy.Bootstrap), "port_value: 18000", "port_value: "+xds[strings.LastIndexByte(xds, ':')+1:], 1)
	proxy := testenvoy.Start(t, testenvoy.Options{Bootstrap: bootstrap})
	t.Cleanup(func() { proxy.Signal(syscall.SIGCONT) })
	apply := func(seconds int, wait string) int {
		code, _, _ := command(t, "apply", "-f", write(t, fmt.Sprintf("kind: Traffic\nname: hello\nservice: a\ntimeout: %ds\n", seconds)), "--etcd", r.etcd, "--api", r.api, "--wait", wait)
		return code
	}
	if apply(1, "1m") != 0 {
		t.Fatal("Envoy does not acknowledge a policy")
	}
	question := []string{"explain", "--service", "a", "--method", "hi", "--proxy", "gateway-1", "--api", r.api}
	want(t, 0, `POST gateway.invalid/a/hi\n\nroute.*timeout +1s +Traffic/hello .*`, "", question...)

	proxy.Signal(syscall.SIGSTOP)
	if apply(2, "500ms") == 0 {
		t.Fatal("an Envoy that stands still acknowledges a policy")
	}
	want(t, 0, `POST gateway.invalid/a/hi\nproxy +gateway-1 has not acknowledged the newest: revision \d+ of the policies is published, it has \d+. What follows is as of revision \d+\n\nroute.*timeout +1s +Traffic/hello .*to dubbo\|a\|\|, 100%.*`, "", question...)
	_, text, _ := command(t, append(question, "-o", "json")...)
	var e explain.Explanation
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Behind == nil || e.Behind.Revision == 0 || e.Behind.Published <= e.Behind.Revision || !e.Behind.Policies || len(e.Notes) != 1 {
		t.Errorf("as JSON %v: %s", err, text)
	}

	proxy.Signal(syscall.SIGCONT)
	r.until(t, "a", "the Envoy has the newest", func([]api.Instance) bool {
		ctx, client := t.Context(), api.NewClient(r.api)
		e, err = client.Explain(ctx, api.ExplainRequest{Service: "a", Path: "/a/hi", Verb: "POST", Proxy: "gateway-1"})
		return err == nil && e.Behind == nil
	})
	want(t, 0, `POST gateway.invalid/a/hi\n\nroute.*timeout +2s +Traffic/hello .*`, "", question...)
}
