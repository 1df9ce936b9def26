package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// DefaultTTL is how long a registration outlives its process, unless the registration says otherwise.
const DefaultTTL = 10 * time.Second

// The pause between two attempts to register grows from the one to the other.
const (
	minBackOff = 100 * time.Millisecond
	maxBackOff = 2 * time.Second
)

// RegistrationConfig says what to register.
type RegistrationConfig struct {
	Prefix   string // DefaultPrefix when empty
	Service  string
	Name     string         // of the instance, unique in the service; its ip:port when empty
	Instance model.Instance // Source is not written
	TTL      time.Duration  // of the lease, in whole seconds; DefaultTTL when 0

	// Exclusive leaves a key alone that another living registration keeps; else it is taken over.
	Exclusive bool
	// DelayUntil is waited for before the first registration, such as WaitTCP; nil registers at once. A Refusal ends the
	// registration; another error than the context's is logged, and it is called again.
	DelayUntil func(context.Context) error
}

// Registration keeps one instance registered: it renews the lease, and registers again when the lease was lost, etcd
// came back without its data, or the key vanished. A key that was marked draining before it was deleted, as Deregister
// does, stays deleted while the lease lives.
type Registration struct {
	cfg        RegistrationConfig
	key        string
	value      string
	client     *clientv3.Client
	log        *slog.Logger
	cancel     context.CancelFunc
	stopped    chan struct{}
	once       sync.Once
	registered chan struct{}
	failed     chan error
	lease      clientv3.LeaseID // read after stopped
}

