package registry

import (
	"context"
	"log/slog"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
)

// etcdSource reads one prefix of etcd and parses its keys.
type etcdSource struct {
	etcdwatch.Follower
	of    kind
	parse parseFunc
}

func newEtcdSource(of kind, prefix string, parse parseFunc, client *clientv3.Client, log *slog.Logger, m *metrics) *etcdSource {
	return &etcdSource{of: of, parse: parse, Follower: etcdwatch.Follower{
		Client: client, Prefix: prefix, Log: log, Resync: func() { m.resyncs.WithLabelValues(prefix).Inc() },
	}}
}

func (s *etcdSource) name() string { return s.Prefix }
func (s *etcdSource) kind() kind   { return s.of }

// run follows the prefix until ctx ends.
func (s *etcdSource) run(ctx context.Context, send func(batch)) {
	s.Run(ctx, func(b etcdwatch.Batch) {
		out := batch{reset: b.Reset, revision: b.Revision, err: b.Err, items: make([]item, len(b.Events))}
		for i, e := range b.Events {
			out.items[i] = s.item(e)
		}
		send(out)
	})
}

// item parses one key.
func (s *etcdSource) item(e etcdwatch.Event) item {
	it := item{key: e.Key, revision: e.Revision, leased: e.Leased, deleted: e.Deleted}
	if !e.Deleted {
		it.record, it.err = s.parse(strings.TrimPrefix(it.key, s.Prefix), e.Value)
	}
	return it
}
