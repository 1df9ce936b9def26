package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

func TestVerdictOn(t *testing.T) {
	policy := func(verdict string, r *api.Rollout) api.Policy {
		var p api.Policy
		p.Kind, p.Verdict, p.Rollout = "Traffic", "accepted", r
		if verdict == "rejected" {
			p.Verdict = "rejected"
		}
		p.Paused, p.LeftOut = verdict == "paused", verdict == "left out"
		return p
	}
	all := &api.Rollout{Published: true, Proxies: 2, Acknowledged: 2}
	some := &api.Rollout{Published: true, Proxies: 2, Acknowledged: 1}
	none := &api.Rollout{Published: true}
	refused := &api.Rollout{Published: true, Proxies: 1, Acknowledged: 1, Refused: []api.Refusal{{Proxy: "e"}}}
	for want, list := range map[error][][]api.Policy{
		nil:        {nil, {policy("", all), policy("paused", nil)}},
		errNoEnvoy: {{policy("", none)}, {policy("paused", nil), policy("", none)}},
		errPending: {{policy("", some)}, {policy("", nil)}, {policy("", none), policy("", some), policy("", all)}},
		errNotInForce: {
			{policy("rejected", all)}, {policy("", refused)}, {policy("left out", all)}, {policy("", none), policy("rejected", none)},
		},
	} {
		for i, l := range list {
			if got := verdictOn(l); !errors.Is(got, want) {
				t.Errorf("%v, %d: %v", want, i, got)
			}
		}
	}
	if exitCode(errNoEnvoy) != unconfirmed || exitCode(errPending) != unconfirmed || exitCode(verdictOn([]api.Policy{policy("rejected", nil)})) != 1 {
		t.Error("exit codes")
	}
}

func TestStatusWithoutAnEnvoy(t *testing.T) {
	r := newRig(t)
	at := []string{"--etcd", r.etcd, "--api", r.api}
	want(t, 0, "", "there are no policies.*", "status", "--api", r.api)
	want(t, 3, ".*", ".*no Envoy is connected\n", append(at, "apply", "-f", write(t, "kind: Traffic\nname: all\ntimeout: 1s\n"), "--wait", "1m")...)
	want(t, 3, `POLICY.*\nTraffic/all +accepted +\d+ +no Envoy +0/0 .*`, "dubbomesh: no Envoy is connected, so that no policy is known to be in force\n", "status", "--api", r.api)
}

// heard is what a command prints, of which a test waits for something.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(h.text.String(), text)
}

// TestStatusWatchOutlivesTheControlPlane ends the control plane, and starts another one at its address.
func TestStatusWatchOutlivesTheControlPlane(t *testing.T) {
	serve := func(address, name string) (string, func()) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode([]api.Policy{{Kind: "Traffic", Name: name, Verdict: "accepted", Revision: 3, InForce: 3}})
		})}
		go func() { _ = s.Serve(l) }()
		return l.Addr().String(), func() { _ = s.Close() }
	}
	at, end := serve("127.0.0.1:0", "one")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs heard
	root := newRoot()
	root.SetArgs([]string{"status", "--watch", "--api", at})
	root.SetOut(&out)
	root.SetErr(&errs)
	code := make(chan int, 1)
	go func() { code <- run(ctx, root) }()
	waitFor(t, "the first state", func() bool { return out.has("Traffic/one") })
	end()
	waitFor(t, "it says that the control plane is away", func() bool { return errs.has("cannot reach the control plane") && errs.has("looking again") })
	_, end = serve(at, "two")
	defer end()
	waitFor(t, "the next state", func() bool { return out.has("Traffic/two") })
	cancel()
	if c := <-code; c != 0 {
		t.Errorf("exit code %d", c)
	}
	if first, _, _ := strings.Cut(out.text.String(), "\n"); len(first) != len("2026-01-02 15:04:05") {
		t.Errorf("no time: %s", out.text.String())
	}
	want(t, 1, "", "dubbomesh: cannot reach .*", "status", "--watch", "--api", "127.0.0.1:1")
}
