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
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// waitFlag adds --wait to a command.
func waitFlag(cmd *cobra.Command, what string) {
	cmd.Flags().Duration("wait", 0, "how long to wait until "+what+"; 0s does not wait")
}

// unconfirmed is the exit code of --wait when what was written is not known to be in force on every Envoy.
const unconfirmed = 3

// notConfirmed is such an error.
func notConfirmed(format string, args ...any) error {
	return exitError{fmt.Errorf(format, args...), unconfirmed}
}

// failures gathers errors; one with the exit code 1 outweighs those that have one of their own.
type failures struct {
	errs []error
	code int
}

func (f *failures) add(err error) {
	if err == nil {
		return
	}
	f.errs = append(f.errs, err)
	if code := exitCode(err); f.code == 0 || code == 1 {
		f.code = code
	}
}

// join is all of them as one error, nil for none.
func (f failures) join() error {
	if len(f.errs) == 0 {
		return nil
	}
	return exitError{errors.Join(f.errs...), f.code}
}

// awaited is a policy and the revision at which it was changed.
type awaited struct {
	policyRef
	revision int64
}

// Once the time of --wait is over each policy that is left is looked at shortly, so that what became of it in time is told;
// all of them together for so long.
const (
	lastLook  = time.Second
	lastLooks = 10 * time.Second
)

// waitForAll waits, with --wait, for what becomes of every policy, and tells all that went wrong.
func waitForAll(ctx context.Context, cmd *cobra.Command, list []awaited, one func(ctx context.Context, a awaited, wait time.Duration) (string, error)) error {
	wait, _ := cmd.Flags().GetDuration("wait")
	if wait <= 0 {
		return nil
	}
	var failed failures
	end := time.Now().Add(wait)
	ctx, cancel := context.WithDeadline(ctx, end.Add(lastLooks))
	defer cancel()
	for _, a := range list {
		bounded, done := context.WithTimeout(ctx, max(time.Until(end), lastLook))
		how, err := one(bounded, a, wait)
		done()
		if err != nil {
			failed.add(err)
			continue
		}
		say(cmd, "%s %s", a, how)
	}
	return failed.join()
}

// notInForce is what is said of a policy that a control plane or an Envoy does not take.
func notInForce(ref policyRef, why string) error {
	return fmt.Errorf("%s is not in force: %s", ref, why)
}

// awaitVerdict waits until a control plane has accepted a policy.
func awaitVerdict(ctx context.Context, client *clientv3.Client, prefix string, a awaited, wait time.Duration) error {
	status, err := policystore.WaitJudged(ctx, client, prefix, a.kind, a.name, a.revision)
	switch {
	case ctx.Err() != nil:
		return notConfirmed("no control plane has judged %s within %s: is one running? The policy is written", a, wait)
	case err != nil:
		return fmt.Errorf("%s: %w", a, err)
	case status.Verdict == policystore.Rejected:
		return notInForce(a.policyRef, firstError(status))
	}
	return nil
}

// awaitRollout waits until every Envoy of the mesh has acknowledged a revision of a policy, and says how that went.
func awaitRollout(ctx context.Context, cmd *cobra.Command, client *api.Client, a awaited) (string, error) {
	for refusals, alone := 0, 0; ; {
		p, err := client.Policy(ctx, string(a.kind), a.name)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			return "", notConfirmed("%s is accepted, but whether Envoys have it is not known: %w", a, err)
		case p.Revision < a.revision: // another control plane was faster
		case p.Revision == a.revision && p.Verdict == policystore.Rejected:
			return "", notInForce(a.policyRef, firstError(policystore.Status{Problems: p.Problems}))
		case p.Paused:
			printNotes(cmd, p)
			return "accepted, and paused", nil
		case !policy.Effective(p.Kind):
			return "accepted; nothing is made of it yet", nil
		case p.Rollout == nil:
		case len(p.Rollout.Refused) > 0:
			if refusals++; refusals > patientPolls { // else it is about to be withdrawn, and the verdict says it better
				return "", notInForce(a.policyRef, rolloutNote(*p.Rollout))
			}
		case p.Rollout.Done() && p.LeftOut:
			return "", notInForce(a.policyRef, strings.Join(p.Notes, "; "))
		case p.Rollout.Done() && p.Rollout.Proxies == 0:
			if alone++; alone > patientPolls { // else one may be on its way
				printNotes(cmd, p)
				return "", notConfirmed("%s is accepted, but no Envoy is connected", a)
			}
		case p.Rollout.Done():
			printNotes(cmd, p)
			return "in force on " + everyEnvoy(*p.Rollout), nil
		}
		if !pauseFor(ctx, pollInterval) {
			return "", notConfirmed("%s is accepted, but not in force on every Envoy in time: %s", a, waitingFor(p.Rollout))
		}
	}
}

// awaitEnd waits until no Envoy of the mesh has a deleted policy any more, and says how that went.
func awaitEnd(ctx context.Context, client *api.Client, a awaited) (string, error) {
	for alone := 0; ; {
		r, err := client.Rollout(ctx, a.revision)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			return "", notConfirmed("%s is deleted, but whether Envoys are without it is not known: %w", a, err)
		case r.Done() && r.Proxies == 0:
			if alone++; alone > patientPolls {
				return "", notConfirmed("%s is deleted, but no Envoy is connected", a)
			}
		case r.Done():
			return "gone from " + everyEnvoy(r), nil
		}
		if !pauseFor(ctx, pollInterval) {
			return "", notConfirmed("%s is deleted, but not every Envoy is without it in time: %s", a, waitingFor(&r))
		}
	}
}

// everyEnvoy tells on how many Envoys something is, and how long that took.
func everyEnvoy(r api.Rollout) string {
	return strings.TrimSuffix(fmt.Sprintf("%s in %s", count(r.Proxies, "Envoy"), r.Took), " in ")
}

// waitingFor tells who has not answered.
func waitingFor(r *api.Rollout) string {
	switch {
	case r == nil || !r.Published && rolloutNote(*r) == "":
		return "the control plane has not handed it to delivery"
	default:
		return rolloutNote(*r)
	}
}
