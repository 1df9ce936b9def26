package policystore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

var ann = Author{Who: "ann@desk", Note: "all of them"}

// several are policies with a timeout each, and a comment of a size.
func several(t *testing.T, n int, seconds, size int) (list []policy.Parsed) {
	t.Helper()
	for i := range n {
		list = append(list, parsed(t, fmt.Sprintf("kind: Traffic\nname: p%03d\n"+good+"# %s\n", i, seconds, strings.Repeat("x", size))))
	}
	return list
}

// revisions counts the policies that were done at each revision, in the order in which they were done.
func revisions(t *testing.T, done []Done, want Outcome) (counts []int) {
	t.Helper()
	last := int64(0)
	for i, d := range done {
		if d.Outcome != want || d.Name != fmt.Sprintf("p%03d", i) {
			t.Errorf("%+v, want %s", d, want)
		}
		if d.Revision != last {
			last, counts = d.Revision, append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	return counts
}

// TestAllOfOneCallHaveOneRevision writes, changes and deletes as many policies as etcd takes at once.
func TestAllOfOneCallHaveOneRevision(t *testing.T) {
	c := start(t)
	s, _ := run(t, c)
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	list := several(t, 42, 1, 0)
	done, err := Apply(t.Context(), c, prefix, list, ann, now)
	if counts := revisions(t, done, Created); err != nil || !slices.Equal(counts, []int{42}) {
		t.Fatalf("%v at one revision each, %v", counts, err)
	}
	created := done[0].Revision
	eventually(t, s, "all", func(s State) bool { return len(s.Policies().Traffic) == 42 })
	if done, err = Apply(t.Context(), c, prefix, list, ann, now); err != nil || len(revisions(t, done, Unchanged)) != 1 || done[41].Revision != created {
		t.Errorf("again: %+v, %v", done, err)
	}
	done, err = Apply(t.Context(), c, prefix, several(t, 42, 2, 0), ann, now)
	if counts := revisions(t, done, Configured); err != nil || !slices.Equal(counts, []int{42}) || done[0].Revision <= created {
		t.Errorf("%v changed at one revision each, %v", counts, err)
	}
	changed := done[0].Revision
	var refs []Ref
	for _, d := range done {
		refs = append(refs, d.Ref)
	}
	done, err = Delete(t.Context(), c, prefix, refs, ann, now)
	if counts := revisions(t, done, Deleted); err != nil || !slices.Equal(counts, []int{42}) {
		t.Errorf("%v deleted at one revision each, %v", counts, err)
	}
	for _, name := range []string{"p000", "p041"} {
		changes, err := History(t.Context(), c, prefix, model.KindTraffic, name)
		if err != nil || len(changes) != 3 || changes[0].Revision != done[0].Revision || !changes[0].Deleted || changes[1].Revision != changed ||
			changes[2].Revision != created || changes[2].Who != ann.Who || changes[1].Note != ann.Note || !changes[1].When.Equal(now) {
			t.Errorf("history of %s: %+v, %v", name, changes, err)
		}
	}
}

// TestWhatEtcdDoesNotTakeAtOnce goes in several transactions: too many policies, too long ones, and one twice.
func TestWhatEtcdDoesNotTakeAtOnce(t *testing.T) {
	c := start(t)
	for _, one := range []struct {
		what    string
		n, size int
		want    []int
	}{{what: "many", n: 100, want: []int{42, 42, 16}}, {what: "long", n: 7, size: 120 << 10, want: []int{4, 3}}} {
		done, err := Apply(t.Context(), c, prefix, several(t, one.n, 1, one.size), ann, time.Now())
		if counts := revisions(t, done, Created); err != nil || !slices.Equal(counts, one.want) {
			t.Errorf("%s: %v, want %v, %v", one.what, counts, one.want, err)
		}
		if _, err := c.Delete(t.Context(), prefix, clientv3.WithPrefix()); err != nil {
			t.Fatal(err)
		}
	}
	list := several(t, 1, 1, 0)
	if done, err := Apply(t.Context(), c, prefix, append(list, several(t, 1, 2, 0)...), ann, time.Now()); err != nil || len(done) != 2 || done[1].Outcome != Configured {
		t.Errorf("one twice: %+v, %v", done, err)
	}
	refs := []Ref{{model.KindTraffic, "none"}, {model.KindTraffic, "p000"}, {model.KindTraffic, "p000"}}
	if done, err := Delete(t.Context(), c, prefix, refs, ann, time.Now()); err != nil || len(done) != 3 || done[0].Outcome != Missing || done[1].Outcome != Deleted || done[2].Outcome != Missing {
		t.Errorf("deleted twice: %+v, %v", done, err)
	}
}

// TestSomebodyElseChangesOneOfSeveral writes one of them between look and write, once and then every time.
func TestSomebodyElseChangesOneOfSeveral(t *testing.T) {
	c := start(t)
	first, list := several(t, 3, 1, 0), several(t, 3, 2, 0)
	if _, err := Apply(t.Context(), c, prefix, first, ann, time.Now()); err != nil {
		t.Fatal(err)
	}
	meddling := &meddler{KV: c.KV, key: Key(prefix, model.KindTraffic, "p001"), left: 1}
	done, err := Apply(t.Context(), meddling, prefix, list, ann, time.Now())
	if counts := revisions(t, done, Configured); err != nil || !slices.Equal(counts, []int{3}) || meddling.left != 0 {
		t.Errorf("%v, %v", done, err)
	}
	meddling.left = attempts
	before, err := List(t.Context(), c, prefix, "", "")
	if err != nil {
		t.Fatal(err)
	}
	done, err = Apply(t.Context(), meddling, prefix, first, ann, time.Now())
	const want = "Traffic/p000, Traffic/p001, Traffic/p002 are not changed: Traffic/p001: somebody else changes it at the same time; try again"
	if len(done) != 0 || !errors.Is(err, ErrConflict) || err.Error() != want {
		t.Errorf("%v, %v; want %s", done, err, want)
	}
	after, err := List(t.Context(), c, prefix, "", "")
	if err != nil || len(after) != 3 || after[0].Revision != before[0].Revision || after[2].Revision != before[2].Revision {
		t.Errorf("%+v, %v", after, err)
	}
}

// TestAnEtcdThatTakesLess halves transactions until they fit.
func TestAnEtcdThatTakesLess(t *testing.T) {
	c := start(t)
	done, err := Apply(t.Context(), &meddler{KV: c.KV, most: 16}, prefix, several(t, 12, 1, 0), ann, time.Now())
	if counts := revisions(t, done, Created); err != nil || !slices.Equal(counts, []int{5, 5, 2}) {
		t.Errorf("%v, %v", counts, err)
	}
	if done, err = Apply(t.Context(), &meddler{KV: c.KV, most: 2}, prefix, several(t, 12, 2, 0), ann, time.Now()); len(done) != 0 || !errors.Is(err, rpctypes.ErrTooManyOps) {
		t.Errorf("%v, %v", done, err)
	}
}

// meddler writes a key whenever a transaction with a condition is about to be committed, so many times, and refuses long ones.
type meddler struct {
	clientv3.KV
	key  string
	left int
	most int // operations that it takes; 0 for as many as etcd
}

func (m *meddler) Txn(ctx context.Context) clientv3.Txn { return &meddled{Txn: m.KV.Txn(ctx), m: m} }

type meddled struct {
	clientv3.Txn
	m           *meddler
	conditional bool
	ops         int
}

func (t *meddled) If(c ...clientv3.Cmp) clientv3.Txn {
	t.Txn, t.conditional = t.Txn.If(c...), true
	return t
}

func (t *meddled) Then(ops ...clientv3.Op) clientv3.Txn {
	t.Txn, t.ops = t.Txn.Then(ops...), len(ops)
	return t
}

func (t *meddled) Else(ops ...clientv3.Op) clientv3.Txn { t.Txn = t.Txn.Else(ops...); return t }

func (t *meddled) Commit() (*clientv3.TxnResponse, error) {
	if t.m.most > 0 && t.ops > t.m.most {
		return nil, rpctypes.ErrTooManyOps
	}
	if t.conditional && t.m.left > 0 {
		t.m.left--
		if _, err := t.m.Put(context.Background(), t.m.key, fmt.Sprintf(good, 99)); err != nil {
			return nil, err
		}
	}
	return t.Txn.Commit()
}
