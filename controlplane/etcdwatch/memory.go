package etcdwatch

import (
	"cmp"
	"context"
	"errors"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// memory is by what etcd's data is known again.
type memory struct {
	cluster  uint64
	revision int64  // the newest that was seen; 0 for none
	key      string // the one that was written last; "" for none
	written  int64  // at which revision
}

// note takes in what was seen.
func (m *memory) note(b Batch) {
	m.revision = max(m.revision, b.Revision)
	for _, e := range b.Events {
		if !e.Deleted && e.Revision >= m.written {
			m.key, m.written = e.Key, e.Revision
		}
	}
}

// replaced reports whether etcd's data is another than that which is known: it belongs to another cluster, its revision went
// back, or it went on but a key does not stand at the revision at which it was written.
func (p Follower) replaced(ctx context.Context, known memory, now *pb.ResponseHeader) (bool, error) {
	switch {
	case known.revision == 0:
		return false, nil
	case now.ClusterId != known.cluster || now.Revision < known.revision:
		return true, nil
	case known.key == "":
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.Timeout, RequestTimeout))
	defer cancel()
	r, err := p.Client.Get(ctx, known.key, clientv3.WithRev(known.written), clientv3.WithKeysOnly())
	if errors.Is(err, rpctypes.ErrCompacted) { // it cannot be told any more
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return len(r.Kvs) == 0 || r.Kvs[0].ModRevision != known.written, nil
}
