package plane

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/rollout"
)

// Each control plane writes one key that says how far its own proxies are, under a lease, and reads those of the others. So
// each can tell it of the whole mesh, and what it costs etcd does not grow with policies or proxies.
const (
	reportPause = time.Second           // between two writes of a report
	reportDelay = 50 * time.Millisecond // for which answers are gathered before a write
	reportTTL   = 15                    // seconds that a report outlives its control plane
	reportRetry = 2 * time.Second
)

// reportsPrefix is where the reports of all control planes stand.
func (f *feed) reportsPrefix() string {
	return strings.TrimRight(f.config.Etcd.Prefix, "/") + "/status/controlplanes/"
}

// watchAnswers looks at what proxies answer, and keeps the report of this control plane in etcd, until ctx ends.
func (f *feed) watchAnswers(ctx context.Context, client *clientv3.Client) {
	w := &reporter{client: client, key: f.reportsPrefix() + f.name}
	defer w.end(context.WithoutCancel(ctx))
	var due <-chan time.Time   // of the next write, nil when nothing is to be written
	var again <-chan time.Time // when a refusal is to be looked at though nobody answers
	judge := func() {
		again = nil
		if at := f.judgeRefusals(time.Now()); !at.IsZero() {
			again = time.After(time.Until(at))
		}
	}
	var last time.Time
	soon := func(pause time.Duration) {
		if due == nil {
			due = time.After(max(reportDelay, pause-time.Since(last)))
		}
	}
	soon(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.delta.Answered():
			judge()
			soon(reportPause)
		case <-f.revised:
			judge()
			soon(reportPause)
		case <-again:
			judge()
		case <-w.lost():
			w.lease = clientv3.NoLease
			soon(reportPause)
		case <-due:
			due, last = nil, time.Now()
			err := w.write(ctx, f.report())
			if err != nil && ctx.Err() == nil {
				f.log.Debug("the report of this control plane cannot be written, trying on", "error", err)
				soon(reportRetry)
			}
		}
	}
}

// nameOf names this control plane by what nobody else has: the machine, and the port of its API there.
func nameOf(api net.Listener) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	_, port, _ := net.SplitHostPort(api.Addr().String())
	return net.JoinHostPort(strings.ReplaceAll(host, "/", "_"), port)
}

// reporter writes reports under a lease that it keeps alive.
type reporter struct {
	client  *clientv3.Client
	key     string
	lease   clientv3.LeaseID
	alive   <-chan *clientv3.LeaseKeepAliveResponse
	written rollout.Report
}

// lost yields something when the lease is gone. It is nil without one.
func (w *reporter) lost() <-chan struct{} {
	if w.lease == clientv3.NoLease {
		return nil
	}
	for {
		select {
		case _, ok := <-w.alive:
			if ok {
				continue
			}
			gone := make(chan struct{})
			close(gone)
			return gone
		default:
			return nil
		}
	}
}

// write writes a report unless it stands there already.
func (w *reporter) write(ctx context.Context, r rollout.Report) error {
	if w.lease != clientv3.NoLease && w.written.Same(r) {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, etcdwatch.RequestTimeout)
	defer cancel()
	if w.lease == clientv3.NoLease {
		granted, err := w.client.Grant(bounded, reportTTL)
		if err != nil {
			return err
		}
		if w.alive, err = w.client.KeepAlive(ctx, granted.ID); err != nil {
			return err
		}
		w.lease = granted.ID
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := w.client.Put(bounded, w.key, string(text), clientv3.WithLease(w.lease)); err != nil {
		w.lease = clientv3.NoLease // it may be gone
		return err
	}
	w.written = r
	return nil
}

// end takes the report back.
func (w *reporter) end(ctx context.Context) {
	if w.lease == clientv3.NoLease {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, _ = w.client.Revoke(ctx, w.lease) // else it ends by itself
}

// errNoReport is a value that no control plane wrote.
var errNoReport = errors.New("it is no report of a control plane")

// followReports keeps what other control planes report, until ctx ends.
func (f *feed) followReports(ctx context.Context, client *clientv3.Client) {
	follower := etcdwatch.Follower{Client: client, Prefix: f.reportsPrefix(), Log: f.log}
	own := f.reportsPrefix() + f.name
	follower.Run(ctx, func(b etcdwatch.Batch) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if b.Reset {
			clear(f.reports)
		}
		for _, e := range b.Events {
			if e.Key == own {
				continue
			}
			r, ok := rollout.Parse(e.Value)
			switch {
			case e.Deleted:
				delete(f.reports, e.Key)
			case !ok:
				f.log.Warn("a key among the reports of control planes is ignored", "key", e.Key, "error", errNoReport)
			default:
				f.reports[e.Key] = r
			}
		}
	})
}

// allReports are that of this control plane, as it is now, and those of the others.
func (f *feed) allReports() []rollout.Report {
	out := []rollout.Report{f.report()}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(f.reports)) {
		out = append(out, f.reports[key])
	}
	return out
}
