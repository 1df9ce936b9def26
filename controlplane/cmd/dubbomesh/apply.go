package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newApply() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply -f <file>",
		Short: "Create or change policies",
		Long: "Check policies and write them to etcd. When one has a mistake none is written. Who changed what and when stands in\n" +
			"the history of each policy.",
		Example: "  dubbomesh apply -f hello.yaml\n  dubbomesh apply -f policies/ --wait 10s --note \"release 42\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := readPolicies(cmd)
			if err != nil {
				return fmt.Errorf("%w; nothing was written", err)
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				return applyAll(ctx, cmd, client, c, list)
			})
		},
	}
	fileFlag(cmd)
	noteFlag(cmd)
	cmd.Flags().Duration("wait", 0, "how long to wait until the policies are accepted and every Envoy has them; 0s does not wait")
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// applyAll writes policies and, with --wait, waits for what a control plane and its Envoys say.
func applyAll(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, c settings.Config, list []policy.Parsed) error {
	prefix := c.Etcd.Prefix
	revisions := make([]int64, len(list))
	for i, p := range list {
		outcome, revision, err := policystore.Apply(ctx, client, prefix, p, author(cmd), time.Now())
		if err != nil {
			return err
		}
		say(cmd, "%s %s", p.ID(), outcome)
		revisions[i] = revision
	}
	wait, _ := cmd.Flags().GetDuration("wait")
	if wait <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for i, p := range list {
		if err := awaitVerdict(ctx, client, prefix, p, revisions[i], wait); err != nil {
			return err
		}
		how, err := awaitRollout(ctx, cmd, api.NewClient(c.API.Listen), policyRef{p.Kind, p.Name}, revisions[i])
		if err != nil {
			return err
		}
		say(cmd, "%s %s", p.ID(), how)
	}
	return nil
}

// awaitVerdict waits until a control plane has accepted a policy.
func awaitVerdict(ctx context.Context, client *clientv3.Client, prefix string, p policy.Parsed, revision int64, wait time.Duration) error {
	status, err := policystore.WaitJudged(ctx, client, prefix, p.Kind, p.Name, revision)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no control plane has judged %s within %s: is one running? The policy is written", p.ID(), wait)
	case err != nil:
		return fmt.Errorf("%s: %w", p.ID(), err)
	case status.Verdict == policystore.Rejected:
		return fmt.Errorf("%s was rejected by the control plane: %s", p.ID(), firstError(status))
	}
	return nil
}

// firstError is the first error of a status, and how many there are beside it.
func firstError(s policystore.Status) string {
	text, more := "", -1
	for _, problem := range s.Problems {
		if problem.Warning {
			continue
		}
		if more++; more == 0 {
			text = problem.String()
		}
	}
	if more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}
