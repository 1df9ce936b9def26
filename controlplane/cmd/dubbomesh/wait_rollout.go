package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// rollouts is the step that waits until every Envoy of the mesh has acknowledged the policies.
func rollouts(client *api.Client) func(*vigil) {
	return func(v *vigil) {
		v.rounds(func(ctx context.Context, open []*awaited, final bool) {
			views, err := viewed(ctx, client, open)
			for _, a := range open {
				p, known := views[a.policyRef]
				switch {
				case err != nil && ctx.Err() != nil && !final: // there is one look more
				case err != nil:
					a.settle("", notConfirmed("%s is accepted, but whether Envoys have it is not known: %w", a, err))
				default:
					v.settleRollout(a, p, known, final)
				}
			}
		})
	}
}

// viewed asks for policies: for one of them alone, else for all of a kind or all.
func viewed(ctx context.Context, client *api.Client, open []*awaited) (map[policyRef]api.Policy, error) {
	views := map[policyRef]api.Policy{}
	if len(open) == 1 {
		p, err := client.Policy(ctx, string(open[0].kind), open[0].name)
		if err == nil {
			views[open[0].policyRef] = p
		}
		if errors.Is(err, api.ErrNotFound) { // another control plane was faster
			err = nil
		}
		return views, err
	}
	kind := open[0].kind
	for _, a := range open {
		if a.kind != kind {
			kind = ""
		}
	}
	list, err := client.Policies(ctx, string(kind))
	for _, p := range list {
		views[policyRef{p.Kind, p.Name}] = p
	}
	return views, err
}

// settleRollout settles a policy when what a control plane says of it cannot change any more or, finally, whatever it says.
func (v *vigil) settleRollout(a *awaited, p api.Policy, known, final bool) {
	if known && p.Revision >= a.revision {
		a.result.Rollout, a.result.Notes = p.Rollout, p.Notes
	}
	switch {
	case !known || p.Revision < a.revision: // another control plane was faster
		p = api.Policy{}
	case p.Revision == a.revision && p.Verdict == policystore.Rejected:
		a.result.Verdict, a.result.Problems = p.Verdict, p.Problems
		a.settle("", notInForce(a.policyRef, firstError(policystore.Status{Problems: p.Problems})))
	case p.Paused:
		printNotes(v.cmd, p)
		a.settle("accepted, and paused", nil)
	case !policy.Effective(p.Kind):
		a.settle("accepted; nothing is made of it yet", nil)
	case p.Rollout == nil:
	case len(p.Rollout.Refused) > 0:
		if a.seen++; a.seen > patientPolls || final { // else it is about to be withdrawn, and the verdict says it better
			a.settle("", notInForce(a.policyRef, rolloutNote(*p.Rollout)))
		}
	case p.Rollout.Done() && p.LeftOut:
		a.settle("", notInForce(a.policyRef, strings.Join(p.Notes, "; ")))
	case p.Rollout.Done() && p.Rollout.Proxies == 0:
		if a.seen++; a.seen > patientPolls || final { // else one may be on its way
			printNotes(v.cmd, p)
			a.settle("", notConfirmed("%s is accepted, but no Envoy is connected", a))
		}
	case p.Rollout.Done():
		printNotes(v.cmd, p)
		a.settle("in force on "+everyEnvoy(*p.Rollout), nil)
	}
	if final && !a.settled {
		a.settle("", notConfirmed("%s is accepted, but not in force on every Envoy within %s: %s", a, v.wait, waitingFor(p.Rollout)))
	}
}

// ends is the step that waits until no Envoy of the mesh has deleted policies any more.
func ends(client *api.Client) func(*vigil) {
	return func(v *vigil) {
		v.rounds(func(ctx context.Context, open []*awaited, final bool) {
			for _, a := range open {
				r, err := client.Rollout(ctx, a.revision)
				switch {
				case err != nil && ctx.Err() != nil && !final: // there is one look more
				case err != nil:
					a.settle("", notConfirmed("%s is deleted, but whether Envoys are without it is not known: %w", a, err))
				default:
					a.result.Rollout = &r
					settleEnd(a, r, v, final)
				}
			}
		})
	}
}

// settleEnd settles a deleted policy when what is said of it cannot change any more or, finally, whatever it is.
func settleEnd(a *awaited, r api.Rollout, v *vigil, final bool) {
	switch {
	case r.Done() && r.Proxies == 0:
		if a.seen++; a.seen > patientPolls || final {
			a.settle("", notConfirmed("%s is deleted, but no Envoy is connected", a))
		}
	case r.Done():
		a.settle("gone from "+everyEnvoy(r), nil)
	case final:
		a.settle("", notConfirmed("%s is deleted, but not every Envoy is without it within %s: %s", a, v.wait, waitingFor(&r)))
	}
}

// everyEnvoy tells on how many Envoys something is, and how long that took.
func everyEnvoy(r api.Rollout) string {
	return strings.TrimSuffix(fmt.Sprintf("%s in %s", count(r.Proxies, "Envoy"), r.Took), " in ")
}

// waitingFor tells who has not answered.
func waitingFor(r *api.Rollout) string {
	if r == nil {
		return "the control plane has not handed it to delivery"
	}
	said := rolloutNote(*r)
	if !r.Published {
		return cmp.Or(said, "the control plane has not handed it to delivery")
	}
	return cmp.Or(said, fmt.Sprintf("%d of %s have it", r.Acknowledged, count(r.Proxies, "Envoy")))
}
