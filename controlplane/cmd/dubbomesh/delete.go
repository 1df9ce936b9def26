package main

import (
	"context"
	"errors"
	"fmt"
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
		Long: "Delete policies by name, or those that are in files, all of them at once. Their history is kept; `dubbomesh rollback`\n" +
			"brings one back. A key that is no policy's, such as one of an unknown kind, is deleted by writing it as `dubbomesh get`\n" +
			"or `problems` shows it; it has no history. With --wait the exit code is 3 when it is not known in time that no Envoy has a policy any more.",
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
				gone, failed := deleteAll(ctx, cmd, client, c.Etcd.Prefix, refs)
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

// deleteAll deletes policies, all of them at once as apply writes them, and keys that are no policies' one after the other.
func deleteAll(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, prefix string, names []string) (gone []awaited, failed failures) {
	var policies []policystore.Ref
	var typed, keys []string  // names of policies, and of what is none
	why := map[string]error{} // a name is no policy's
	for _, name := range names {
		ref, err := parseRef(name, false)
		if err != nil {
			why[name], keys = err, append(keys, name)
			continue
		}
		policies, typed = append(policies, policystore.Ref{Kind: ref.kind, Name: ref.name}), append(typed, name)
	}
	done, err := policystore.Delete(ctx, client, prefix, policies, author(cmd), time.Now())
	failed.add(err)
	for i, d := range done {
		if d.Outcome == policystore.Missing {
			why[typed[i]], keys = fmt.Errorf("%s: %w", d.Ref, policystore.ErrNotFound), append(keys, typed[i])
			continue
		}
		say(cmd, "%s deleted", d.Ref)
		gone = append(gone, awaited{policyRef{d.Kind, d.Name}, d.Revision})
	}
	for _, name := range keys {
		a, err := deleteKey(ctx, client, prefix, name)
		if errors.Is(err, policystore.ErrNotFound) {
			err = why[name]
		}
		if err != nil {
			failed.add(err)
			continue
		}
		say(cmd, "%s deleted", a)
		gone = append(gone, a)
	}
	return gone, failed
}

// deleteKey deletes a key that is no policy's.
func deleteKey(ctx context.Context, client *clientv3.Client, prefix, name string) (awaited, error) {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(name, strings.TrimSuffix(policystore.Key(prefix, "", ""), "/")), "/")
	revision, err := policystore.DeleteKey(ctx, client, prefix, model.Kind(kind), rest)
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
