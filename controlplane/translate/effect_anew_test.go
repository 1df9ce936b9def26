package translate_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// While services fail and recover, policies are edited and some callers leave in the middle, every other call is answered well:
// by the service, or by what it falls back to. Nothing stays behind.
func TestFallbackWhileAllChanges(t *testing.T) {
	var status, spare atomic.Int64
	status.Store(http.StatusOK)
	spare.Store(http.StatusOK)
	services := []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: "com.example.Spare", Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "spare", &never), nil)}},
		{Name: "spare", Instances: []model.Instance{instance(model.ProtocolHTTP, jsonOf(t, `"spare"`, &spare), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, jsonOf(t, `"web"`, &status), nil)}},
	}
	const breaker = "breaker: {errorPercent: 50%%, minRequests: %d, window: 1s, openFor: 100ms, probes: 3, recovery: {step: 50%%, every: 100ms}}"
	policies := func(edit int) string {
		return fmt.Sprintf(`
{kind: Traffic, name: web, service: web, `+breaker+`, fallback: {on: 5xx, service: spare}}
---
{kind: Traffic, name: hello, service: `+hello+`, `+breaker+`, fallback: {on: open, service: com.example.Spare}}
`, 5+edit%3, 5+edit%3)
	}
	server, port := serve(t)
	e := &edge{t: t, server: server}
	e.publish(services, policies(0))
	envoy := testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port) + booted})
	accepted(t, server)
	e.url = envoy.ListenerURL(translate.GatewayListener)
	var callers sync.WaitGroup
	for c := range 8 {
		callers.Go(func() {
			for i := range 250 {
				path, size := "/web/x", i%4*60_000
				if i%2 == 1 {
					path, size = "/"+hello+"/ask", 0
				}
				if err := anew(e.url+path, size, (i+c)%5 == 0, i%30); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { callers.Wait(); close(done) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for edit := 1; ; edit++ {
		select {
		case <-done:
			envoy.WaitStat("http."+translate.GatewayListener+".downstream_rq_active", func(n uint64) bool { return n == 0 })
			if bugs, panics := envoy.Stat("server.envoy_bug_failures"), envoy.Stat("dubbo.panics"); bugs+panics != 0 {
				t.Errorf("%d bugs of Envoy, %d panics", bugs, panics)
			}
			return
		case <-tick.C:
			status.Store([]int64{200, 500, 503, 200}[edit%4])
			e.publish(services, policies(edit))
		}
	}
}

// anew makes a call that must be answered well, unless its caller leaves early.
func anew(url string, size int, leaves bool, after int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if leaves {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(after)*100*time.Microsecond)
		defer cancel()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(make([]byte, size)))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		if leaves {
			return nil
		}
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if leaves || err == nil && answer.StatusCode == http.StatusOK && (strings.Contains(string(text), "web") || strings.Contains(string(text), "spare")) {
		return nil
	}
	return fmt.Errorf("%s: %d %s %w", url, answer.StatusCode, text, err)
}
