package main

import (
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

// errNotEverywhere is the exit code of status when something is not as it was written.
var errNotEverywhere = errors.New("not every policy is in force on every Envoy as it stands in etcd")

func newStatus() *cobra.Command {
	cmd := looking(&cobra.Command{
		Use:   "status [kind[/name]]",
		Short: "Show which policies are in force, and on how many Envoys",
		Long: "Show what control planes say of policies: accepted or rejected, how many of all their Envoys have acknowledged them, and\n" +
			"how long that took. The exit code is 0 when all of them are in force everywhere as they stand in etcd.",
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

// showStatus prints the status of policies once, or whenever it changed.
func showStatus(cmd *cobra.Command, client *api.Client, ref policyRef, watch bool) error {
	last := ""
	for {
		list, err := client.Policies(cmd.Context(), string(ref.kind))
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(p api.Policy) bool { return ref.name != "" && p.Name != ref.name })
		if ref.name != "" && len(list) == 0 {
			return fmt.Errorf("%s: %w", ref, policystore.ErrNotFound)
		}
		if now := fmt.Sprint(rows(list)); now != last {
			last = now
			if err := show(cmd, list, statusTable); err != nil {
				return err
			}
		}
		if !watch {
			if slices.ContainsFunc(list, func(p api.Policy) bool { return !everywhere(p) }) {
				return errNotEverywhere
			}
			return nil
		}
		if !pauseFor(cmd.Context(), pollInterval) {
			return nil
		}
	}
}

func rows(list []api.Policy) (all [][]string) {
	for _, p := range list {
		all = append(all, statusTable.row(p))
	}
	return all
}

// everywhere reports whether a policy is as it was written on every Envoy.
func everywhere(p api.Policy) bool {
	switch {
	case p.Verdict != policystore.Accepted || p.LeftOut || p.Kept != nil:
		return false
	case p.Paused:
		return true
	}
	return p.Rollout != nil && p.Rollout.Done()
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
