package policystore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
)

// What etcd takes in one transaction, by its defaults: --max-txn-ops, and less than --max-request-bytes (1.5 MiB), since keys and
// conditions count too. Where it is set to take less, transactions are halved until they fit.
const (
	maxOps   = 128
	maxBytes = 1 << 20
)

// looks is how many operations it takes to see what stands there of a policy.
const looks = 3

// attempts to change policies that somebody else changes as well.
const attempts = 5

// change carries wishes out, in their order and in as few transactions as possible. It ends at the first that fails.
func change(ctx context.Context, client clientv3.KV, prefix string, wishes []Change) (done []Done, err error) {
	most := maxOps / looks
	for len(wishes) > 0 {
		some, err := transact(ctx, client, prefix, wishes[:distinct(wishes, most)])
		switch {
		case (errors.Is(err, rpctypes.ErrTooManyOps) || errors.Is(err, rpctypes.ErrRequestTooLarge)) && most > 1:
			most /= 2
		case err != nil:
			return done, left(wishes, err)
		default:
			done, wishes = append(done, some...), wishes[len(some):]
		}
	}
	return done, nil
}

// distinct is how many of the first wishes are about different policies: etcd takes one change of a key in a transaction.
func distinct(wishes []Change, most int) int {
	seen := map[Ref]bool{}
	for i, w := range wishes[:min(most, len(wishes))] {
		if seen[w.ref()] {
			return i
		}
		seen[w.ref()] = true
	}
	return len(seen)
}

// left says what becomes of wishes that were not carried out.
func left(wishes []Change, err error) error {
	if len(wishes) == 1 {
		return fmt.Errorf("%s: %w", wishes[0].ref(), err)
	}
	var names []string
	for _, w := range wishes[:min(3, len(wishes))] {
		names = append(names, w.ref().String())
	}
	who := strings.Join(names, ", ")
	if more := len(wishes) - len(names); more > 0 {
		who = fmt.Sprintf("%s and %d more", who, more)
	}
	if errors.Is(err, errUncertain) {
		return fmt.Errorf("%s: %w", who, err)
	}
	return fmt.Errorf("%s are not changed: %w", who, err)
}

// errUncertain is an attempt that etcd may have taken though no answer came.
var errUncertain = errors.New("etcd did not say whether it has taken the change")

// uncertain tells the errors of etcd itself, which has refused a transaction, from those on the way to it.
func uncertain(err error) error {
	var said rpctypes.EtcdError
	if errors.As(err, &said) && said.Code() != codes.Unavailable && said.Code() != codes.DeadlineExceeded {
		return err
	}
	return fmt.Errorf("%w: %w", errUncertain, err)
}

// found is what stands in etcd of a policy.
type found struct {
	policy *mvccpb.KeyValue // nil for none
	last   Change           // of its history
	status Status
}

// transact carries out as many of the first wishes as etcd takes at once: all of them together, or none.
func transact(ctx context.Context, client clientv3.KV, prefix string, wishes []Change) ([]Done, error) {
	var moved string
	for range attempts {
		have, err := look(ctx, client, prefix, wishes)
		if err != nil {
			return nil, err
		}
		t, err := gather(prefix, wishes, have)
		if err != nil || len(t.ops) == 0 {
			return t.done, err
		}
		r, err := client.Txn(ctx).If(t.conditions...).Then(t.ops...).Else(t.otherwise...).Commit()
		if err != nil {
			return nil, uncertain(err)
		}
		if r.Succeeded {
			for i, d := range t.done {
				if d.Outcome != Unchanged && d.Outcome != Missing {
					t.done[i].Revision = r.Header.Revision
				}
			}
			return t.done, nil
		}
		moved = t.culprit(r)
	}
	if len(wishes) == 1 || moved == "" {
		return nil, ErrConflict
	}
	return nil, fmt.Errorf("%s: %w", moved, ErrConflict)
}

