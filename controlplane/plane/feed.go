package plane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/pipeline"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/rollout"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// feed carries what is registered to the proxies, and is what the API looks at.
type feed struct {
	name    string // of this control plane among others
	config  settings.Config
	delta   *xds.Server
	log     *slog.Logger
	metrics prometheus.Registerer

	mu        sync.Mutex
	registry  *registry.Registry // nil until there is an etcd client
	policies  *policystore.Store // nil as long
	unreached error              // why there is no client yet
	published bool
	problems  []model.Problem // of the translation

	translating  atomic.Pointer[policystore.State] // the policies in the snapshot that is being translated
	inForce      []policystore.Version             // those in the last publication, by their keys
	publications []publication
	took         []rollout.Took
	reports      map[string]rollout.Report // of other control planes, by key
	incidents    map[string]*incident      // by type and resource; only watchAnswers looks at them
	waits        map[string]time.Time      // for others' answers to a resource, and since when; as incidents
	revised      chan struct{}             // signalled after a publication
}

func newFeed(c settings.Config, name string, delta *xds.Server, log *slog.Logger, metrics prometheus.Registerer) *feed {
	return &feed{
		name: name, config: c, delta: delta, log: log, metrics: metrics, reports: map[string]rollout.Report{},
		incidents: map[string]*incident{}, revised: make(chan struct{}, 1),
	}
}

// run feeds the proxies until ctx ends, and returns nil then.
func (f *feed) run(ctx context.Context) error {
	client, err := dialUntil(ctx, f.config.Etcd, f.log, f.failed)
	if err != nil {
		return nil // the end came first
	}
	defer func() { _ = client.Close() }()
	r := registry.New(registryConfig(f.config), client, f.log, f.metrics)
	p := policystore.New(f.config.Etcd.Prefix, protectionHold(f.config), client, f.log, f.metrics)
	f.mu.Lock()
	f.registry, f.policies, f.unreached = r, p, nil
	f.mu.Unlock()
	both := newSource(client, r, p, &f.translating)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.Run(ctx) })
	group.Go(func() error { return p.Run(ctx) })
	group.Go(func() error { both.run(ctx); return nil })
	group.Go(func() error { f.watchAnswers(ctx, client); return nil })
	group.Go(func() error { f.followReports(ctx, client); return nil })
	group.Go(func() error {
		return pipeline.New(both, f, TranslateOptions(f.config), f.log, f.metrics).Run(ctx)
	})
	return group.Wait()
}

// Publish implements pipeline.Publisher: what could not be translated is kept for the API, the rest goes to the proxies.
func (f *feed) Publish(r translate.Resources) {
	at := time.Now()
	f.mu.Lock()
	f.noted(f.delta.Published()+1, *f.translating.Load(), at) // before anybody answers
	f.problems = r.Problems
	f.mu.Unlock()
	f.delta.Publish(r)
	f.mu.Lock()
	f.published = true
	f.mu.Unlock()
	select {
	case f.revised <- struct{}{}:
	default:
	}
}

// Problems implements api.Mesh. Sources that cannot be read come first: they may be why everything else is missing.
func (f *feed) Problems() []model.Problem {
	state, refused := f.State(), f.refusalProblems()
	f.mu.Lock()
	defer f.mu.Unlock()
	etcd := strings.Join(f.config.Etcd.Endpoints, ", ")
	if f.unreached != nil {
		return []model.Problem{{Key: "etcd at " + etcd, Reason: f.unreached.Error()}}
	}
	return slices.Concat(unread(state, etcd), state.Problems, f.policyProblems(etcd), refused, f.problems)
}

