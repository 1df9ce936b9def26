package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newDeregister() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deregister <service> <instance>",
		Short: "Remove a registration, whoever keeps it",
		Long: "Remove a registration in the mesh's own part of etcd: the instance is marked draining first, then deleted. One that is\n" +
			"registered nowhere any more and only kept by protection (`up (kept)` in `dubbomesh instances`) is ended as well, by\n" +
			"its name or its address.\n" +
			"What Dubbo itself registered is removed by stopping the provider; `dubbomesh weight … 0` takes its traffic away.",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: complete(serviceNames, instanceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				key := registry.InstanceKey(c.Etcd.Prefix, args[0], args[1])
				err := registry.Deregister(ctx, client, c.Etcd.Prefix, args[0], args[1])
				if errors.Is(err, registry.ErrNotFound) {
					return deregisterKept(ctx, cmd, client, c, args[0], args[1])
				}
				if err != nil {
					return err
				}
				say(cmd, "deregistered %s", key)
				return nil
			})
		},
	}
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// deregisterKept ends an instance that protection keeps. A control plane knows which those are.
func deregisterKept(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, c settings.Config, service, name string) error {
	key := registry.InstanceKey(c.Etcd.Prefix, service, name)
	all, err := api.NewClient(c.API.Listen).Instances(ctx, "")
	if err != nil {
		return fmt.Errorf("nothing is registered at %s; whether protection keeps such an instance is not known: %w", key, err)
	}
	ended := 0
	for _, in := range all {
		if in.Service != service || !in.Protected || in.Source != key && in.Address != name {
			continue
		}
		kept, err := keptInstance(in)
		if err != nil {
			return err
		}
		if err := registry.DeregisterKept(ctx, client, c.Etcd.Prefix, service, name, kept); err != nil {
			return err
		}
		say(cmd, "deregistered %s of %s, which was only kept by protection", in.Address, service)
		ended++
	}
	if ended == 0 {
		return fmt.Errorf("nothing is registered at %s; `dubbomesh instances %s` lists what is, with its key", key, service)
	}
	return nil
}

// keptInstance is what makes an instance the same as the one that a control plane shows.
func keptInstance(in api.Instance) (model.Instance, error) {
	address, port, err := registry.SplitAddress(in.Address)
	return model.Instance{Address: address, Port: port, Protocol: model.Protocol(in.Protocol), Group: in.Group, Version: in.Version}, err
}
