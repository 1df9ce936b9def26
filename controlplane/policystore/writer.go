package policystore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// writer writes verdicts back to etcd, without keeping anybody waiting: only the newest of each policy counts. What several
// control planes want to write is the same, so that whoever comes second finds it done.
type writer struct {
	store *Store
	wake  chan struct{}

	mu      sync.Mutex
	pending map[string]func(context.Context) error // by policy; "" is the sweep
	data    int                                    // how often etcd's data was replaced by other data
	failed  error                                  // why the last attempt did not do all
}

func newWriter(s *Store) *writer {
	return &writer{store: s, wake: make(chan struct{}, 1), pending: map[string]func(context.Context) error{}}
}

func (w *writer) add(id string, job func(context.Context) error) {
	w.mu.Lock()
	of := w.data
	w.pending[id] = func(ctx context.Context) error {
		if w.replacements() != of {
			return errSuperseded // what stands at its revision now is something else
		}
		return job(ctx)
	}
	w.store.metrics.unsaved.Set(float64(len(w.pending)))
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// replaced drops what is not written yet: it is about data that etcd has no more.
func (w *writer) replaced() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data++
}

func (w *writer) replacements() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.data
}

// judged has a verdict written. That Envoys refuse a version is taken back only when it is pardoned: another control plane
// may have found it good before its own Envoys saw it.
func (w *writer) judged(status Status, text string, pardoned bool) {
	w.add(string(status.Kind)+"/"+status.Name, func(ctx context.Context) error { return w.record(ctx, status, text, pardoned) })
}

// deleted has the status of a policy removed that was deleted at a revision.
func (w *writer) deleted(kind model.Kind, name string, revision int64) {
	w.add(string(kind)+"/"+name, func(ctx context.Context) error { return w.forget(ctx, kind, name, revision) })
}

// sweep has the statuses removed of policies that were gone at a revision.
func (w *writer) sweep(revision int64) {
	w.add("", func(ctx context.Context) error { return w.clean(ctx, revision) })
}

// run writes until ctx ends. What fails is tried again.
func (w *writer) run(ctx context.Context) {
	failing := false
	for {
		err := w.flush(ctx)
		var again <-chan time.Time
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !failing {
				w.store.log.Warn("verdicts on policies cannot be written to etcd, trying on; a version that is good now may be missing after a restart", "error", err)
			}
			again = time.After(retryPause)
		case failing:
			w.store.log.Info("verdicts on policies are written to etcd again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-again:
		}
	}
}

