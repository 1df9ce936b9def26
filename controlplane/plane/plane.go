// Package plane is the control plane as one thing that can be run: etcd in, configuration for Envoys and an API out.
// It wires the stages together and holds no logic of theirs.
package plane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// Plane is a control plane whose ports are open. Run it, or Close it.
type Plane struct {
	config  settings.Config
	log     *slog.Logger
	metrics *prometheus.Registry
	delta   *xds.Server
	feed    *feed

	xdsListener, apiListener net.Listener
}

// Listen opens the ports, so that whoever starts a control plane knows at once when it cannot run.
func Listen(c settings.Config, log *slog.Logger) (*Plane, error) {
	_, err := tlsConfig(c.Etcd.TLS)
	if err := errors.Join(err, registryConfig(c).Validate(), TranslateOptions(c).Validate()); err != nil {
		return nil, err
	}
	xdsListener, err := listen("xDS", c.XDS.Listen, "--xds", "xds.listen")
	if err != nil {
		return nil, err
	}
	apiListener, err := listen("the API", c.API.Listen, "--api", "api.listen")
	if err != nil {
		return nil, errors.Join(err, xdsListener.Close())
	}
	return New(c, xdsListener, apiListener, log), nil
}

func listen(who, address, flag, key string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for %s: %w; %s (%s in the file) chooses another address", address, who, errors.Unwrap(err), flag, key)
	}
	return l, nil
}

// New returns a control plane on ports that are open already. The listeners are its own from now on.
func New(c settings.Config, xdsListener, apiListener net.Listener, log *slog.Logger) *Plane {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	delta := xds.New(log, metrics)
	delta.SetLinger(c.XDS.Linger)
	return &Plane{
		config: c, log: log, metrics: metrics, delta: delta, feed: newFeed(c, nameOf(apiListener), delta, log, metrics),
		xdsListener: xdsListener, apiListener: apiListener,
	}
}

// XDS is the address of the xDS server.
func (p *Plane) XDS() net.Addr { return p.xdsListener.Addr() }

// API is the address of the HTTP API.
func (p *Plane) API() net.Addr { return p.apiListener.Addr() }

// Close frees the ports of a control plane that was never run.
func (p *Plane) Close() error { return errors.Join(p.xdsListener.Close(), p.apiListener.Close()) }

// stopping bounds how long requests to the API may take to finish at the end.
const stopping = 3 * time.Second

// Run serves until ctx ends, and returns nil then; any other end is an error.
func (p *Plane) Run(ctx context.Context) error {
	web := &http.Server{
		Handler: api.Handler(p.feed, api.Options{
			Metrics: p.metrics, Pprof: p.config.API.Pprof, Policies: p.feed.Policies, Rollout: p.feed.Rollout, Acknowledged: p.feed.acknowledged,
			Gateway:     net.JoinHostPort(p.config.Gateway.Address, strconv.Itoa(p.config.Gateway.Port)),
			Translation: TranslateOptions(p.config),
		}, p.log),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	p.log.Info("control plane listens", "xds", p.XDS().String(), "api", p.API().String(), "etcd", p.config.Etcd.Endpoints)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.delta.Serve(ctx, p.xdsListener) })
	group.Go(func() error {
		if err := web.Serve(p.apiListener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("the API: %w", err)
		}
		return nil
	})
	group.Go(func() error { return p.feed.run(ctx) })
	group.Go(func() error {
		<-ctx.Done()
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
		defer cancel()
		if err := web.Shutdown(bounded); err != nil {
			return web.Close()
		}
		return nil
	})
	return group.Wait()
}