// look reads what stands in etcd of policies.
func look(ctx context.Context, client clientv3.KV, prefix string, wishes []Change) ([]found, error) {
	ops := make([]clientv3.Op, 0, looks*len(wishes))
	for _, w := range wishes {
		ops = append(ops, clientv3.OpGet(Key(prefix, w.Kind, w.Name)), getNewest(prefix, w.Kind, w.Name), clientv3.OpGet(StatusKey(prefix, w.Kind, w.Name)))
	}
	r, err := client.Txn(ctx).Then(ops...).Commit()
	if err != nil {
		return nil, err
	}
	out := make([]found, len(wishes))
	for i := range out {
		stands, status := r.Responses[looks*i].GetResponseRange().Kvs, r.Responses[looks*i+2].GetResponseRange().Kvs
		out[i].last = newest(r.Responses[looks*i+1].GetResponseRange().Kvs)
		if len(stands) > 0 {
			out[i].policy = stands[0]
		}
		if len(status) > 0 {
			out[i].status, _ = parseStatus(status[0].Value)
		}
	}
	return out, nil
}

// revision at which a policy was changed last; 0 when there is none.
func (f found) revision() int64 {
	if f.policy == nil {
		return 0
	}
	return f.policy.ModRevision
}

// transaction is what is sent to etcd at once, and what it does when it succeeds.
type transaction struct {
	conditions     []clientv3.Cmp
	ops, otherwise []clientv3.Op
	expected       []expectation // of what otherwise asks for, one each
	bytes          int
	done           []Done
}

// expectation is the revision at which a policy has to stand.
type expectation struct {
	ref      Ref
	revision int64
}

// gather puts the first wishes together, as many as one transaction takes.
func gather(prefix string, wishes []Change, have []found) (t transaction, err error) {
	for i, w := range wishes {
		one, err := w.against(prefix, have[i])
		if err != nil {
			return transaction{}, err
		}
		if i > 0 && (len(t.ops)+len(one.ops) > maxOps || t.bytes+one.bytes > maxBytes) {
			break
		}
		t.conditions, t.ops, t.otherwise = append(t.conditions, one.conditions...), append(t.ops, one.ops...), append(t.otherwise, one.otherwise...)
		t.bytes, t.done, t.expected = t.bytes+one.bytes, append(t.done, one.done...), append(t.expected, one.expected...)
	}
	return t, nil
}

// against is what it takes to make a change where something stands already.
func (c Change) against(prefix string, have found) (t transaction, err error) {
	key, revision := Key(prefix, c.Kind, c.Name), have.revision()
	did := Done{Ref: c.ref(), Outcome: Created}
	switch {
	case c.Deleted && have.policy == nil:
		did.Outcome = Missing
	case c.Deleted:
		did.Outcome = Deleted
	case have.policy != nil && string(have.policy.Value) == c.Text && !have.refused():
		did.Outcome, did.Revision = Unchanged, revision
	case have.policy != nil:
		did.Outcome = Configured
	}
	t.done = []Done{did}
	if did.Outcome == Missing || did.Outcome == Unchanged {
		return t, nil
	}
	free, ops, err := c.append(prefix, have.last)
	if err != nil {
		return transaction{}, err
	}
	if c.Deleted {
		ops = append(ops, clientv3.OpDelete(key), clientv3.OpDelete(StatusKey(prefix, c.Kind, c.Name)))
	} else {
		ops = append(ops, clientv3.OpPut(key, c.Text))
	}
	for _, op := range ops {
		t.bytes += len(op.KeyBytes()) + len(op.ValueBytes())
	}
	t.ops, t.conditions = ops, []clientv3.Cmp{clientv3.Compare(clientv3.ModRevision(key), "=", revision), free}
	t.otherwise, t.expected = []clientv3.Op{clientv3.OpGet(key, clientv3.WithKeysOnly())}, []expectation{{c.ref(), revision}}
	return t, nil
}

// refused reports whether Envoys refused what stands there: what was wrong with it may be mended on their side.
func (f found) refused() bool { return f.status.Refused && f.status.Revision == f.revision() }

// culprit names a policy that somebody else changed; "" when that is not known.
func (t transaction) culprit(failed *clientv3.TxnResponse) string {
	for i, e := range t.expected {
		now := found{}
		for _, kv := range failed.Responses[i].GetResponseRange().Kvs {
			now.policy = kv
		}
		if now.revision() != e.revision {
			return e.ref.String()
		}
	}
	return ""
}

func (c Change) ref() Ref { return Ref{c.Kind, c.Name} }
