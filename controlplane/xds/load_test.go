package xds_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// load calls a path of the gateway again and again and counts what comes back.
type load struct {
	t        *testing.T
	answered atomic.Int64
	mu       sync.Mutex
	failures []string
}

func (m *mesh) load(path string) *load {
	m.t.Helper()
	l := &load{t: m.t}
	target := m.envoy.ListenerURL(translate.GatewayListener) + path
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					l.call(client, target)
				}
			}
		})
	}
	m.t.Cleanup(func() { close(done); wg.Wait() })
	return l
}

func (l *load) call(client *http.Client, target string) {
	resp, err := client.Get(target)
	failure := ""
	if err != nil {
		failure = err.Error()
	} else {
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // it was read to its end
		if err != nil || resp.StatusCode != http.StatusOK {
			failure = fmt.Sprintf("%d %s %v", resp.StatusCode, body, err)
		}
	}
	l.answered.Add(1)
	if failure != "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.failures = append(l.failures, failure)
	}
}

// goOn waits for two hundred more answers.
func (l *load) goOn(after string) {
	l.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for target := l.answered.Load() + 200; l.answered.Load() < target; {
		select {
		case <-tick.C:
		case <-late:
			l.t.Fatalf("the load stands still after %s: %d answers, failures %q", after, l.answered.Load(), l.failures)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failures) > 0 {
		l.t.Fatalf("%d failures after %s, the first: %s", len(l.failures), after, l.failures[0])
	}
}

// slow is an instance that takes its time, and can be killed with requests on the way.
func slow(t *testing.T) (model.Instance, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(5 * time.Millisecond): // what a provider does all the time
			_, _ = io.WriteString(w, "ok") // a caller that went away is no matter
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return model.Instance{Address: u.Hostname(), Port: uint32(port), Protocol: model.ProtocolHTTP, Weight: 100, Status: model.StatusUp}, s
}

func TestEnvoyLosesNothingOverChanges(t *testing.T) {
	a, killed := slow(t)
	b, _ := slow(t)
	c, _ := slow(t)
	m := start(t, "DELTA_GRPC", service("svc", a, b))
	m.await("in sync", inSync)
	l := m.load("/svc/x")
	l.goOn("the start")
	change := func(what string, services ...model.Service) {
		t.Helper()
		m.publish(services...)
		m.await("in sync after "+what, inSync)
		l.goOn(what)
	}
	b.Weight = 500
	change("another weight", service("svc", a, b))
	a.WarmUp, b.WarmUp = time.Second, time.Second // changes the cluster, which warms up again
	change("a changed cluster", service("svc", a, b))
	change("an instance more", service("svc", a, b, c))
	drained := c
	drained.Status = model.StatusDraining
	change("a drained instance", service("svc", a, b, drained))
	change("an instance less", service("svc", a, b))
	other := c
	other.Version = "2.0"
	change("a variant more", service("svc", a, b, other))
	change("another service", service("svc", a, b), service("svc2", c))
	change("a service less", service("svc", a, b))
	h2 := c
	h2.Protocol = model.ProtocolH2 // the test's server speaks HTTP/1.1 only, so that nothing may go there
	h2.Weight = 0
	change("a second protocol", service("svc", a, b, h2))

	killed.CloseClientConnections()
	killed.Listener.Close() //nolint:errcheck // it may be gone already
	l.goOn("a killed instance")
	change("its registration running out", service("svc", b))
	// Everything went in order, not because patience ended.
	if log := m.log.String(); strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") {
		t.Error(log)
	}
}
