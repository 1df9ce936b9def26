package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
			"or `problems` shows it; it has no history. A name that can be nothing's keeps all from being deleted; a policy that\n" +
			"there is not keeps no other. With --wait the exit code is 3 when it is not known in time that no Envoy has a policy any more.",
		Example: "  dubbomesh delete traffic/hello\n  dubbomesh delete -f policies/ --wait 10s\n" +
			"  dubbomesh delete /dubbomesh/policies/Traffic/a/b",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := deleted(cmd, args)
			if err != nil {
				return err
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				return deleteAll(ctx, cmd, client, c, names)
			})
		},
	}
	fileFlag(cmd)
	noteFlag(cmd)
	waitFlag(cmd, "no Envoy has them any more")
	resultFlag(cmd)
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// deleteAll deletes what has the names. Nothing is deleted when one of them can be nothing's.
func deleteAll(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, c settings.Config, names []string) error {
	var list []named
	for _, name := range names {
		n, err := resolve(ctx, client, c.Etcd.Prefix, name)
		if err != nil {
			return fmt.Errorf("%w; nothing was deleted", err)
		}
		list = append(list, n)
	}
	var policies []policystore.Ref
	for _, n := range list {
		if n.policy != nil {
			policies = append(policies, policystore.Ref{Kind: n.policy.kind, Name: n.policy.name})
		}
	}
	done, broken := policystore.Delete(ctx, client, c.Etcd.Prefix, policies, author(cmd), time.Now())
	var errs failures
	var gone []*awaited
	var results []*result
	for _, n := range list {
		one := &result{Outcome: policystore.Deleted}
		results = append(results, one)
		err := broken
		switch {
		case n.policy == nil:
			one.Revision, err = policystore.DeleteKey(ctx, client, c.Etcd.Prefix, n.key)
			errs.add(err)
		case len(done) > 0:
			one.Revision, err = n.deleted(ctx, client, c.Etcd.Prefix, done[0])
			done = done[1:]
			errs.add(err)
		}
		ref := n.ref()
		one.Kind, one.Name = ref.kind, ref.name
		if err != nil {
			one.Outcome, one.Error = failed, err.Error()
			continue
		}
		tell(cmd, "%s deleted", n)
		gone = append(gone, &awaited{policyRef: ref, revision: one.Revision, result: one})
	}
	errs.add(broken)
	errs.add(waitForAll(ctx, cmd, gone, ends(api.NewClient(c.API.Listen))))
	return showResults(cmd, results, errs.join())
}

// named is what an argument of delete names: a policy, and else a key.
type named struct {
	policy *policyRef
	key    string // below that of the policies
}

// String is what is told of it.
func (n named) String() string {
	if n.policy != nil {
		return n.policy.String()
	}
	return n.key
}

// resolve finds out what a name means. One that can be no policy's must be that of a key that there is.
func resolve(ctx context.Context, client *clientv3.Client, prefix, name string) (named, error) {
	ref, err := parseRef(name, false)
	if err == nil {
		return named{&ref, name}, nil
	}
	key, whole := strings.CutPrefix(name, policystore.RestKey(prefix, ""))
	if kind, rest, _ := strings.Cut(key, "/"); whole && rest != "" && !strings.Contains(rest, "/") && slices.Contains(model.Kinds, model.Kind(kind)) {
		return named{&policyRef{model.Kind(kind), rest}, key}, nil
	}
	there, failure := policystore.HasKey(ctx, client, prefix, key)
	switch {
	case failure != nil:
		return named{}, failure
	case !there:
		return named{}, err
	}
	return named{nil, key}, nil
}

// ref is kind and name of it, as far as a key has them.
func (n named) ref() policyRef {
	if n.policy != nil {
		return *n.policy
	}
	kind, name, _ := strings.Cut(n.key, "/")
	return policyRef{model.Kind(kind), name}
}

// deleted tells at which revision of etcd a policy is gone. Where there was none its name may be that of a key.
func (n *named) deleted(ctx context.Context, client *clientv3.Client, prefix string, done policystore.Done) (int64, error) {
	if done.Outcome != policystore.Missing {
		return done.Revision, nil
	}
	revision, err := policystore.DeleteKey(ctx, client, prefix, n.key)
	if errors.Is(err, policystore.ErrNotFound) {
		return 0, fmt.Errorf("%s: %w", done.Ref, policystore.ErrNotFound)
	}
	n.policy = nil
	return revision, err
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
