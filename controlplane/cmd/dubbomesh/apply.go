package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newApply() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply -f <file>",
		Short: "Create or change policies",
		Long: "Check policies and write them to etcd, so that all of them are in force at once: as many as etcd takes in one\n" +
			"transaction, which is up to 42. When one has a mistake none is written. Who changed what and when stands in\n" +
			"the history of each policy. With --wait the exit code is 1 when one is rejected, and 3 when it is not known in time\n" +
			"that every Envoy has it: no control plane answers, no Envoy is connected, or one has not acknowledged it.",
		Example: "  dubbomesh apply -f hello.yaml\n  dubbomesh apply -f policies/ --wait 10s --note \"release 42\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := readPolicies(cmd)
			if err != nil {
				return showResults(cmd, checked(list), fmt.Errorf("%w; nothing was written", err))
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				return applyAll(ctx, cmd, client, c, list, plainly)
			})
		},
	}
	fileFlag(cmd)
	noteFlag(cmd)
	waitFlag(cmd, "the policies are accepted and every Envoy has them")
	resultFlag(cmd)
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// applied says what became of a policy that was written at a revision.
type applied func(p policy.Parsed, outcome policystore.Outcome, revision int64) string

// plainly says it of a policy from a file.
func plainly(p policy.Parsed, outcome policystore.Outcome, _ int64) string {
	return string(outcome) + reachOf(p.Policy, outcome)
}

// aboutServices are the kinds that are about every service unless they name one.
var aboutServices = []model.Kind{model.KindTraffic, model.KindAccess, model.KindTelemetry}

// reachOf tells of a policy that is about more than its author may have meant.
func reachOf(p model.Policy, outcome policystore.Outcome) string {
	if p == nil || outcome == policystore.Unchanged || !slices.Contains(aboutServices, p.Kind()) {
		return ""
	}
	if m := p.Meta(); m.Service != "" || m.Selector != nil {
		return ""
	}
	return ", for all services"
}

// applyAll writes policies, so that they are in force together, and with --wait waits for what a control plane and its Envoys say.
func applyAll(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, c settings.Config, list []policy.Parsed, told applied) error {
	var errs failures
	var written []*awaited
	results := checked(list)
	done, err := policystore.Apply(ctx, client, c.Etcd.Prefix, list, author(cmd), time.Now())
	errs.add(err)
	for i := range list {
		if i >= len(done) {
			results[i].Outcome, results[i].Error = failed, err.Error()
			continue
		}
		d := done[i]
		results[i].Outcome, results[i].Revision = d.Outcome, d.Revision
		tell(cmd, "%s %s", d.Ref, told(list[i], d.Outcome, d.Revision))
		written = append(written, &awaited{policyRef: policyRef{d.Kind, d.Name}, revision: d.Revision, result: results[i]})
	}
	errs.add(waitForAll(ctx, cmd, written, verdicts(client, c.Etcd.Prefix), rollouts(api.NewClient(c.API.Listen))))
	return showResults(cmd, results, errs.join())
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