// unread lists the etcd sources that cannot be read. Files that cannot are among the registry's own problems.
func unread(state registry.State, etcd string) []model.Problem {
	var problems []model.Problem
	for _, s := range state.Sources {
		reported := slices.ContainsFunc(state.Problems, func(p model.Problem) bool { return p.Key == s.Name })
		switch {
		case reported:
		case s.Error != "":
			problems = append(problems, model.Problem{Key: s.Name, Reason: fmt.Sprintf("cannot be read from etcd at %s: %s", etcd, s.Error), LastGood: s.Synced})
		case !s.Synced:
			problems = append(problems, model.Problem{Key: s.Name, Reason: fmt.Sprintf("was not read from etcd at %s yet", etcd)})
		}
	}
	return problems
}

func (f *feed) failed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unreached = err
}

// current is the registry, if there is one yet.
func (f *feed) current() *registry.Registry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.registry
}

// State implements api.Mesh.
func (f *feed) State() registry.State {
	if r := f.current(); r != nil {
		return r.State()
	}
	return registry.State{}
}

// Proxies implements api.Mesh.
func (f *feed) Proxies() []xds.Proxy { return f.delta.Proxies() }

// Config implements api.Mesh.
func (f *feed) Config(proxy string) (translate.Resources, bool) { return f.delta.Config(proxy) }

// Ready implements api.Mesh: every source was read once, and proxies get what was in it.
func (f *feed) Ready() error {
	f.mu.Lock()
	unreached, published := f.unreached, f.published
	f.mu.Unlock()
	endpoints := strings.Join(f.config.Etcd.Endpoints, ", ")
	if unreached != nil {
		return fmt.Errorf("no connection to etcd at %s yet: %w", endpoints, unreached)
	}
	state := f.State()
	if !state.Synced {
		for _, s := range state.Sources {
			if s.Error != "" {
				return fmt.Errorf("%s was not read from etcd at %s yet: %s", s.Name, endpoints, s.Error)
			}
		}
		return fmt.Errorf("not everything was read from etcd at %s yet", endpoints)
	}
	if policies := f.Policies(); !policies.Synced {
		return fmt.Errorf("the policies were not read from etcd at %s yet: %s", endpoints, cmp.Or(policies.Error, "reading goes on"))
	}
	if !published {
		return errors.New("what was read is not published to the proxies yet")
	}
	return nil
}

// registryConfig is the part of the settings that the registry knows.
func registryConfig(c settings.Config) registry.Config {
	out := registry.Config{Prefix: c.Etcd.Prefix, Dubbo: c.Sources.Dubbo, Metadata: c.Sources.Metadata, Files: c.Sources.Files}
	for _, w := range c.Sources.Weights {
		out.Weights = append(out.Weights, registry.WeightsSource{Prefix: w.Prefix, Protocol: model.Protocol(w.Protocol)})
	}
	out.Protection = registry.Protection{Share: float64(c.Protection.Percent) / 100, Window: c.Protection.Window, Hold: c.Protection.Hold}
	if !c.Protection.Enabled {
		out.Protection.Share = -1
	}
	return out
}

// protectionHold is how long policies are kept that etcd lost.
func protectionHold(c settings.Config) time.Duration {
	if !c.Protection.Enabled {
		return 0
	}
	return c.Protection.Hold
}

// TranslateOptions is the part of the settings that translation knows.
func TranslateOptions(c settings.Config) translate.Options {
	opt := translate.DefaultOptions()
	opt.GatewayAddress = c.Gateway.Address
	opt.GatewayPort = uint32(c.Gateway.Port)
	opt.GatewayDubboPort = uint32(c.Gateway.DubboPort)
	opt.Dataplane = c.Dataplane.Kind
	opt.Module = c.Dataplane.Module
	opt.Bridge.MaxRequestBytes = c.Dataplane.MaxRequestBytes
	opt.Bridge.MaxResponseBytes = c.Dataplane.MaxResponseBytes
	opt.RouteTimeout = c.Route.Timeout
	opt.ConnectTimeout = c.Route.ConnectTimeout
	opt.Retries = uint32(c.Route.Retries)
	return opt
}
