package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Refusal ends a registration that is not there yet: trying on would not help.
type Refusal struct {
	Reason string
	Taken  bool // another living process keeps the key
}

func (r Refusal) Error() string { return r.Reason }

// refused reports whether an error ends the registration, and tells it then. One that was there once tries on: what is
// in its way may go.
func (r *Registration) refused(err error) bool {
	refusal, ok := errors.AsType[Refusal](err)
	if !ok {
		return false
	}
	select {
	case <-r.registered:
		return false
	default:
	}
	r.failed <- refusal
	return true
}

// Between two looks at a key that another registration has, and how long it may be there beyond its lease.
const (
	looking = 200 * time.Millisecond
	grace   = 5 * time.Second
)

// vacant waits until no other registration keeps the key, and returns what must still be true when it is written. A
// process that was killed leaves a lease that runs out; one that is renewed is a Refusal.
func (r *Registration) vacant(ctx context.Context) ([]clientv3.Cmp, error) {
	if !r.cfg.Exclusive {
		return nil, nil
	}
	var other clientv3.LeaseID
	var begun time.Time
	least := int64(0)
	for {
		now, left, err := r.holder(ctx)
		switch {
		case err != nil:
			return nil, err
		case now == nil:
			return []clientv3.Cmp{clientv3.Compare(clientv3.Version(r.key), "=", 0)}, nil
		case r.owns(clientv3.LeaseID(now.Lease)):
			return []clientv3.Cmp{clientv3.Compare(clientv3.ModRevision(r.key), "=", now.ModRevision)}, nil
		case clientv3.LeaseID(now.Lease) != other:
			other, begun, least = clientv3.LeaseID(now.Lease), time.Now(), left.TTL
			r.log.Info("the key is there already; looking whether the process lives that keeps it", "left", time.Duration(left.TTL)*time.Second)
		case left.TTL > least || time.Since(begun) > time.Duration(left.GrantedTTL)*time.Second+grace:
			return nil, Refusal{Reason: fmt.Sprintf("another process keeps %s registered", r.key), Taken: true}
		}
		least = min(least, left.TTL)
		if pause(ctx, looking); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// holder reads the key, nil when there is none, and how long its lease lives.
func (r *Registration) holder(ctx context.Context) (*mvccpb.KeyValue, *clientv3.LeaseTimeToLiveResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, etcdwatch.RequestTimeout)
	defer cancel()
	now, err := r.client.Get(ctx, r.key)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", r.key, err)
	}
	if len(now.Kvs) == 0 {
		return nil, nil, nil
	}
	left, err := r.client.TimeToLive(ctx, clientv3.LeaseID(now.Kvs[0].Lease))
	if now.Kvs[0].Lease != 0 && err != nil {
		return nil, nil, fmt.Errorf("read the lease of %s: %w", r.key, err)
	}
	return now.Kvs[0], left, nil
}

// guard watches over the key from a revision on. It puts the lease back when somebody edits the value: a plain `etcdctl
// put` takes it off, and an instance that dies would then stay registered for ever; the edited value stands until the
// instance is registered again. And it puts a key back that vanished, until somebody has deregistered the instance.
func (r *Registration) guard(ctx context.Context, lease clientv3.LeaseID, from int64) {
	var last *mvccpb.KeyValue // as somebody wrote it last
	ended := false            // it was deregistered on purpose, and not registered by hand since
	for answer := range r.client.Watch(ctx, r.key, clientv3.WithRev(from)) {
		for _, ev := range answer.Events {
			if ev.Type == clientv3.EventTypeDelete {
				if !ended {
					ended = r.vanished(ctx, lease, last)
				}
				last = nil
				continue
			}
			last = ev.Kv
			switch clientv3.LeaseID(ev.Kv.Lease) {
			case lease:
				continue
			case clientv3.NoLease:
				ended = false
			default:
				r.tellTaken(ended)
				continue
			}
			unchanged := clientv3.Compare(clientv3.ModRevision(r.key), "=", ev.Kv.ModRevision)
			again := clientv3.OpPut(r.key, string(ev.Kv.Value), clientv3.WithLease(lease))
			if _, err := r.client.Txn(ctx).If(unchanged).Then(again).Commit(); err != nil && ctx.Err() == nil {
				r.log.Warn("the key was edited and has lost its lease", "error", err)
			}
		}
	}
}

// tellTaken logs that another process has the key. ended says that this registration was deregistered before.
func (r *Registration) tellTaken(ended bool) {
	if ended {
		r.log.Info("another process has registered the same key; this registration stays deregistered")
		return
	}
	r.log.Warn("another process has registered the same key; this registration comes back when that one ends")
}

// vanished puts a key back that was deleted while its lease lives, unless it was deregistered on purpose, which it reports.
// last is what stood there, nil for what was registered.
func (r *Registration) vanished(ctx context.Context, lease clientv3.LeaseID, last *mvccpb.KeyValue) (ended bool) {
	if ctx.Err() != nil || !r.leaseLives(ctx, lease) {
		return false
	}
	if r.deregistered(ctx, lease, last) {
		r.log.Warn("somebody deregistered the instance; it gets no traffic until it is registered again")
		return true
	}
	none := clientv3.Compare(clientv3.Version(r.key), "=", 0)
	put, err := r.client.Txn(ctx).If(none).Then(clientv3.OpPut(r.key, r.value, clientv3.WithLease(lease))).Commit()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.log.Warn("the registration vanished and cannot be put back", "error", err)
	case put.Succeeded:
		r.log.Warn("the registration vanished and was put back; `dubbomesh deregister` ends it for good")
	}
	return false
}

// deregistered tells whether whoever deleted the key had marked it draining, which is how an instance is deregistered on
// purpose. Another process that had the key and ends marks it as well: then its lease is gone with the key.
func (r *Registration) deregistered(ctx context.Context, lease clientv3.LeaseID, last *mvccpb.KeyValue) bool {
	if last == nil {
		return false
	}
	in, ok := readInstance(last.Value)
	if !ok || in.Status != model.StatusDraining {
		return false
	}
	of := clientv3.LeaseID(last.Lease)
	return of == lease || of == clientv3.NoLease || r.leaseLives(ctx, of)
}

// leaseLives tells a key that was deleted from one that ended with its lease.
func (r *Registration) leaseLives(ctx context.Context, lease clientv3.LeaseID) bool {
	left, err := r.client.TimeToLive(ctx, lease)
	return err == nil && left.TTL > 0
}
