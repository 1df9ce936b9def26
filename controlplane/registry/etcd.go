package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"
)

const (
	pageSize       = 500              // keys per request of a list
	requestTimeout = 5 * time.Second  // of one request to etcd
	probeInterval  = 10 * time.Second // between two looks at etcd's revision
	minBackOff     = 100 * time.Millisecond
	maxBackOff     = 2 * time.Second
)

// The reasons for which a source is listed again, beside etcd's own errors.
var (
	errConnection = errors.New("the connection to etcd was lost")
	errRevision   = errors.New("etcd's revision went back: its data was replaced")
	errWatchEnded = errors.New("the watch ended")
	errSilent     = errors.New("etcd does not answer")
)

// etcdSource reads one prefix: it lists it at a revision and watches it from the next. Whenever something may have been
// missed it lists again; the table then works out what changed.
type etcdSource struct {
	of      kind
	prefix  string // with the final slash
	parse   parseFunc
	client  *clientv3.Client
	log     *slog.Logger
	metrics *metrics
	page    int64         // keys per request
	probe   time.Duration // between two looks at the revision
	timeout time.Duration // of one request
}

func (s *etcdSource) name() string { return s.prefix }
func (s *etcdSource) kind() kind   { return s.of }

// run follows the prefix until ctx ends.
func (s *etcdSource) run(ctx context.Context, send func(batch)) {
	wait, last := minBackOff, ""
	for ctx.Err() == nil {
		listed, err := s.follow(ctx, send)
		if ctx.Err() != nil {
			return
		}
		if listed {
			wait, last = minBackOff, ""
		}
		if reason := err.Error(); reason != last { // an outage is told once, not at every attempt
			s.log.Warn("etcd has to be read again", "prefix", s.prefix, "reason", reason)
			last = reason
		}
		s.metrics.resyncs.WithLabelValues(s.prefix).Inc()
		send(batch{err: err})
		pause(ctx, wait/2+rand.N(wait))
		wait = min(2*wait, maxBackOff)
		s.client.ActiveConnection().ResetConnectBackoff() // or gRPC would wait for up to two minutes by itself
	}
}

// follow lists and watches until that is no longer possible. listed tells whether the list was complete.
func (s *etcdSource) follow(ctx context.Context, send func(batch)) (listed bool, err error) {
	items, revision, err := s.list(ctx)
	if err != nil {
		return false, fmt.Errorf("list %s: %w", s.prefix, err)
	}
	send(batch{reset: true, items: items, revision: revision})
	s.log.Info("etcd read", "prefix", s.prefix, "keys", len(items), "revision", revision)
	if err := s.watch(ctx, revision, send); err != nil {
		return true, fmt.Errorf("watch %s: %w", s.prefix, err)
	}
	return true, nil
}

// list reads all keys as they were at one revision.
func (s *etcdSource) list(ctx context.Context) (items []item, revision int64, err error) {
	from, end := s.prefix, clientv3.GetPrefixRangeEnd(s.prefix)
	for {
		page, err := s.listPage(ctx, from, end, revision)
		if err != nil {
			return nil, 0, err
		}
		if revision == 0 {
			revision = page.Header.Revision
		}
		for _, kv := range page.Kvs {
			items = append(items, s.item(kv))
		}
		if !page.More || len(page.Kvs) == 0 {
			return items, revision, nil
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

// listPage reads one page; revision 0 is the newest.
func (s *etcdSource) listPage(ctx context.Context, from, end string, revision int64) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(s.page), clientv3.WithRev(revision))
}

// watch sends what changes after revision. It returns why it ended.
func (s *etcdSource) watch(ctx context.Context, revision int64, send func(batch)) error {
	ctx, cancel := context.WithCancelCause(clientv3.WithRequireLeader(ctx))
	defer cancel(nil)
	var newest atomic.Int64
	newest.Store(revision)
	go s.watchConnection(ctx, cancel)
	go s.watchRevision(ctx, cancel, &newest)
	for r := range s.client.Watch(ctx, s.prefix, clientv3.WithPrefix(), clientv3.WithRev(revision+1), clientv3.WithProgressNotify()) {
		if err := r.Err(); err != nil {
			return causeOr(ctx, err)
		}
		newest.Store(r.Header.Revision)
		items := make([]item, 0, len(r.Events))
		for _, ev := range r.Events {
			if ev.Type == clientv3.EventTypeDelete {
				items = append(items, item{key: string(ev.Kv.Key), revision: ev.Kv.ModRevision, deleted: true})
				continue
			}
			items = append(items, s.item(ev.Kv))
		}
		send(batch{items: items, revision: r.Header.Revision})
	}
	return causeOr(ctx, errWatchEnded)
}

// causeOr prefers the reason for which a watch was given up to what etcd's client makes of that.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// watchConnection gives a watch up when the connection is lost. The client would resume it by itself, but at a revision
// that an etcd with other data might reach only much later, or never.
func (s *etcdSource) watchConnection(ctx context.Context, cancel context.CancelCauseFunc) {
	if s.client.ActiveConnection().WaitForStateChange(ctx, connectivity.Ready) {
		cancel(errConnection)
	}
}

// watchRevision gives a watch up when etcd's revision is older than what the watch has already seen, and when etcd has
// not answered twice: a connection can be dead without anybody having closed it.
func (s *etcdSource) watchRevision(ctx context.Context, cancel context.CancelCauseFunc, newest *atomic.Int64) {
	tick := time.NewTicker(s.probe)
	defer tick.Stop()
	for failed := 0; failed < 2; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		seen := newest.Load()
		request, done := context.WithTimeout(ctx, s.timeout)
		r, err := s.client.Get(request, s.prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
		done()
		switch {
		case err != nil:
			failed++
		case r.Header.Revision < seen:
			cancel(errRevision)
			return
		default:
			failed = 0
		}
	}
	cancel(errSilent)
}

// item parses one key.
func (s *etcdSource) item(kv *mvccpb.KeyValue) item {
	it := item{key: string(kv.Key), revision: kv.ModRevision, leased: clientv3.LeaseID(kv.Lease) != clientv3.NoLease}
	it.record, it.err = s.parse(strings.TrimPrefix(it.key, s.prefix), kv.Value)
	return it
}
