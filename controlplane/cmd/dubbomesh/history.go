package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newHistory() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history <kind/name>",
		Short: "List who changed a policy, and when",
		Long: fmt.Sprintf("List the changes of a policy, the newest first: the last %d accepted ones are kept, also of a policy that was deleted.\n"+
			"Those that Envoys refused are marked so. --revision prints one as it was.", policystore.HistoryKept),
		Example:           "  dubbomesh history traffic/hello\n  dubbomesh history traffic/hello --revision 42",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completePast,
		PreRunE:           checkOutput,
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := parseRef(args[0], false)
			if err != nil {
				return err
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				changes, err := policystore.History(ctx, client, c.Etcd.Prefix, ref.kind, ref.name)
				if err == nil && len(changes) == 0 {
					err = fmt.Errorf("%s: %w, and there was none; `dubbomesh get` lists what there is", ref, policystore.ErrNotFound)
				}
				if err != nil {
					return err
				}
				revision, _ := cmd.Flags().GetInt64("revision")
				if revision == 0 {
					return show(cmd, changesOf(changes), historyTable)
				}
				one, err := changeAt(ref, changes, revision)
				if err != nil {
					return err
				}
				_, err = fmt.Fprint(cmd.OutOrStdout(), one.Text)
				return err
			})
		},
	}
	outputFlag(cmd)
	cmd.Flags().Int64("revision", 0, "print the policy as it was at this revision")
	_ = cmd.RegisterFlagCompletionFunc("revision", completeRevisions)
	settings.Flags(cmd.Flags(), settings.EtcdGroup)
	return cmd
}

// changeView is a change, and whether there was no policy before it.
type changeView struct {
	policystore.Change
	Created bool `json:"created,omitempty"`
}

// changesOf are the changes of a policy, the newest first. Of the oldest that is kept it is only known while none was dropped.
func changesOf(list []policystore.Change) []changeView {
	views := make([]changeView, len(list))
	for i, c := range list {
		first := i == len(list)-1 && len(list) < policystore.HistoryKept
		views[i] = changeView{c, !c.Deleted && (first || i+1 < len(list) && list[i+1].Deleted)}
	}
	return views
}

var historyTable = table[changeView]{
	header: []string{"REVISION", "WHEN", "WHO", "WHAT", "NOTE"},
	none:   "nothing is known of such a policy",
	row: func(c changeView) []string {
		what, who := "changed", c.Who
		switch {
		case c.Deleted:
			what = "deleted"
		case c.Refused:
			what = "refused"
		case c.Created:
			what = "created"
		}
		if who == "" {
			who = "written to etcd directly"
		}
		return []string{strconv.FormatInt(c.Revision, 10), c.When.Local().Format(time.DateTime), who, what, c.Note}
	},
}

// changeAt is the change of a revision.
func changeAt(ref policyRef, changes []policystore.Change, revision int64) (policystore.Change, error) {
	at := slices.IndexFunc(changes, func(c policystore.Change) bool { return c.Revision == revision })
	switch {
	case at < 0:
		return policystore.Change{}, fmt.Errorf("%s has no revision %d; `dubbomesh history %s` lists them", ref, revision, ref)
	case changes[at].Deleted:
		return policystore.Change{}, fmt.Errorf("%s was deleted at revision %d; choose another one", ref, revision)
	}
	return changes[at], nil
}

func newRollback() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "rollback <kind/name>",
		Short:             "Bring an earlier version of a policy back",
		Long:              "Write an earlier version of a policy again: that of --revision, or the last accepted one that differs from what stands\nin etcd now and that no Envoy refused. A deleted policy comes back.",
		Example:           "  dubbomesh rollback traffic/hello\n  dubbomesh rollback traffic/hello --revision 42 --wait 10s",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completePast,
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := parseRef(args[0], false)
			if err != nil {
				return err
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				earlier, err := earlierVersion(ctx, cmd, client, c.Etcd.Prefix, ref)
				if err != nil {
					return err
				}
				parsed := policy.ParseKey(string(ref.kind), ref.name, []byte(earlier.Text))
				if err := parsed.Err(); err != nil {
					return fmt.Errorf("%s as it was at revision %d cannot be used any more: %w", ref, earlier.Revision, err)
				}
				if !cmd.Flags().Changed("note") {
					_ = cmd.Flags().Set("note", fmt.Sprintf("rollback to revision %d", earlier.Revision))
				}
				return applyAll(ctx, cmd, client, c, []policy.Parsed{parsed}, func(p policy.Parsed, outcome policystore.Outcome, revision int64) string {
					if outcome == policystore.Unchanged {
						return fmt.Sprintf("is already as it was at revision %d", earlier.Revision)
					}
					return fmt.Sprintf("rolled back to revision %d, written as revision %d%s", earlier.Revision, revision, reachOf(p.Policy, outcome))
				})
			})
		},
	}
	noteFlag(cmd)
	cmd.Flags().Int64("revision", 0, "the revision to bring back")
	_ = cmd.RegisterFlagCompletionFunc("revision", completeRevisions)
	waitFlag(cmd, "it is accepted and every Envoy has it")
	resultFlag(cmd)
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// earlierVersion is what a rollback brings back.
func earlierVersion(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, prefix string, ref policyRef) (policystore.Change, error) {
	changes, err := policystore.History(ctx, client, prefix, ref.kind, ref.name)
	if err != nil {
		return policystore.Change{}, err
	}
	if revision, _ := cmd.Flags().GetInt64("revision"); revision != 0 {
		one, err := changeAt(ref, changes, revision)
		if err == nil && one.Refused {
			cmd.PrintErrf("warning: %s: Envoys refused revision %d\n", ref, revision)
		}
		return one, err
	}
	current, err := policystore.List(ctx, client, prefix, ref.kind, ref.name)
	if err != nil {
		return policystore.Change{}, err
	}
	at := slices.IndexFunc(changes, func(c policystore.Change) bool {
		return !c.Deleted && !c.Refused && (len(current) == 0 || c.Text != current[0].Text)
	})
	if at < 0 {
		return policystore.Change{}, fmt.Errorf("%s has no earlier version that Envoys took; `dubbomesh history %s` lists what is kept", ref, ref)
	}
	return changes[at], nil
}
