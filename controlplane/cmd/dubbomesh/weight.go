package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// reset as a weight takes an override back.
const reset = "reset"

func newWeight() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "weight <service> <instance> <n>|reset",
		Short: "Override the weight of an instance, or take the override back",
		Long: "Override the weight of an instance (ip:port), whoever registered it, until `reset`. A weight of 0 takes all\n" +
			"traffic away; the instance finishes what it has. `dubbomesh weights` lists what is overridden.",
		Example: "  dubbomesh weight com.example.Hello 10.0.0.5:20880 300\n  dubbomesh weight com.example.Hello 10.0.0.5:20880 reset",
		Args:    cobra.ExactArgs(3),
		ValidArgsFunction: complete(serviceNames, instanceNames,
			func(*cobra.Command, []string) []string { return []string{reset} }),
		RunE: func(cmd *cobra.Command, args []string) error {
			service, instance := args[0], args[1]
			if _, err := netip.ParseAddrPort(instance); err != nil {
				return usageError{fmt.Errorf("instance is %q: write its address, such as 10.0.0.5:20880; `dubbomesh instances %s` lists them", instance, service)}
			}
			weight, err := strconv.ParseUint(args[2], 10, 32)
			if args[2] != reset && (err != nil || weight > model.MaxWeight) {
				return wrongWeight(args[2])
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				if args[2] == reset {
					return resetWeight(ctx, cmd, client, c, service, instance)
				}
				if err := checkKnown(ctx, cmd, c, service, instance); err != nil {
					return err
				}
				if err := registry.SetWeight(ctx, client, c.Etcd.Prefix, service, instance, uint32(weight)); err != nil {
					return err
				}
				say(cmd, "%s of %s now weighs %d", instance, service, weight)
				return nil
			})
		},
	}
	cmd.Flags().Bool("force", false, "override although no such instance is known; the weight waits for it")
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	cmd.SetFlagErrorFunc(negativeWeight)
	return cmd
}

// negativeWeight explains -5, which looks like flags, as the weight that it was meant to be.
func negativeWeight(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if flags := unknown.GetSpecifiedShortnames(); flags != "" && flags[0] >= '0' && flags[0] <= '9' {
			return wrongWeight("-" + flags)
		}
	}
	return cmd.Parent().FlagErrorFunc()(cmd, err)
}

func wrongWeight(text string) error {
	return usageError{fmt.Errorf("weight is %q: write 0 to %d, or reset", text, model.MaxWeight)}
}

func resetWeight(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, c settings.Config, service, instance string) error {
	err := registry.ResetWeight(ctx, client, c.Etcd.Prefix, service, instance)
	if errors.Is(err, registry.ErrNotFound) {
		return fmt.Errorf("the weight of %s of %s is not overridden: there is no %s", instance, service, registry.WeightKey(c.Etcd.Prefix, service, instance))
	}
	if err != nil {
		return err
	}
	say(cmd, "%s of %s weighs again what it registered with", instance, service)
	return nil
}

// checkKnown refuses an instance that the control plane does not know, since a misspelt name would do nothing for ever. With
// --force the override waits for it.
func checkKnown(ctx context.Context, cmd *cobra.Command, c settings.Config, service, instance string) error {
	if force, _ := cmd.Flags().GetBool("force"); force {
		return nil
	}
	all, err := api.NewClient(c.API.Listen).Instances(ctx, "")
	if err != nil {
		cmd.PrintErrf("note: whether there is such an instance is not known (%v)\n", err)
		return nil
	}
	var services, addresses []string
	for _, in := range all {
		services = append(services, in.Service)
		if in.Service == service {
			addresses = append(addresses, in.Address)
		}
	}
	what, word, known := "service "+service, service, services
	switch {
	case slices.Contains(addresses, instance):
		return nil
	case len(addresses) > 0:
		what, word, known = "instance "+instance+" of "+service, instance, addresses
	}
	hint := ""
	if near := nearest.Word(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return fmt.Errorf("there is no %s: %sNothing was changed; --force has the weight wait for it", what, hint)
}
