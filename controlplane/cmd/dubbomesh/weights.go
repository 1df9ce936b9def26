package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newWeights() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "weights",
		Short: "List the weights that are overridden",
		Long: "List the overrides of weights as they stand in etcd, also those that wait for an instance. `dubbomesh weight` sets one,\n" +
			"`dubbomesh weight <service> <instance> reset` takes it back.",
		Args:    cobra.NoArgs,
		PreRunE: checkOutput,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				list, err := registry.WeightOverrides(ctx, client, c.Etcd.Prefix)
				if err != nil {
					return err
				}
				return show(cmd, withRegistered(ctx, c, list), weightsTable)
			})
		},
	}
	outputFlag(cmd)
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// weightView is an override and what the instance registered with.
type weightView struct {
	registry.WeightOverride
	Registered *uint32 `json:"registeredWeight,omitempty"` // nil when the control plane knows no such instance
}

// withRegistered adds what instances registered with, as far as a control plane says.
func withRegistered(ctx context.Context, c settings.Config, list []registry.WeightOverride) []weightView {
	all, _ := api.NewClient(c.API.Listen).Instances(ctx, "")
	views := make([]weightView, len(list))
	for i, o := range list {
		views[i].WeightOverride = o
		for _, in := range all {
			if in.Service == o.Service && in.Address == o.Address {
				views[i].Registered = in.Registered
			}
		}
	}
	return views
}

var weightsTable = table[weightView]{
	header: []string{"SERVICE", "ADDRESS", "WEIGHT", "REGISTERED", "KEY"},
	none:   "no weight is overridden; `dubbomesh weight --help` shows how",
	row: func(v weightView) []string {
		registered := ""
		if v.Registered != nil {
			registered = fmt.Sprint(*v.Registered)
		}
		return []string{v.Service, v.Address, fmt.Sprint(v.Weight), registered, v.Key}
	},
}
