package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/plane"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// load reads the settings of a command; a mistake in them is a usage error.
func load(cmd *cobra.Command) (settings.Config, error) { return loadWith(cmd, cmd.Flags()) }

// loadWith takes only the given flags for settings.
func loadWith(cmd *cobra.Command, flags *pflag.FlagSet) (settings.Config, error) {
	file, _ := cmd.Flags().GetString("config")
	if file == "" {
		file = os.Getenv(settings.ConfigVariable)
	}
	c, err := settings.Load(flags, file)
	if err != nil {
		return c, usageError{err}
	}
	return c, nil
}

// newLogger logs to standard error.
func newLogger(cmd *cobra.Command, c settings.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), options))
	}
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), options))
}

// control returns a client for the control plane.
func control(cmd *cobra.Command) (*api.Client, error) {
	c, err := load(cmd)
	if err != nil {
		return nil, err
	}
	return api.NewClient(c.API.Listen), nil
}

// withEtcd runs f with a client that has reached etcd.
func withEtcd(cmd *cobra.Command, f func(ctx context.Context, client *clientv3.Client, c settings.Config) error) error {
	c, err := load(cmd)
	if err != nil {
		return err
	}
	client, err := connect(cmd.Context(), c.Etcd)
	if err != nil {
		return fmt.Errorf("cannot reach etcd at %s: %w; is `dubbomesh up` or etcd running there? --etcd says where else to look",
			strings.Join(c.Etcd.Endpoints, ", "), err)
	}
	defer func() { _ = client.Close() }()
	return f(cmd.Context(), client, c)
}

// connect returns a client that has reached etcd. It waits for an etcd that is slow as long as it may, and gives up early where
// every endpoint refuses connections and goes on to: nobody is there, unless it is just being started. The caller closes it.
func connect(ctx context.Context, c settings.Etcd) (*clientv3.Client, error) {
	type outcome struct {
		client *clientv3.Client
		err    error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, refused := make(chan outcome, 1), make(chan error, 1)
	go func() {
		client, err := plane.Dial(ctx, c)
		if err == nil {
			if err = reach(ctx, client, c); err != nil {
				_ = client.Close()
			}
		}
		done <- outcome{client, err}
	}()
	go func() { refused <- refusal(ctx, c.Endpoints) }()
	select {
	case o := <-done:
		return o.client, o.err
	case err := <-refused:
		go func() { // a log-in cannot be cancelled
			if o := <-done; o.err == nil {
				_ = o.client.Close()
			}
		}()
		return nil, err
	}
}

// A refusal is believed when it was seen so often, with pauses in between.
const (
	refusals     = 5
	refusalPause = 200 * time.Millisecond
)

// refusal waits until every endpoint refuses connections, and has gone on to, and says so; or until the context ends.
func refusal(ctx context.Context, endpoints []string) error {
	ticker := time.NewTicker(refusalPause)
	defer ticker.Stop()
	for seen := 0; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		errs := dialed(endpoints)
		if slices.ContainsFunc(errs, func(err error) bool { return !errors.Is(err, syscall.ECONNREFUSED) }) {
			seen = 0
			continue
		}
		if seen++; seen == refusals {
			return errors.Join(errs...)
		}
	}
}

// reach asks etcd for something of ours, so that a wrong address, a wrong password and a missing permission show at
// once, and as what they are.
func reach(ctx context.Context, client *clientv3.Client, c settings.Etcd) error {
	ctx, cancel := context.WithTimeout(ctx, c.DialTimeout)
	defer cancel()
	_, err := client.Get(ctx, c.Prefix+"/services/", clientv3.WithCountOnly())
	if errors.Is(err, context.DeadlineExceeded) {
		if cause := errors.Join(dialed(c.Endpoints)...); cause != nil {
			return cause
		}
	}
	return err
}

// dialed says of each endpoint why no connection comes about, nil where one does: the client itself only knows that it waited in
// vain.
func dialed(endpoints []string) []error {
	errs := make([]error, len(endpoints))
	var all sync.WaitGroup
	for i, endpoint := range endpoints {
		_, address, found := strings.Cut(endpoint, "://")
		if !found {
			address = endpoint
		}
		all.Go(func() {
			connection, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				errs[i] = err
				return
			}
			_ = connection.Close()
		})
	}
	all.Wait()
	return errs
}
