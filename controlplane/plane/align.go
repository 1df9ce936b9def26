package plane

import (
	"context"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
)

// What one transaction of etcd writes comes by several watches, one after the other. They share a stream of etcd's client, on
// which a notice of progress comes after all events before it. So when one watch is ahead a notice is asked for; when all
// have seen it, nothing that was written together is in halves.

// alignment bounds the wait for watches that are behind: etcd gives no notice while one of them has much to catch up with.
const alignment = 100 * time.Millisecond

// align waits until all watches are as far as the one that is furthest now.
func (s source) align() {
	seen := revisions(s.registry.State(), s.policies.State())
	if len(seen) == 0 || slices.Min(seen) == slices.Max(seen) {
		return
	}
	// Watches that ask for a leader are on the stream of that context.
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(context.Background()), alignment)
	defer cancel()
	if err := s.client.RequestProgress(ctx); err != nil {
		return // there is no connection on which anything could come
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := revisions(s.registry.State(), s.policies.State()); len(now) == 0 || slices.Min(now) >= slices.Max(seen) {
			return
		}
	}
}

// revisions are how far the watches of etcd are that go well.
func revisions(registered registry.State, policies policystore.State) (out []int64) {
	for _, s := range registered.Sources {
		if s.Synced && s.Error == "" && s.Revision != 0 { // files have none
			out = append(out, s.Revision)
		}
	}
	if policies.Synced && policies.Error == "" {
		out = append(out, policies.Revision)
	}
	return out
}
