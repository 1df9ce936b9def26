package policystore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// Outcome is what a change did.
type Outcome string

// The outcomes.
const (
	Created    Outcome = "created"
	Configured Outcome = "configured"
	Unchanged  Outcome = "unchanged"
	Deleted    Outcome = "deleted"
)

// ErrNotFound is returned for a policy that there is not.
var ErrNotFound = errors.New("there is no such policy")

// ErrConflict is returned when somebody else changed a policy again and again at the same time.
var ErrConflict = errors.New("somebody else changes it at the same time; try again")

// Author says who makes a change, for the history.
type Author struct {
	Who  string // user@host
	Note string // why, may be empty
}

// attempts to change a policy that somebody else changes as well.
const attempts = 5

// Apply writes a policy and, in the same transaction, its history. It returns the revision of etcd at which the policy
// stands now. A policy that stands there already is not written again, unless Envoys have refused it.
func Apply(ctx context.Context, client *clientv3.Client, prefix string, p policy.Parsed, by Author, now time.Time) (Outcome, int64, error) {
	if err := p.Err(); err != nil {
		return "", 0, fmt.Errorf("%s: %w", p.ID(), err)
	}
	key := Key(prefix, p.Kind, p.Name)
	for range attempts {
		r, err := client.Txn(ctx).Then(clientv3.OpGet(key), getNewest(prefix, p.Kind, p.Name), clientv3.OpGet(StatusKey(prefix, p.Kind, p.Name))).Commit()
		if err != nil {
			return "", 0, fmt.Errorf("%s: %w", p.ID(), err)
		}
		outcome, mod := Created, int64(0)
		if have := r.Responses[0].GetResponseRange().Kvs; len(have) > 0 {
			outcome, mod = Configured, have[0].ModRevision
			if string(have[0].Value) == p.Text && !refusedAt(r.Responses[2].GetResponseRange().Kvs, mod) {
				return Unchanged, mod, nil
			}
		}
		change := Change{Kind: p.Kind, Name: p.Name, When: now.UTC(), Who: by.Who, Note: by.Note, Text: p.Text}
		free, ops, err := change.append(prefix, newest(r.Responses[1].GetResponseRange().Kvs))
		if err != nil {
			return "", 0, err
		}
		done, err := client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(key), "=", mod), free).
			Then(append(ops, clientv3.OpPut(key, p.Text))...).Commit()
		if err != nil {
			return "", 0, fmt.Errorf("%s: %w", p.ID(), err)
		}
		if done.Succeeded {
			return outcome, done.Header.Revision, nil
		}
	}
	return "", 0, fmt.Errorf("%s: %w", p.ID(), ErrConflict)
}

// refusedAt reports whether Envoys refused a version: what was wrong with it may be mended on their side.
func refusedAt(kvs []*mvccpb.KeyValue, revision int64) bool {
	if len(kvs) == 0 {
		return false
	}
	status, ok := parseStatus(kvs[0].Value)
	return ok && status.Refused && status.Revision == revision
}

// Delete ends a policy: it removes it and its status, and notes that in its history. It returns the revision of etcd at
// which it is gone.
func Delete(ctx context.Context, client *clientv3.Client, prefix string, kind model.Kind, name string, by Author, now time.Time) (int64, error) {
	key := Key(prefix, kind, name)
	for range attempts {
		r, err := client.Txn(ctx).Then(clientv3.OpGet(key), getNewest(prefix, kind, name)).Commit()
		if err != nil {
			return 0, fmt.Errorf("%s/%s: %w", kind, name, err)
		}
		have := r.Responses[0].GetResponseRange().Kvs
		if len(have) == 0 {
			return 0, fmt.Errorf("%s/%s: %w", kind, name, ErrNotFound)
		}
		change := Change{Kind: kind, Name: name, When: now.UTC(), Who: by.Who, Note: by.Note, Deleted: true}
		free, ops, err := change.append(prefix, newest(r.Responses[1].GetResponseRange().Kvs))
		if err != nil {
			return 0, err
		}
		ops = append(ops, clientv3.OpDelete(key), clientv3.OpDelete(StatusKey(prefix, kind, name)))
		done, err := client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(key), "=", have[0].ModRevision), free).Then(ops...).Commit()
		if err != nil {
			return 0, fmt.Errorf("%s/%s: %w", kind, name, err)
		}
		if done.Succeeded {
			return done.Header.Revision, nil
		}
	}
	return 0, fmt.Errorf("%s/%s: %w", kind, name, ErrConflict)
}