// Register begins to keep an instance registered and returns at once; Registered tells when it first is. It fails when
// the instance could not be read back. Registration ends with Close; when ctx ends the lease runs out by itself.
func Register(ctx context.Context, client *clientv3.Client, cfg RegistrationConfig, log *slog.Logger) (*Registration, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg.TTL = cmp.Or(cfg.TTL, DefaultTTL)
	cfg.Name = cmp.Or(cfg.Name, cfg.Instance.HostPort())
	if cfg.TTL < time.Second {
		return nil, fmt.Errorf("register: a lease of %s is too short; write 1s or more", cfg.TTL)
	}
	value, err := EncodeInstance(cfg.Instance)
	if err := errors.Join(err, checkName(cfg.Service, "service name"), checkName(cfg.Name, "instance name")); err != nil {
		return nil, fmt.Errorf("register: %w", firstLine(err))
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &Registration{
		cfg: cfg, key: InstanceKey(cfg.Prefix, cfg.Service, cfg.Name), value: string(value), client: client, cancel: cancel,
		stopped: make(chan struct{}), registered: make(chan struct{}), failed: make(chan error, 1),
	}
	r.log = log.With("key", r.key)
	go r.keep(ctx)
	return r, nil
}

// Registered is closed when the instance is registered for the first time.
func (r *Registration) Registered() <-chan struct{} { return r.registered }

// Failed delivers the Refusal that ended the registration before it came about.
func (r *Registration) Failed() <-chan error { return r.failed }

// Key returns the etcd key of the registration.
func (r *Registration) Key() string { return r.key }

// Close marks the instance draining, deletes it and gives the lease back. It may be called more than once.
func (r *Registration) Close(ctx context.Context) error {
	r.cancel()
	select {
	case <-r.stopped:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.lease == clientv3.NoLease {
		return nil
	}
	now, err := r.client.Get(ctx, r.key) // it may have been edited
	if err != nil {
		return fmt.Errorf("close registration: read %s: %w", r.key, err)
	}
	if len(now.Kvs) > 0 && r.owns(clientv3.LeaseID(now.Kvs[0].Lease)) {
		if err := markDraining(ctx, r.client, r.key, now.Kvs[0].Value); err != nil {
			return fmt.Errorf("close registration: %w", err)
		}
	}
	if _, err := r.client.Revoke(ctx, r.lease); err != nil { // deletes the key, unless it was written again without the lease
		return fmt.Errorf("close registration %s: revoke its lease: %w", r.key, err)
	}
	// An operator who edits the key with a plain put takes the lease off it. It is this registration all the same; one
	// that somebody else keeps under a lease of his own is not.
	unleased := clientv3.Compare(clientv3.LeaseValue(r.key), "=", clientv3.NoLease)
	if _, err := r.client.Txn(ctx).If(unleased).Then(clientv3.OpDelete(r.key)).Commit(); err != nil {
		return fmt.Errorf("close registration: delete %s: %w", r.key, err)
	}
	r.lease = clientv3.NoLease
	return nil
}

// owns reports whether a key with this lease is this registration: one that another process has taken over is not.
func (r *Registration) owns(lease clientv3.LeaseID) bool {
	return lease == r.lease || lease == clientv3.NoLease
}

// keep registers, and registers again, until ctx ends.
func (r *Registration) keep(ctx context.Context) {
	defer close(r.stopped)
	if !r.delay(ctx) {
		return
	}
	wait, last := minBackOff, ""
	for ctx.Err() == nil {
		lost, err := r.register(ctx)
		if err == nil {
			r.log.Info("registered", "ttl", r.cfg.TTL)
			r.once.Do(func() { close(r.registered) })
			wait, last = minBackOff, ""
			<-lost
			if ctx.Err() == nil {
				r.log.Warn("the lease was lost; registering again")
			}
			continue
		}
		if r.refused(err) {
			return
		}
		if reason := err.Error(); ctx.Err() == nil && reason != last {
			r.log.Warn("registration failed and is tried again", "error", reason)
			last = reason
		}
		pause(ctx, wait)
		wait = min(2*wait, maxBackOff)
		r.client.ActiveConnection().ResetConnectBackoff()
	}
}

// delay waits for DelayUntil. It reports whether ctx goes on.
func (r *Registration) delay(ctx context.Context) bool {
	last := ""
	for r.cfg.DelayUntil != nil && ctx.Err() == nil {
		err := r.cfg.DelayUntil(ctx)
		if err == nil {
			break
		}
		if r.refused(err) {
			return false
		}
		if reason := err.Error(); ctx.Err() == nil && reason != last {
			r.log.Warn("not ready to be registered", "error", reason)
			last = reason
		}
		pause(ctx, time.Second)
	}
	return ctx.Err() == nil
}

// register writes the key under a new lease. The channel is closed when the lease is lost or ctx ends.
func (r *Registration) register(ctx context.Context) (lost <-chan struct{}, err error) {
	conditions, err := r.vacant(ctx)
	if err != nil {
		return nil, err
	}
	request, cancel := context.WithTimeout(ctx, etcdwatch.RequestTimeout)
	defer cancel()
	grant, err := r.client.Grant(request, int64(r.cfg.TTL/time.Second))
	if err != nil {
		return nil, fmt.Errorf("grant a lease: %w", err)
	}
	r.lease = grant.ID
	put, err := r.client.Txn(request).If(conditions...).Then(clientv3.OpPut(r.key, r.value, clientv3.WithLease(grant.ID))).Commit()
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", r.key, err)
	}
	if !put.Succeeded {
		return nil, fmt.Errorf("write %s: somebody else wrote it at the same moment", r.key)
	}
	answers, err := r.client.KeepAlive(ctx, grant.ID)
	if err != nil {
		return nil, fmt.Errorf("keep the lease alive: %w", err)
	}
	ended := make(chan struct{})
	watched, unwatch := context.WithCancel(ctx)
	go r.guard(watched, grant.ID, put.Header.Revision+1)
	go func() {
		defer close(ended)
		defer unwatch()
		for range answers { // closed when etcd does not know the lease any more, or it ran out unanswered
		}
	}()
	return ended, nil
}

// pause waits, but not longer than ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
