// Package etcdwatch reads what stands under a prefix in etcd and keeps on reading: it lists at a revision and watches from
// the next, and lists again whenever something may have been missed. It knows nothing of what the keys mean.
package etcdwatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"
)

// The defaults of a Follower.
const (
	PageSize       = 500              // keys per request of a list
	RequestTimeout = 5 * time.Second  // of one request to etcd
	ProbeInterval  = 10 * time.Second // between two looks at etcd's revision
)

const (
	minBackOff = 100 * time.Millisecond
	maxBackOff = 2 * time.Second
)

// The reasons for which a prefix is listed again, beside etcd's own errors.
var (
	errConnection = errors.New("the connection to etcd was lost")
	errRevision   = errors.New("etcd's revision went back: its data was replaced")
	errWatchEnded = errors.New("the watch ended")
	errSilent     = errors.New("etcd does not answer")
)

// Event is the value of a key, or the end of one.
type Event struct {
	Key      string
	Value    []byte
	Revision int64 // at which it was written or deleted
	Created  int64 // the revision at which the key came into being; 0 when it is deleted
	Leased   bool  // it ends with a lease
	Deleted  bool
}

// Batch is what was seen at once.
type Batch struct {
	Reset    bool // events are everything there is: keys not among them are gone
	Events   []Event
	Revision int64
	Replaced bool  // with Reset: etcd's data is not what was read before; who deleted the keys that are gone is not known
	Err      error // the prefix cannot be read now; nothing that was said before is withdrawn
}

// Follower says what is read, and how. Its fields are not changed while it runs.
type Follower struct {
	Client *clientv3.Client
	Prefix string // with the final slash
	Log    *slog.Logger
	Resync func() // called each time the prefix has to be listed again; may be nil

	Page    int64         // keys per request, PageSize when 0
	Probe   time.Duration // between two looks at the revision, ProbeInterval when 0
	Timeout time.Duration // of one request, RequestTimeout when 0
}

// Run follows the prefix until ctx ends. The first batch that it sends after a start, and after anything that might have
// been missed, has Reset set. send is called by one goroutine at a time.
func (p Follower) Run(ctx context.Context, send func(Batch)) {
	wait, last := minBackOff, ""
	var known memory
	for ctx.Err() == nil {
		listed, err := p.follow(ctx, &known, send)
		if ctx.Err() != nil {
			return
		}
		if listed {
			wait, last = minBackOff, ""
		}
		if reason := err.Error(); reason != last { // an outage is told once, not at every attempt
			p.Log.Warn("etcd has to be read again", "prefix", p.Prefix, "reason", reason)
			last = reason
		}
		if p.Resync != nil {
			p.Resync()
		}
		send(Batch{Err: err})
		pause(ctx, wait/2+rand.N(wait))
		wait = min(2*wait, maxBackOff)
		p.Client.ActiveConnection().ResetConnectBackoff() // or gRPC would wait for up to two minutes by itself
	}
}

// follow lists and watches until that is no longer possible. listed tells whether the list was complete.
func (p Follower) follow(ctx context.Context, known *memory, send func(Batch)) (listed bool, err error) {
	events, header, err := p.list(ctx)
	if err != nil {
		return false, fmt.Errorf("list %s: %w", p.Prefix, err)
	}
	all := Batch{Reset: true, Events: events, Revision: header.Revision}
	if all.Replaced, err = p.replaced(ctx, *known, header); err != nil {
		return false, fmt.Errorf("look at %s: %w", known.key, err)
	}
	*known = memory{cluster: header.ClusterId}
	known.note(all)
	send(all)
	p.Log.Info("etcd read", "prefix", p.Prefix, "keys", len(events), "revision", header.Revision)
	err = p.watch(ctx, header.Revision, func(b Batch) {
		known.note(b)
		send(b)
	})
	if err != nil {
		return true, fmt.Errorf("watch %s: %w", p.Prefix, err)
	}
	return true, nil
}

// list reads all keys as they were at one revision.
func (p Follower) list(ctx context.Context) (events []Event, header *pb.ResponseHeader, err error) {
	from, end := p.Prefix, clientv3.GetPrefixRangeEnd(p.Prefix)
	for {
		page, err := p.listPage(ctx, from, end, header.GetRevision())
		if err != nil {
			return nil, nil, err
		}
		if header == nil {
			header = page.Header
		}
		for _, kv := range page.Kvs {
			events = append(events, event(kv))
		}
		if !page.More || len(page.Kvs) == 0 {
			return events, header, nil
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

// listPage reads one page; revision 0 is the newest.
func (p Follower) listPage(ctx context.Context, from, end string, revision int64) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.Timeout, RequestTimeout))
	defer cancel()
	return p.Client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(cmp.Or(p.Page, PageSize)), clientv3.WithRev(revision))
}

// watch sends what changes after revision. It returns why it ended.
func (p Follower) watch(ctx context.Context, revision int64, send func(Batch)) error {
	ctx, cancel := context.WithCancelCause(clientv3.WithRequireLeader(ctx))
	defer cancel(nil)
	var newest atomic.Int64
	newest.Store(revision)
	go p.watchConnection(ctx, cancel)
	go p.watchRevision(ctx, cancel, &newest)
	for r := range p.Client.Watch(ctx, p.Prefix, clientv3.WithPrefix(), clientv3.WithRev(revision+1), clientv3.WithProgressNotify()) {
		if err := r.Err(); err != nil {
			return causeOr(ctx, err)
		}
		newest.Store(r.Header.Revision)
		events := make([]Event, 0, len(r.Events))
		for _, ev := range r.Events {
			if ev.Type == clientv3.EventTypeDelete {
				events = append(events, Event{Key: string(ev.Kv.Key), Revision: ev.Kv.ModRevision, Deleted: true})
				continue
			}
			events = append(events, event(ev.Kv))
		}
		send(Batch{Events: events, Revision: r.Header.Revision})
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
func (p Follower) watchConnection(ctx context.Context, cancel context.CancelCauseFunc) {
	if p.Client.ActiveConnection().WaitForStateChange(ctx, connectivity.Ready) {
		cancel(errConnection)
	}
}

// watchRevision gives a watch up when etcd's revision is older than what the watch has already seen, and when etcd has
// not answered twice: a connection can be dead without anybody having closed it.
func (p Follower) watchRevision(ctx context.Context, cancel context.CancelCauseFunc, newest *atomic.Int64) {
	tick := time.NewTicker(cmp.Or(p.Probe, ProbeInterval))
	defer tick.Stop()
	for failed := 0; failed < 2; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		seen := newest.Load()
		request, done := context.WithTimeout(ctx, cmp.Or(p.Timeout, RequestTimeout))
		r, err := p.Client.Get(request, p.Prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
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

// event is a key as it was read.
func event(kv *mvccpb.KeyValue) Event {
	return Event{
		Key: string(kv.Key), Value: kv.Value, Revision: kv.ModRevision, Created: kv.CreateRevision,
		Leased: clientv3.LeaseID(kv.Lease) != clientv3.NoLease,
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
