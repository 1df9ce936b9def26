package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newDelete() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "delete <kind/name>... | -f <file>",
		Short:             "Delete policies",
		Long:              "Delete policies by name, or those that are in files. Their history is kept; `dubbomesh rollback` brings one back.",
		Example:           "  dubbomesh delete traffic/hello\n  dubbomesh delete -f policies/",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			refs, err := deleted(cmd, args)
			if err != nil {
				return err
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				var errs []error
				for _, ref := range refs {
					if err := policystore.Delete(ctx, client, c.Etcd.Prefix, ref.kind, ref.name, author(cmd), time.Now()); err != nil {
						errs = append(errs, err)
						continue
					}
					say(cmd, "%s deleted", ref)
				}
				return errors.Join(errs...)
			})
		},
	}
	fileFlag(cmd)
	noteFlag(cmd)
	settings.Flags(cmd.Flags(), settings.EtcdGroup)
	return cmd
}

// deleted lists what is to be deleted, by the arguments or by -f.
func deleted(cmd *cobra.Command, args []string) ([]policyRef, error) {
	files, _ := cmd.Flags().GetStringSlice("filename")
	if (len(args) > 0) == (len(files) > 0) {
		return nil, usageError{errors.New("write either kind/name or -f")}
	}
	var refs []policyRef
	for _, arg := range args {
		ref, err := parseRef(arg, false)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	if len(files) == 0 {
		return refs, nil
	}
	list, err := readPolicies(cmd)
	for _, p := range list {
		refs = append(refs, policyRef{p.Kind, p.Name})
	}
	return refs, err
}

// completeNames offers policies.
func completeNames(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return refs(cmd, typed, false), cobra.ShellCompDirectiveNoFileComp
}
