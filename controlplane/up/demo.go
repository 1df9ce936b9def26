package up

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/up/child"
)

// The services of the demo.
const (
	helloService = "com.alibaba.dubbo.performance.demo.provider.IHelloService"
	echoService  = "org.dubbomesh.demo.Echo"
	httpService  = "demo-http"
)

// demo is one process of the demo and what it is registered as.
type demo struct {
	name     string
	path     string
	args     []string
	services []string
	protocol model.Protocol
	weight   uint32
	version  string // a label, for policies to choose by
	zone     string

	child   *child.Child
	address netip.AddrPort
}

// demos are three Dubbo providers whose weights are as their names, and two instances of an HTTP service. They say that they
// have a load: each provider twice that of the one before, the second instance three times that of the first. Of both services
// the last instance is the new version, and the first is in a zone of its own.
func (t tools) demos() []*demo {
	provider := func(name, utilization string, weight uint32, version, zone string) *demo {
		return &demo{
			name: "provider-" + name, path: t.provider, args: []string{"--name", name, "--delay", "50ms", "--utilization", utilization},
			services: []string{helloService, echoService}, protocol: model.ProtocolDubbo, weight: weight * model.DefaultWeight, version: version, zone: zone,
		}
	}
	web := func(name, utilization, version, zone string) *demo {
		return &demo{
			name: "http-" + name, path: t.http, args: []string{"--name", name, "--utilization", utilization},
			services: []string{httpService}, protocol: model.ProtocolHTTP, weight: model.DefaultWeight, version: version, zone: zone,
		}
	}
	return []*demo{
		provider("small", "0.2", 1, "v1", "east"),
		provider("medium", "0.4", 2, "v1", "west"),
		provider("large", "0.8", 3, "v2", "west"),
		web("one", "0.25", "v1", "east"),
		web("two", "0.75", "v2", "west"),
	}
}

const (
	demoStart = 30 * time.Second // to say where it listens
	demoGrace = 8 * time.Second  // to end after SIGTERM
	leaving   = 5 * time.Second  // to take a registration back
)

// startDemo starts the demo's processes together, and registers each as soon as it listens.
func (m *mesh) startDemo(ctx context.Context, client *clientv3.Client) error {
	m.demos = m.tools.demos()
	errs := make([]error, len(m.demos))
	var group sync.WaitGroup
	for i, d := range m.demos {
		c, err := child.Start(child.Spec{
			Name: d.name, Path: d.path, Args: append([]string{"--listen", loopback + ":0"}, d.args...), Log: m.logFile(d.name),
		})
		if err != nil {
			errs[i] = err
			continue
		}
		d.child = c
		group.Go(func() { errs[i] = m.register(ctx, d, client) })
	}
	group.Wait()
	m.atEnd("the demo's services to end", m.stopDemo)
	return errors.Join(errs...)
}

// stopDemo takes the registrations back, then stops the processes, all of them together.
func (m *mesh) stopDemo() {
	ctx, cancel := context.WithTimeout(context.Background(), leaving)
	defer cancel()
	m.mu.Lock()
	registrations := m.registrations
	m.stopping = true
	m.mu.Unlock()
	var group sync.WaitGroup
	for _, r := range registrations {
		group.Go(func() {
			if err := r.Close(ctx); err != nil {
				m.say("deregister %s: %v", r.Key(), err)
			}
		})
	}
	group.Wait()
	for _, d := range m.demos {
		if d.child != nil {
			group.Go(func() { d.child.Stop(demoGrace) })
		}
	}
	group.Wait()
}

// register waits until a process listens, registers its services and then watches over it: when it dies the lease is
// left to run out, as the lease of any provider that dies.
func (m *mesh) register(ctx context.Context, d *demo, client *clientv3.Client) error {
	if err := d.listening(ctx); err != nil {
		return err
	}
	lifetime, died := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		<-d.child.Done()
		m.mu.Lock()
		stopping := m.stopping
		m.mu.Unlock()
		if !stopping {
			died()
			m.say("%v\nits registrations end with their lease, within %v", d.child.Ended(), registry.DefaultTTL)
		}
	}()
	for _, service := range d.services {
		r, err := registry.Register(lifetime, client, registry.RegistrationConfig{
			Prefix: m.options.Settings.Etcd.Prefix, Service: service,
			Instance: model.Instance{
				Address: d.address.Addr().String(), Port: uint32(d.address.Port()), Protocol: d.protocol, Weight: d.weight,
				Status: model.StatusUp, Zone: d.zone, Labels: map[string]string{"name": d.name, "version": d.version},
			},
		}, m.log)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		m.mu.Lock()
		m.registrations = append(m.registrations, r)
		m.mu.Unlock()
		select {
		case <-r.Registered():
		case <-d.child.Done():
			return d.child.Ended()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// listening waits until the process has said where it listens.
func (d *demo) listening(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, demoStart)
	defer cancel()
	for {
		text, err := os.ReadFile(d.child.Log())
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		for line := range strings.Lines(string(text)) {
			address, found := strings.CutPrefix(line, "listening ")
			if !found || !strings.HasSuffix(line, "\n") {
				continue
			}
			if d.address, err = netip.ParseAddrPort(strings.TrimSpace(address)); err != nil {
				return fmt.Errorf("%s says that it listens on %q: %w", d.name, strings.TrimSpace(address), err)
			}
			return nil
		}
		select {
		case <-d.child.Done():
			return d.child.Ended()
		default:
		}
		if !pause(ctx) {
			return fmt.Errorf("%s does not say where it listens: %w; its log %s ends with:\n%s", d.name, ctx.Err(), d.child.Log(), d.child.Tail(5))
		}
	}
}
