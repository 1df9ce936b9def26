package policystore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
	Missing    Outcome = "missing" // there was nothing to delete
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

// Ref names a policy.
type Ref struct {
	Kind model.Kind
	Name string
}

// String is kind/name.
func (r Ref) String() string { return string(r.Kind) + "/" + r.Name }

// Done is what a change did to one policy.
type Done struct {
	Ref
	Outcome  Outcome
	Revision int64 // of etcd, at which it stands now or is gone; 0 when it was not there
}

// Apply writes policies and, in the same transaction, their history, so that all of them are in force at once: as many in one
// transaction as etcd takes. A policy that stands there already is not written again, unless Envoys have refused it. What was
// done has the order of the list; it is less than the list when err tells why the others are not written.
func Apply(ctx context.Context, client clientv3.KV, prefix string, list []policy.Parsed, by Author, now time.Time) (done []Done, err error) {
	wishes := make([]Change, len(list))
	for i, p := range list {
		if err := p.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", p.ID(), err)
		}
		wishes[i] = Change{Kind: p.Kind, Name: p.Name, When: now.UTC(), Who: by.Who, Note: by.Note, Text: p.Text}
	}
	return change(ctx, client, prefix, wishes)
}

// Delete ends policies, in transactions as Apply writes them: it removes each and its status, and notes that in its history. Of
// one that is not there it says Missing.
func Delete(ctx context.Context, client clientv3.KV, prefix string, list []Ref, by Author, now time.Time) (done []Done, err error) {
	wishes := make([]Change, len(list))
	for i, r := range list {
		wishes[i] = Change{Kind: r.Kind, Name: r.Name, When: now.UTC(), Who: by.Who, Note: by.Note, Deleted: true}
	}
	return change(ctx, client, prefix, wishes)
}

// HasKey reports whether there is a key; rest is what follows that of the policies, and may be no policy's.
func HasKey(ctx context.Context, client *clientv3.Client, prefix, rest string) (bool, error) {
	key := RestKey(prefix, rest)
	r, err := client.Get(ctx, key, clientv3.WithCountOnly())
	if err != nil {
		return false, fmt.Errorf("%s: %w", key, err)
	}
	return r.Count > 0, nil
}

// DeleteKey removes a key that may be no policy's, and its status; rest is what follows the key of the policies. It returns the
// revision of etcd at which it is gone. It has no history.
func DeleteKey(ctx context.Context, client *clientv3.Client, prefix, rest string) (int64, error) {
	key := RestKey(prefix, rest)
	r, err := client.Txn(ctx).If(clientv3.Compare(clientv3.Version(key), ">", 0)).
		Then(clientv3.OpDelete(key), clientv3.OpDelete(statusPrefix(prefix)+rest)).Commit()
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
