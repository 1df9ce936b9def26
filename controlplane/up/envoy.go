package up

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/up/child"
	"github.com/dubbomesh/dubbomesh/envoy"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const (
	gatewayNode  = "gateway-1"
	envoyGrace   = 5 * time.Second       // to end after SIGTERM
	drainBound   = 5 * time.Second       // for requests under way when the gateway stops
	pollInterval = 50 * time.Millisecond // between looks at another process
	oneAnswer    = 2 * time.Second       // for one answer of another process
)

// startEnvoy writes the bootstrap and starts the gateway.
func (m *mesh) startEnvoy() error {
	text, err := render(envoy.Bootstrap, addresses{
		node: gatewayNode, xds: port(m.ports.xds), admin: port(m.ports.admin), module: m.tools.module,
	})
	if err != nil {
		return err
	}
	file := filepath.Join(m.dir, "envoy.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("bootstrap of Envoy: %w", err)
	}
	_ = m.ports.gateway.Close()
	_ = m.ports.admin.Close()
	m.gateway, err = child.Keep(child.Spec{
		Name: "envoy",
		Path: m.tools.envoy,
		// Hot restart would take shared memory that a second mesh on this machine needs. Half of the processors are for
		// what runs beside Envoy; with a worker on each, all of them are woken more often for less.
		Args: []string{"-c", file, "--disable-hot-restart", "--log-level", "info", "--concurrency", strconv.Itoa(max(1, runtime.NumCPU()/2))},
		Env: []string{
			"ENVOY_DYNAMIC_MODULES_SEARCH_PATH=" + filepath.Dir(m.tools.module),
			"GLIBC_TUNABLES=" + tunables(os.Getenv("GLIBC_TUNABLES")),
		},
		Log: m.logFile("envoy"),
	}, envoyGrace, m.envoyEnded)
	if err != nil {
		return err
	}
	m.atEnd("the gateway Envoy to end", m.gateway.Stop)
	return nil
}

// envoyEnded tells that Envoy ended by itself. One that does not even start once ends the mesh.
func (m *mesh) envoyEnded(ended error, pause time.Duration) {
	m.mu.Lock()
	ready := m.ready
	m.mu.Unlock()
	if !ready {
		m.fail(ended)
		return
	}
	m.say("%v\nenvoy is started again in %v", ended, pause)
}

// tunables adds to glibc's own: since 2.35 it takes a kernel interface (rseq) for itself that Envoy's allocator needs to
// keep its caches by processor. Without them allocations are among what costs most.
func tunables(given string) string {
	const ours = "glibc.pthread.rseq=0"
	if given == "" {
		return ours
	}
	return given + ":" + ours
}

// adminURL is Envoy's admin interface.
func (m *mesh) adminURL(path string) string {
	return "http://" + net.JoinHostPort(loopback, strconv.Itoa(int(port(m.ports.admin)))) + path
}

// drain stops the gateway from taking anything new and waits until what is under way is answered, or the bound is over.
func (m *mesh) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), drainBound)
	defer cancel()
	// Failing health checks makes Envoy close client connections after the answer that is under way.
	for _, path := range []string{"/healthcheck/fail", "/drain_listeners"} {
		if _, err := fetch(ctx, http.MethodPost, m.adminURL(path)); err != nil {
			m.log.Debug("envoy does not drain", "error", err)
			return
		}
	}
	for {
		stats, err := fetch(ctx, http.MethodGet, m.adminURL("/stats?filter=downstream_rq_active"))
		if err != nil || !busy(stats) || !pause(ctx) {
			return
		}
	}
}

// busy tells whether the gateway has requests under way. The admin interface counts the very request that asks.
func busy(stats string) bool {
	for line := range strings.Lines(stats) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.HasSuffix(name, ".downstream_rq_active") && !strings.HasPrefix(name, "http.admin.") && value != "0" {
			return true
		}
	}
	return false
}

// pause waits a moment; false when ctx ended.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(pollInterval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// fetch asks a local HTTP server and returns its answer if that is a 200.
func fetch(ctx context.Context, method, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, oneAnswer)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return "", err
	}
	return do(request)
}

// do sends a request without keeping the connection.
func do(request *http.Request) (string, error) {
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, config.MaxMaxBytes))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", request.URL, answer.Status, strings.TrimSpace(string(body)))
	}
	return string(body), err
}
