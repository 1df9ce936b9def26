package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// printNotes tells whoever has just written a policy what should be known of it.
func printNotes(cmd *cobra.Command, p api.Policy) {
	for _, note := range p.Notes {
		cmd.PrintErrf("warning: %s/%s: %s\n", p.Kind, p.Name, note)
	}
}

// The errors of status, whose exit codes are those of --wait.
var (
	errNotInForce = errors.New("not every policy is in force as it stands in etcd")
	errNoEnvoy    = notConfirmed("no Envoy is connected, so that no policy is known to be in force")
	errPending    = notConfirmed("not every policy is known to be on every Envoy")
)

func newStatus() *cobra.Command {
	cmd := looking(&cobra.Command{
		Use:   "status [kind[/name]]",
		Short: "Show which policies are in force, and on how many Envoys",
		Long: "Show what control planes say of policies: accepted or rejected, how many of all their Envoys have acknowledged them, and\n" +
			"how long that took.\n\n" +
			"Exit codes, as those of --wait of `dubbomesh apply`: 0 all of them are on every Envoy as they stand in etcd, 1 one is\n" +
			"rejected or refused, or not all of it is in force, 3 no Envoy is connected, or one has not acknowledged them yet.\n\n" +
			"With --watch a control plane that goes away is waited for.",
		Example:           "  dubbomesh status\n  dubbomesh status traffic/hello --watch",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			var ref policyRef
			if len(args) > 0 {
				var err error
				if ref, err = parseRef(args[0], true); err != nil {
					return err
				}
			}
			client, err := control(cmd)
			if err != nil {
				return err
			}
			watch, _ := cmd.Flags().GetBool("watch")
			return showStatus(cmd, client, ref, watch)
		},
	})
	cmd.Flags().BoolP("watch", "w", false, "show every change until Ctrl-C")
	return cmd
}

// showStatus prints the status of policies once, or with its time whenever it changed.
func showStatus(cmd *cobra.Command, client *api.Client, ref policyRef, watch bool) error {
	if watch {
		return watchStatus(cmd, client, ref)
	}
	list, err := statusOf(cmd, client, ref)
	if err != nil {
		return err
	}
	if err := show(cmd, list, statusTable); err != nil {
		return err
	}
	return verdictOn(list)
}

// statusOf asks for the status of one policy, of a kind or of all.
func statusOf(cmd *cobra.Command, client *api.Client, ref policyRef) ([]api.Policy, error) {
	list, err := client.Policies(cmd.Context(), string(ref.kind))
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(p api.Policy) bool { return ref.name != "" && p.Name != ref.name })
	if ref.name != "" && len(list) == 0 {
		return nil, fmt.Errorf("%s: %w", ref, policystore.ErrNotFound)
	}
	return list, nil
}

// watchStatus prints every change until the context ends. What fails at the first look fails; later it is told, once, and
// waited for.
func watchStatus(cmd *cobra.Command, client *api.Client, ref policyRef) error {
	last, failing := "", ""
	for {
		list, err := statusOf(cmd, client, ref)
		now := time.Now().Local().Format(time.DateTime)
		switch {
		case cmd.Context().Err() != nil: // Ctrl-C, below
		case err != nil && last == "":
			return err
		case err != nil:
			if said := err.Error(); said != failing {
				failing = said
				cmd.PrintErrf("%s %s; looking again until Ctrl-C\n", now, said)
			}
		default:
			if seen := "status" + fmt.Sprint(rows(list)); seen != last || failing != "" {
				last, failing = seen, ""
				tell(cmd, "%s", now)
				if err := show(cmd, list, statusTable); err != nil {
					return err
				}
			}
		}
		if !pauseFor(cmd.Context(), pollInterval) {
			return nil
		}
	}
}

// verdictOn is the error of policies that are not all in force everywhere; nil when they are.
func verdictOn(list []api.Policy) error {
	var outcome error
	for _, p := range list {
		switch {
		case p.Verdict != policystore.Accepted || p.LeftOut || p.Kept != nil || p.Rollout != nil && len(p.Rollout.Refused) > 0:
			return exitError{errNotInForce, 1}
		case p.Paused || !policy.Effective(p.Kind):
		case p.Rollout != nil && p.Rollout.Done() && p.Rollout.Proxies == 0:
			outcome = cmp.Or(outcome, errNoEnvoy)
		case p.Rollout == nil || !p.Rollout.Done():
			outcome = errPending
		}
	}
	return outcome
}

func rows(list []api.Policy) (all [][]string) {
	for _, p := range list {
		all = append(all, statusTable.row(p))
	}
	return all
}

var statusTable = table[api.Policy]{
	header: []string{"POLICY", "VERDICT", "REVISION", "IN FORCE", "ENVOYS", "TOOK", "NOTE"},
	none:   "there are no policies; `dubbomesh apply --help` shows how to write one",
	row: func(p api.Policy) []string {
		inForce, envoys, took, note := "no", "", "", ""
		switch {
		case p.Kept != nil:
			inForce = "until " + p.Kept.Local().Format(time.TimeOnly)
		case p.Paused:
			inForce = "paused"
		case !policy.Effective(p.Kind):
			inForce = "not yet"
		case p.LeftOut:
			inForce = "in part"
		case p.InForce == p.Revision && p.Rollout != nil && p.Rollout.Proxies == 0:
			inForce = "no Envoy"
		case p.InForce == p.Revision:
			inForce = "yes"
		case p.InForce > 0:
			inForce = fmt.Sprintf("revision %d", p.InForce)
		}
		if r := p.Rollout; r != nil {
			envoys, took = fmt.Sprintf("%d/%d", r.Acknowledged, r.Proxies), r.Took
			note = rolloutNote(*r)
		}
		for _, said := range [][]string{p.Notes, warnings(p.Problems)} {
			if note == "" {
				note = strings.Join(said, "; ")
			}
		}
		if p.Verdict == policystore.Rejected {
			note = firstError(policystore.Status{Problems: p.Problems})
		}
		return []string{string(p.Kind) + "/" + p.Name, string(p.Verdict), fmt.Sprint(p.Revision), inForce, envoys, took, note}
	},
}

// warnings are the texts of those among problems.
func warnings(problems []policy.Problem) (list []string) {
	for _, p := range problems {
		if p.Warning {
			list = append(list, p.Message)
		}
	}
	return list
}

func rolloutNote(r api.Rollout) string {
	var notes []string
	for _, refused := range r.Refused {
		notes = append(notes, refused.String())
	}
	if len(r.Pending) > 0 {
		notes = append(notes, "waiting for "+strings.Join(r.Pending, ", "))
	}
	return strings.Join(notes, "; ")
}

// pollInterval lies between two looks at the control plane.
const pollInterval = 100 * time.Millisecond

// patientPolls is how often a refusal is looked at before it is told.
const patientPolls = 10

// pauseFor waits, and returns false when the context ended first.
func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
