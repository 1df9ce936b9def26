package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
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
	client, err := plane.Dial(cmd.Context(), c.Etcd)
	if err == nil {
		defer func() { _ = client.Close() }()
		err = reach(cmd.Context(), client, c.Etcd)
	}
	if err != nil {
		return fmt.Errorf("cannot reach etcd at %s: %w; is `dubbomesh up` or etcd running there? --etcd says where else to look",
			strings.Join(c.Etcd.Endpoints, ", "), err)
	}
	return f(cmd.Context(), client, c)
}

// reach asks etcd for something of ours, so that a wrong address, a wrong password and a missing permission show at
// once, and as what they are.
func reach(ctx context.Context, client *clientv3.Client, c settings.Etcd) error {
	ctx, cancel := context.WithTimeout(ctx, c.DialTimeout)
	defer cancel()
	_, err := client.Get(ctx, c.Prefix+"/services/", clientv3.WithCountOnly())
	if errors.Is(err, context.DeadlineExceeded) {
		if cause := dialed(c.Endpoints); cause != nil {
			return cause
		}
	}
	return err
}

// dialed says why no connection comes about: the client itself only knows that it waited in vain.
func dialed(endpoints []string) error {
	var errs []error
	for _, endpoint := range endpoints {
		_, address, found := strings.Cut(endpoint, "://")
		if !found {
			address = endpoint
		}
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		_ = connection.Close()
	}
	return errors.Join(errs...)
}
