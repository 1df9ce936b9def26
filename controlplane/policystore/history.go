package policystore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// HistoryKept is how many changes of each policy are kept.
const HistoryKept = 50

// Change is one accepted change of a policy. Its fields are a contract: they are added, not renamed.
type Change struct {
	Kind     model.Kind `json:"kind"`
	Name     string     `json:"name"`
	Revision int64      `json:"revision,omitempty"` // of etcd, at which the policy was changed
	When     time.Time  `json:"when"`
	Who      string     `json:"who,omitempty"` // "" when somebody wrote to etcd directly
	Note     string     `json:"note,omitempty"`
	Deleted  bool       `json:"deleted,omitempty"`
	Text     string     `json:"text,omitempty"`
	Refused  bool       `json:"refused,omitempty"` // Envoys refused what is made of it

	sequence int64
	mod      int64 // etcd's revision of the record
}

// readChange reads a change. One that was written together with the policy does not say at which revision: it is its own.
func readChange(kv *mvccpb.KeyValue) (Change, bool) {
	var c Change
	if json.Unmarshal(kv.Value, &c) != nil {
		return c, false
	}
	if c.Revision == 0 {
		c.Revision = kv.ModRevision
	}
	key := string(kv.Key)
	sequence, err := strconv.ParseInt(key[strings.LastIndexByte(key, '/')+1:], 10, 64)
	c.sequence, c.mod = sequence, kv.ModRevision
	return c, err == nil
}

// History lists the changes of a policy that are kept, the newest first. A policy that is gone has one too.
func History(ctx context.Context, client *clientv3.Client, prefix string, kind model.Kind, name string) ([]Change, error) {
	r, err := client.Get(ctx, historyPrefix(prefix, kind, name), clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("history of %s/%s: %w", kind, name, err)
	}
	var list []Change
	for _, kv := range r.Kvs {
		if c, ok := readChange(kv); ok {
			list = append(list, c)
		}
	}
	slices.Reverse(list)
	return list, nil
}

// WithHistory lists the policies of which changes are kept, those that are gone too, sorted.
func WithHistory(ctx context.Context, client *clientv3.Client, prefix string) ([]Ref, error) {
	folder := strings.TrimSuffix(historyPrefix(prefix, "", ""), "//")
	r, err := client.Get(ctx, folder, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	var list []Ref
	for _, kv := range r.Kvs {
		kind, rest, _ := strings.Cut(strings.TrimPrefix(string(kv.Key), folder), "/")
		name, _, change := strings.Cut(rest, "/")
		if ref := (Ref{model.Kind(kind), name}); change && !slices.Contains(list[max(0, len(list)-1):], ref) {
			list = append(list, ref)
		}
	}
	return list, nil
}

// newest is the last change of a policy; the zero value for none.
func newest(kvs []*mvccpb.KeyValue) Change {
	if len(kvs) == 0 {
		return Change{}
	}
	c, _ := readChange(kvs[0])
	return c
}

// getNewest asks for the last change of a policy.
func getNewest(prefix string, kind model.Kind, name string) clientv3.Op {
	return clientv3.OpGet(historyPrefix(prefix, kind, name), clientv3.WithPrefix(), clientv3.WithLimit(1),
		clientv3.WithSort(clientv3.SortByKey, clientv3.SortDescend))
}

// append returns what a transaction needs to add a change behind another, and to drop what is kept no longer.
func (c Change) append(prefix string, last Change) (clientv3.Cmp, []clientv3.Op, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return clientv3.Cmp{}, nil, fmt.Errorf("history of %s/%s: %w", c.Kind, c.Name, err)
	}
	at := last.sequence + 1
	key := historyKey(prefix, c.Kind, c.Name, at)
	ops := []clientv3.Op{clientv3.OpPut(key, string(text))}
	if oldest := at - HistoryKept + 1; oldest > 1 {
		first, end := historyKey(prefix, c.Kind, c.Name, 0), historyKey(prefix, c.Kind, c.Name, oldest)
		ops = append(ops, clientv3.OpDelete(first, clientv3.WithRange(end)))
	}
	return clientv3.Compare(clientv3.Version(key), "=", 0), ops, nil
}

// mark returns what a transaction needs to note in a record whether Envoys refused it.
func (c Change) mark(prefix string, refused bool) (clientv3.Cmp, clientv3.Op, error) {
	c.Refused = refused
	text, err := json.Marshal(c)
	if err != nil {
		return clientv3.Cmp{}, clientv3.Op{}, fmt.Errorf("history of %s/%s: %w", c.Kind, c.Name, err)
	}
	key := historyKey(prefix, c.Kind, c.Name, c.sequence)
	return clientv3.Compare(clientv3.ModRevision(key), "=", c.mod), clientv3.OpPut(key, string(text)), nil
}
