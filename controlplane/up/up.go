package up

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdembed"
	"github.com/dubbomesh/dubbomesh/controlplane/plane"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
	"github.com/dubbomesh/dubbomesh/controlplane/up/child"
)

// mesh is what runs.
type mesh struct {
	options Options
	tools   tools
	ports   *ports
	dir     string
	log     *slog.Logger
	gateway *child.Kept
	demos   []*demo
	ends    []ending   // what stops what runs, in the order in which it was started
	failed  chan error // the first thing that ended the mesh

	mu            sync.Mutex // guards what follows, and out
	out           io.Writer
	registrations []*registry.Registration
	ready         bool
	stopping      bool
}

// Run starts everything, prints to out what runs where, and runs until ctx ends; then it stops everything in order and
// returns nil. Whatever else ends it is an error, and leaves nothing running either.
func Run(ctx context.Context, o Options, out io.Writer, log *slog.Logger) (err error) {
	// The etcd server of a laptop has neither users nor TLS.
	o.Settings.Etcd = settings.Etcd{Prefix: o.Settings.Etcd.Prefix, DialTimeout: o.Settings.Etcd.DialTimeout}
	m := &mesh{options: o, log: log, out: out, failed: make(chan error, 1)}
	if m.tools, err = findTools(ctx, o); err != nil {
		return err
	}
	if m.ports, err = takePorts(o); err != nil {
		return err
	}
	defer m.ports.release()
	defer m.stop()
	if err := m.makeDir(); err != nil {
		return err
	}
	if err := errors.Join(m.start(ctx), ctx.Err()); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop while starting
		}
		return err
	}
	select {
	case <-ctx.Done():
		m.say("stopping")
		return nil
	case err := <-m.failed:
		return err
	}
}

// fail ends the mesh; only the first reason counts.
func (m *mesh) fail(err error) {
	select {
	case m.failed <- err:
	default:
	}
}

// makeDir makes the directory for data and logs.
func (m *mesh) makeDir() error {
	dir := m.options.DataDir
	if m.options.Ephemeral {
		temporary, err := os.MkdirTemp("", "dubbomesh-")
		if err != nil {
			return fmt.Errorf("temporary data directory: %w", err)
		}
		m.atEnd("the temporary directory to be removed", func() { _ = os.RemoveAll(temporary) })
		dir = temporary
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	m.dir = absolute
	if err := os.MkdirAll(filepath.Join(absolute, "logs"), 0o700); err != nil {
		return fmt.Errorf("data directory: %w; --data-dir chooses another one", err)
	}
	return nil
}

// start brings up one thing after the other, waits until all of them work together, and says so.
func (m *mesh) start(ctx context.Context) error {
	endpoint := m.ports.etcd.Addr().String()
	_ = m.ports.etcd.Close()
	etcd, err := etcdembed.Start(ctx, etcdembed.Options{
		Dir: filepath.Join(m.dir, "etcd"), Listen: endpoint, LogTo: m.logFile("etcd"), NoSync: m.options.Ephemeral,
	}, m.log)
	if err != nil {
		return err
	}
	m.atEnd("clients of etcd, such as `dubbomesh register`, to let go of it; after 7 s they are not waited for", etcd.Stop)
	go func() {
		if err, open := <-etcd.Failed(); open && err != nil {
			m.fail(fmt.Errorf("etcd ended: %w; its log is %s", err, m.logFile("etcd")))
		}
	}()
	m.runPlane(endpoint)
	if err := m.startEnvoy(); err != nil {
		return err
	}
	if m.options.Demo != "" {
		c := m.options.Settings.Etcd
		c.Endpoints = []string{endpoint}
		client, err := plane.Dial(ctx, c)
		if err != nil {
			return fmt.Errorf("etcd at %s: %w", endpoint, err)
		}
		m.atEnd("the connection to etcd", func() { _ = client.Close() })
		if err := errors.Join(m.define(ctx, client), m.startDemo(ctx, client)); err != nil {
			return err
		}
	}
	m.atEnd("requests under way in the gateway", m.drain)
	if err := m.waitReady(ctx); err != nil {
		return err
	}
	return m.announce()
}

// runPlane runs the control plane in this process.
func (m *mesh) runPlane(endpoint string) {
	c := m.options.Settings
	c.Etcd.Endpoints = []string{endpoint}
	c.Gateway.Address, c.Gateway.Port = m.options.GatewayAddress, int(port(m.ports.gateway))
	c.Gateway.DubboPort = 0 // the gateway's port takes Dubbo too, and a provider on this machine may have the usual one
	c.Dataplane.Module = m.tools.module
	p := plane.New(c, m.ports.xds, m.ports.api, m.log)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := p.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			m.fail(fmt.Errorf("control plane: %w", err))
		}
	}()
	m.atEnd("the control plane", func() {
		cancel()
		<-ended
	})
}

// ending stops something.
type ending struct {
	waitsFor string // for people, when it takes long
	stop     func()
}

// atEnd remembers what stops something that was just started, and what it may wait for.
func (m *mesh) atEnd(waitsFor string, stop func()) { m.ends = append(m.ends, ending{waitsFor, stop}) }

// noticeable is how long something takes to stop before it is said what is waited for.
const noticeable = time.Second

// stop stops everything, last started first. The gateway is drained before anything else, so that requests under way
// find their providers; then registrations go before the providers that they name.
func (m *mesh) stop() {
	for _, end := range slices.Backward(m.ends) {
		late := time.AfterFunc(noticeable, func() { m.say("waiting for %s", end.waitsFor) })
		end.stop()
		late.Stop()
	}
}

func (m *mesh) logFile(name string) string { return filepath.Join(m.dir, "logs", name+".log") }

// say prints a message for people.
func (m *mesh) say(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = fmt.Fprintf(m.out, format+"\n", args...)
}