// flush does what is pending. What is replaced meanwhile is done the next time.
func (w *writer) flush(ctx context.Context) error {
	w.mu.Lock()
	jobs := w.pending
	w.pending = map[string]func(context.Context) error{}
	w.mu.Unlock()
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(jobs)) {
		bounded, cancel := context.WithTimeout(ctx, etcdwatch.RequestTimeout)
		err := jobs[id](bounded)
		cancel()
		if err == nil || errors.Is(err, errSuperseded) {
			continue
		}
		w.mu.Lock()
		if w.pending[id] == nil {
			w.pending[id] = jobs[id]
		}
		w.mu.Unlock()
		errs = append(errs, fmt.Errorf("%s: %w", id, err))
		if len(errs) == 3 { // etcd is away: the others would fail as well
			w.putBack(jobs)
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.store.metrics.unsaved.Set(float64(len(w.pending)))
	w.failed = errors.Join(errs...)
	return w.failed
}

// putBack makes jobs pending again; doing one twice does no harm.
func (w *writer) putBack(jobs map[string]func(context.Context) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, job := range jobs {
		if w.pending[id] == nil {
			w.pending[id] = job
		}
	}
}

// record writes a verdict, and the change into the history unless whoever made it did that; a version that Envoys refuse is
// marked there.
func (w *writer) record(ctx context.Context, status Status, text string, pardoned bool) error {
	prefix, client := w.store.prefix, w.store.client
	key, statusKey := Key(prefix, status.Kind, status.Name), StatusKey(prefix, status.Kind, status.Name)
	for {
		r, err := client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(key), "=", status.Revision)).
			Then(clientv3.OpGet(statusKey), getNewest(prefix, status.Kind, status.Name)).Commit()
		if err != nil {
			return err
		}
		if !r.Succeeded {
			return errSuperseded
		}
		conditions := []clientv3.Cmp{clientv3.Compare(clientv3.ModRevision(key), "=", status.Revision)}
		var ops []clientv3.Op
		stored, last := r.Responses[0].GetResponseRange().Kvs, newest(r.Responses[1].GetResponseRange().Kvs)
		mod := int64(0)
		var have Status
		if len(stored) > 0 {
			mod = stored[0].ModRevision
			have, _ = parseStatus(stored[0].Value)
		}
		refused := have.Refused && have.Revision == status.Revision && !status.Refused && !pardoned
		if !have.same(status) && !refused {
			status.When = w.store.now().UTC()
			value, err := json.Marshal(status)
			if err != nil {
				return fmt.Errorf("encode: %w", err)
			}
			conditions = append(conditions, clientv3.Compare(clientv3.ModRevision(statusKey), "=", mod))
			ops = append(ops, clientv3.OpPut(statusKey, string(value)))
		}
		if status.Verdict == Accepted && last.Revision < status.Revision {
			change := Change{Kind: status.Kind, Name: status.Name, Revision: status.Revision, When: w.store.now().UTC(), Text: text, Refused: refused}
			free, puts, err := change.append(prefix, last)
			if err != nil {
				return err
			}
			conditions, ops = append(conditions, free), append(ops, puts...)
		}
		if marked := status.Refused || refused; last.Revision == status.Revision && last.Refused != marked {
			same, put, err := last.mark(prefix, marked)
			if err != nil {
				return err
			}
			conditions, ops = append(conditions, same), append(ops, put)
		}
		if len(ops) == 0 {
			return nil
		}
		done, err := client.Txn(ctx).If(conditions...).Then(ops...).Commit()
		if err != nil || done.Succeeded {
			return err
		}
	}
}

// forget removes the status of a policy that is gone and notes in the history that it went.
func (w *writer) forget(ctx context.Context, kind model.Kind, name string, revision int64) error {
	prefix, client := w.store.prefix, w.store.client
	gone := clientv3.Compare(clientv3.Version(Key(prefix, kind, name)), "=", 0)
	for {
		r, err := client.Txn(ctx).If(gone).Then(getNewest(prefix, kind, name)).Commit()
		if err != nil {
			return err
		}
		if !r.Succeeded {
			return errSuperseded // it is back
		}
		conditions, ops := []clientv3.Cmp{gone}, []clientv3.Op{clientv3.OpDelete(StatusKey(prefix, kind, name))}
		if last := newest(r.Responses[0].GetResponseRange().Kvs); last.sequence > 0 && !last.Deleted && last.Revision < revision {
			change := Change{Kind: kind, Name: name, Revision: revision, When: w.store.now().UTC(), Deleted: true}
			free, puts, err := change.append(prefix, last)
			if err != nil {
				return err
			}
			conditions, ops = append(conditions, free), append(ops, puts...)
		}
		done, err := client.Txn(ctx).If(conditions...).Then(ops...).Commit()
		if err != nil || done.Succeeded {
			return err
		}
	}
}

// clean removes the statuses of policies that were deleted while no control plane looked.
func (w *writer) clean(ctx context.Context, revision int64) error {
	statuses, policies := statusPrefix(w.store.prefix), policiesPrefix(w.store.prefix)
	r, err := w.store.client.Txn(ctx).Then(
		clientv3.OpGet(statuses, clientv3.WithPrefix(), clientv3.WithKeysOnly()),
		clientv3.OpGet(policies, clientv3.WithPrefix(), clientv3.WithKeysOnly()),
	).Commit()
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, kv := range r.Responses[1].GetResponseRange().Kvs {
		there[strings.TrimPrefix(string(kv.Key), policies)] = true
	}
	var errs []error
	for _, kv := range r.Responses[0].GetResponseRange().Kvs {
		rest := strings.TrimPrefix(string(kv.Key), statuses)
		kind, name, ok := splitKey(rest)
		if there[rest] || !ok {
			continue
		}
		if err := w.forget(ctx, kind, name, revision); err != nil && !errors.Is(err, errSuperseded) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