// DeleteKey removes a key below that of the policies, <kind>/<name> in which either may be none that a policy can have, and its
// status. It returns the revision of etcd at which it is gone. It has no history.
func DeleteKey(ctx context.Context, client *clientv3.Client, prefix string, kind model.Kind, name string) (int64, error) {
	key := strings.TrimSuffix(Key(prefix, kind, name), "/")
	r, err := client.Txn(ctx).If(clientv3.Compare(clientv3.Version(key), ">", 0)).
		Then(clientv3.OpDelete(key), clientv3.OpDelete(StatusKey(prefix, kind, name))).Commit()
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", key, err)
	case !r.Succeeded:
		return 0, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	return r.Header.Revision, nil
}

// Stored is a policy as it stands in etcd, with what control planes say of it.
type Stored struct {
	Kind     model.Kind
	Name     string
	Text     string
	Revision int64
	Status   *Status // nil as long as no control plane has judged it
}

// Current reports whether the status is about the version that stands in etcd.
func (s Stored) Current() bool { return s.Status != nil && s.Status.Revision == s.Revision }

// List reads policies as they stand in etcd, sorted by kind and name: all, those of a kind, or one.
func List(ctx context.Context, client *clientv3.Client, prefix string, kind model.Kind, name string) ([]Stored, error) {
	policies, statuses := policiesPrefix(prefix), statusPrefix(prefix)
	rest, options := "", []clientv3.OpOption{clientv3.WithPrefix()}
	if kind != "" {
		rest = string(kind) + "/" + name
	}
	if name != "" {
		options = nil
	}
	r, err := client.Txn(ctx).Then(clientv3.OpGet(policies+rest, options...), clientv3.OpGet(statuses+rest, options...)).Commit()
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	judged := map[string]*Status{}
	for _, kv := range r.Responses[1].GetResponseRange().Kvs {
		if s, ok := parseStatus(kv.Value); ok {
			judged[strings.TrimPrefix(string(kv.Key), statuses)] = &s
		}
	}
	var list []Stored
	for _, kv := range r.Responses[0].GetResponseRange().Kvs {
		rest := strings.TrimPrefix(string(kv.Key), policies)
		kind, name, ok := splitKey(rest)
		one := Stored{Kind: kind, Name: name, Text: string(kv.Value), Revision: kv.ModRevision, Status: judged[rest]}
		if !ok { // it has no status in etcd
			one.Status = &Status{Kind: kind, Name: name, Verdict: Rejected, Revision: kv.ModRevision, Problems: noPolicysKey()}
		}
		list = append(list, one)
	}
	return list, nil
}

// WaitJudged waits until a control plane has judged a version of a policy, or a later one.
func WaitJudged(ctx context.Context, client *clientv3.Client, prefix string, kind model.Kind, name string, revision int64) (Status, error) {
	key := StatusKey(prefix, kind, name)
	r, err := client.Get(ctx, key)
	if err != nil {
		return Status{}, err
	}
	if len(r.Kvs) > 0 {
		if s, ok := parseStatus(r.Kvs[0].Value); ok && s.Revision >= revision {
			return s, nil
		}
	}
	for w := range client.Watch(ctx, key, clientv3.WithRev(r.Header.Revision+1)) {
		for _, e := range w.Events {
			if s, ok := parseStatus(e.Kv.Value); ok && s.Revision >= revision {
				return s, nil
			}
		}
		if err := w.Err(); err != nil {
			return Status{}, err
		}
	}
	return Status{}, ctx.Err()
}
