package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newDeregister() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deregister <service> <instance>",
		Short: "Remove a registration, whoever keeps it",
		Long: "Remove a registration in the mesh's own part of etcd: the instance is marked draining first, then deleted.\n" +
			"What Dubbo itself registered is removed by stopping the provider; `dubbomesh weight … 0` takes its traffic away.",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: complete(serviceNames, instanceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				key := registry.InstanceKey(c.Etcd.Prefix, args[0], args[1])
				err := registry.Deregister(ctx, client, c.Etcd.Prefix, args[0], args[1])
				if errors.Is(err, registry.ErrNotFound) {
					return fmt.Errorf("nothing is registered at %s; `dubbomesh instances %s` lists what is, with its key", key, args[0])
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
