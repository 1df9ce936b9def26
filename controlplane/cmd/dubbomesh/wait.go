package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// waitFlag adds --wait to a command.
func waitFlag(cmd *cobra.Command, what string) {
	cmd.Flags().Duration("wait", 0, "how long to wait until "+what+"; 0s does not wait")
}

// checkWait refuses a --wait that is no time to wait, before anything is done.
func checkWait(cmd *cobra.Command) error {
	if wait, _ := cmd.Flags().GetDuration("wait"); wait < 0 {
		return usageError{fmt.Errorf("--wait is %s: write how long to wait, such as 10s, or 0s not to wait", wait)}
	}
	return nil
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

// lastLook is how long what became of policies is looked at when the time of --wait is over, for all of them together.
const lastLook = time.Second

// awaited is a policy that was written, and what is known of it.
type awaited struct {
	policyRef
	revision int64   // at which it was changed
	result   *result // what is told of it
	how      string  // what became of it, once it is settled
	err      error
	settled  bool
	seen     int // how often it has looked like something that may pass
}

// settle ends the waiting for one.
func (a *awaited) settle(how string, err error) { a.how, a.err, a.settled = how, err, true }

// vigil is the time of --wait for all policies together.
type vigil struct {
	cmd  *cobra.Command
	wait time.Duration
	time context.Context // ends with the time of --wait
	last context.Context // for one look more
	list []*awaited
	told int // how many of the list, from its beginning, were told of
}

// waitForAll waits, with --wait, for what becomes of all policies, and tells it in their order. Each step looks until it has
// settled those that it can, or the time is over.
func waitForAll(ctx context.Context, cmd *cobra.Command, list []*awaited, steps ...func(*vigil)) error {
	wait, _ := cmd.Flags().GetDuration("wait")
	if wait <= 0 || len(list) == 0 {
		return nil
	}
	v := vigil{cmd: cmd, wait: wait, list: list}
	var done, closed context.CancelFunc
	v.time, done = context.WithTimeout(ctx, wait)
	defer done()
	v.last, closed = context.WithTimeout(ctx, wait+lastLook)
	defer closed()
	for _, step := range steps {
		step(&v)
	}
	var errs failures
	for _, a := range list {
		errs.add(a.err)
	}
	return errs.join()
}

// tell says what became of policies, as far as that is known of all before them.
func (v *vigil) tell() {
	for ; v.told < len(v.list) && v.list[v.told].settled; v.told++ {
		a := v.list[v.told]
		if a.err != nil {
			a.result.Error = a.err.Error()
			continue
		}
		tell(v.cmd, "%s %s", a, a.how)
	}
}

// rounds looks at those that are not settled again and again, once more when the time is over, and leaves none.
func (v *vigil) rounds(look func(ctx context.Context, open []*awaited, final bool)) {
	for {
		var open []*awaited
		for _, a := range v.list {
			if !a.settled {
				open = append(open, a)
			}
		}
		if len(open) == 0 {
			return
		}
		ctx, final := v.time, v.time.Err() != nil
		if final {
			ctx = v.last
		}
		look(ctx, open, final)
		v.tell()
		if final {
			return
		}
		pauseFor(v.time, pollInterval)
	}
}

// notInForce is what is said of a policy that a control plane or an Envoy does not take.
func notInForce(ref policyRef, why string) error {
	return fmt.Errorf("%s is not in force: %s", ref, why)
}

// verdicts is the step that waits until a control plane has accepted the policies; those that are not are settled.
func verdicts(client *clientv3.Client, prefix string) func(*vigil) {
	return func(v *vigil) {
		for _, a := range v.list {
			status, err := policystore.WaitJudged(v.time, client, prefix, a.kind, a.name, a.revision)
			if v.time.Err() != nil {
				status, err = judgedNow(v.last, client, prefix, a)
			}
			switch {
			case errors.Is(err, errNotJudged):
				a.settle("", notConfirmed("no control plane has judged %s within %s: is one running? The policy is written", a, v.wait))
			case err != nil:
				a.settle("", notConfirmed("whether a control plane takes %s is not known: %w", a, err))
			default:
				a.result.Verdict = status.Verdict
				if status.Verdict == policystore.Rejected {
					a.result.Problems = status.Problems
					a.settle("", notInForce(a.policyRef, firstError(status)))
				}
			}
			v.tell()
		}
	}
}

// errNotJudged is the error of judgedNow where there is no verdict.
var errNotJudged = errors.New("it is not judged")

// judgedNow is the verdict that there is.
func judgedNow(ctx context.Context, client *clientv3.Client, prefix string, a *awaited) (policystore.Status, error) {
	list, err := policystore.List(ctx, client, prefix, a.kind, a.name)
	switch {
	case err != nil:
		return policystore.Status{}, err
	case len(list) == 0 || list[0].Status == nil || list[0].Status.Revision < a.revision:
		return policystore.Status{}, errNotJudged
	}
	return *list[0].Status, nil
}
