package registry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// testEtcd is an etcd server of its own that can be stopped and started again on the same ports.
type testEtcd struct {
	t            *testing.T
	name         string // in the cluster
	cluster      string // its members, "" for this one alone
	client, peer url.URL
	dir          string
	server       *embed.Etcd
}

// startEtcd starts an etcd with an empty data directory. Such tests mostly wait, so they run side by side.
func startEtcd(t *testing.T) *testEtcd {
	t.Helper()
	t.Parallel()
	e := &testEtcd{t: t, client: freeURL(t), peer: freeURL(t), dir: t.TempDir()}
	e.start()
	t.Cleanup(e.stop)
	return e
}

// freeURL returns the URL of a port that is free now.
func freeURL(t *testing.T) url.URL {
	t.Helper()
	return url.URL{Scheme: "http", Host: testenvoy.FreeAddress(t)}
}

// start starts the server and waits until it serves. A port that a client connection still occupies is tried again.
func (e *testEtcd) start() {
	e.t.Helper()
	cfg := embed.NewConfig()
	cfg.Dir = e.dir
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{e.client}, []url.URL{e.client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{e.peer}, []url.URL{e.peer}
	cfg.Name = cmp.Or(e.name, cfg.Name)
	cfg.InitialCluster = cmp.Or(e.cluster, cfg.InitialClusterFromName(cfg.Name))
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	cfg.TickMs, cfg.ElectionMs = 10, 100
	cfg.UnsafeNoFsync = true
	deadline := time.Now().Add(patience)
	for {
		server, err := embed.StartEtcd(cfg)
		if err == nil {
			e.server = server
			break
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("start etcd: %v", err)
		}
	}
	select {
	case <-e.server.Server.ReadyNotify():
	case <-time.After(patience):
		e.t.Fatal("etcd is not ready")
	}
}

// stop stops the server, if it runs.
func (e *testEtcd) stop() {
	if e.server != nil {
		e.server.Close()
		e.server = nil
	}
}

// dial returns a client.
func (e *testEtcd) dial() *clientv3.Client {
	e.t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{e.client.Host}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = c.Close() })
	return c
}

// put writes a key, trying again while etcd is starting.
func put(t *testing.T, c *clientv3.Client, key, value string, opts ...clientv3.OpOption) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := c.Put(ctx, key, value, opts...); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

// remove deletes a key or, with an option, a range.
func remove(t *testing.T, c *clientv3.Client, key string, opts ...clientv3.OpOption) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := c.Delete(ctx, key, opts...); err != nil {
		t.Fatalf("delete %s: %v", key, err)
	}
}

// run runs a registry until the test ends. prepare may change its sources first.
func run(t *testing.T, cfg Config, client *clientv3.Client, prepare ...func(*etcdSource)) *Registry {
	t.Helper()
	r := New(cfg, client, slog.New(slog.DiscardHandler), nil)
	for _, s := range r.sources {
		if e, ok := s.(*etcdSource); ok {
			for _, p := range prepare {
				p(e)
			}
		}
	}
	runRegistry(t, r)
	return r
}

// runRegistry runs a registry until the test ends.
func runRegistry(t *testing.T, r *Registry) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// eventually waits until the state is as wanted, looking at it after each change.
func eventually(t *testing.T, r *Registry, what string, ok func(State) bool) State {
	t.Helper()
	deadline := time.After(patience)
	for {
		s := r.State()
		if ok(s) {
			return s
		}
		select {
		case <-r.Changed():
		case <-deadline:
			t.Fatalf("never seen: %s; last state: %+v", what, r.State())
		}
	}
}

// addresses lists the instances of a service as ip:port=weight.
func addresses(s State, service string) []string {
	found, _ := s.Snapshot.Service(service)
	var out []string
	for _, in := range found.Instances {
		out = append(out, fmt.Sprintf("%s=%d", in.HostPort(), in.Weight))
	}
	return out
}

// has tells whether a service has exactly the instances, each ip:port=weight.
func has(service string, want ...string) func(State) bool {
	return func(s State) bool {
		return s.Synced && fmt.Sprint(addresses(s, service)) == fmt.Sprint(want)
	}
}

// instance returns a value for a native key.
func instance(n int) string {
	return fmt.Sprintf(`{"address":"10.0.0.%d","port":20880}`, n)
}

// key returns a native key.
func key(n int) string { return fmt.Sprintf("%s/services/hello/i%d", DefaultPrefix, n) }

// at returns instance n as has wants it.
func at(n int) string { return fmt.Sprintf("10.0.0.%d:20880=%d", n, model.DefaultWeight) }
