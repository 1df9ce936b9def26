package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newDelete() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete <kind/name>... | -f <file>",
		Short: "Delete policies",
		Long: "Delete policies by name, or those that are in files. Their history is kept; `dubbomesh rollback` brings one back. A key\n" +
			"that is no policy's, such as one of an unknown kind, is deleted by writing it as `dubbomesh get` or `problems` shows it;\n" +
			"it has no history. With --wait the exit code is 3 when it is not known in time that no Envoy has a policy any more.",
		Example: "  dubbomesh delete traffic/hello\n  dubbomesh delete -f policies/ --wait 10s\n" +
			"  dubbomesh delete /dubbomesh/policies/Traffic/a/b",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			refs, err := deleted(cmd, args)
			if err != nil {
				return err
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				var failed failures
				var gone []awaited
				for _, name := range refs {
					a, err := deleteOne(ctx, cmd, client, c.Etcd.Prefix, name)
					if err != nil {
						failed.add(err)
						continue
					}
					say(cmd, "%s deleted", a)
					gone = append(gone, a)
				}
				failed.add(waitForAll(ctx, cmd, gone, func(ctx context.Context, a awaited, _ time.Duration) (string, error) {
					return awaitEnd(ctx, api.NewClient(c.API.Listen), a)
				}))
				return failed.join()
			})
		},
	}
	fileFlag(cmd)
	noteFlag(cmd)
	waitFlag(cmd, "no Envoy has them any more")
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// deleteOne deletes a policy, or else the key of that name.
func deleteOne(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, prefix, name string) (awaited, error) {
	ref, wrong := parseRef(name, false)
	if wrong == nil {
		revision, err := policystore.Delete(ctx, client, prefix, ref.kind, ref.name, author(cmd), time.Now())
		if !errors.Is(err, policystore.ErrNotFound) {
			return awaited{ref, revision}, err
		}
		wrong = err
	}
	kind, rest, _ := strings.Cut(strings.TrimPrefix(name, strings.TrimSuffix(policystore.Key(prefix, "", ""), "/")), "/")
	revision, err := policystore.DeleteKey(ctx, client, prefix, model.Kind(kind), rest)
	if errors.Is(err, policystore.ErrNotFound) {
		err = wrong
	}
	return awaited{policyRef{model.Kind(kind), rest}, revision}, err
}

// deleted lists what is to be deleted, by the arguments or by -f.
func deleted(cmd *cobra.Command, args []string) ([]string, error) {
	files, _ := cmd.Flags().GetStringSlice("filename")
	if (len(args) > 0) == (len(files) > 0) {
		return nil, usageError{errors.New("write either kind/name or -f")}
	}
	if len(files) == 0 {
		return args, nil
	}
	list, err := readPolicies(cmd)
	var refs []string
	for _, p := range list {
		refs = append(refs, p.ID())
	}
	return refs, err
}

// completeNames offers policies.
func completeNames(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return refs(cmd, typed, false), cobra.ShellCompDirectiveNoFileComp
}
