package plane

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/blame"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/rollout"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// versions are policies as "name=revision", by key.
func versions(list ...string) (out []policystore.Version) {
	for _, one := range list {
		v := policystore.Version{}
		var name string
		if _, err := fmt.Sscanf(strings.ReplaceAll(one, "=", " "), "%s %d", &name, &v.Revision); err != nil {
			panic(err)
		}
		v.Key, v.Policy, v.Text = name, model.Traffic{PolicyMeta: model.PolicyMeta{Name: name, Service: "s-" + name}}, fmt.Sprintf("timeout: %ds\n", v.Revision)
		out = append(out, v)
	}
	return out
}

func shown(list []change) string {
	var out []string
	for _, c := range list {
		text := c.key()
		for _, v := range []*policystore.Version{c.before, c.after} {
			if v == nil {
				text += " -"
			} else {
				text += fmt.Sprintf(" %d", v.Revision)
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestChanges(t *testing.T) {
	got := changes(versions("a=1", "b=2", "d=3"), versions("a=1", "b=4", "c=5"))
	if want := "b 2 4, c - 5, d 3 -"; shown(got) != want {
		t.Errorf("%s, want %s", shown(got), want)
	}
	if got := changes(nil, versions("a=1")); shown(got) != "a - 1" {
		t.Error(shown(got))
	}
}

// TestBetween sums up publications: what is in question is what is different in the end.
func TestBetween(t *testing.T) {
	states := [][]policystore.Version{versions("a=1"), versions("a=1", "b=2"), versions("a=3", "b=2", "c=4"), versions("a=3", "b=5"), versions("b=5"), versions("b=2")}
	var list []publication
	for i := 1; i < len(states); i++ {
		list = append(list, publication{number: uint64(i + 1), changed: changes(states[i-1], states[i])})
	}
	for _, c := range []struct {
		after, until uint64
		want         string
	}{
		{1, 2, "b - 2"}, {2, 3, "a 1 3, c - 4"}, {1, 4, "b - 5, a 1 3"}, {2, 5, "a 1 -, b 2 5"}, {5, 5, ""}, {2, 6, "a 1 -"},
	} {
		if got := shown(between(list, c.after, c.until)); got != c.want {
			t.Errorf("after %d until %d: %s, want %s", c.after, c.until, got, c.want)
		}
	}
}

// TestSuspects asks who is why for a cluster, for routes, and for what a proxy never had.
func TestSuspects(t *testing.T) {
	f := &feed{inForce: versions("a=3", "b=5")}
	f.publications = []publication{{number: 1}, {number: 2, changed: changes(versions("a=1", "b=2"), f.inForce)}}
	names := func(r xds.Refusal) (out string) {
		for _, s := range f.suspects(r) {
			out += fmt.Sprintf("%s %s;", s.ID, s.Leaf.Field)
		}
		return out
	}
	for want, r := range map[string]xds.Refusal{
		"Traffic/b timeout;Traffic/a timeout;": {Type: "routes", Resource: "gateway-http", Accepted: 1, Since: 2},
		"Traffic/a timeout;":                   {Type: "clusters", Resource: "http|s-a||", Accepted: 1, Since: 2},
		"":                                     {Type: "routes", Resource: "gateway-http", Accepted: 2, Since: 2},
	} {
		if got := names(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
	first := xds.Refusal{Type: "routes", Resource: "gateway-http", Since: 2, Text: "no such thing"}
	if got := f.explained(first); got.Policy != "" {
		t.Errorf("of a proxy that has nothing every policy may be why, not %s", got.Policy)
	}
	withdrawn := f.suspects(xds.Refusal{Type: "routes", Accepted: 1, Since: 2})[0]
	was := f.inForce
	f.inForce = versions("a=3", "b=2")
	f.publications = append(f.publications, publication{number: 3, changed: changes(was, f.inForce)})
	if !f.inForceAt(withdrawn, 2) || f.inForceAt(withdrawn, 3) {
		t.Error("it was published with 2, and not any more with 3")
	}
}

// TestRevealed finds a policy that did not change: what came before it did.
func TestRevealed(t *testing.T) {
	f := &feed{inForce: versions("b=5", "log=7")}
	f.inForce[1].Text = "accessLog: {path: /etc/dubbomesh/none}\n"
	f.publications = []publication{{number: 1}, {number: 2, changed: changes(versions("a=1", "b=5", "log=7"), versions("b=5", "log=7"))}}
	r := xds.Refusal{Type: "listeners", Resource: "gateway-http", Accepted: 1, Since: 2, Text: "gateway-http: unable to open file '/etc/dubbomesh/none'"}
	if got := f.suspects(r); len(got) == 0 || got[0].ID != "Traffic/log" || got[0].Leaf.Field != "accessLog.path" {
		t.Errorf("%+v", got)
	}
	r.Text = "gateway-http: Address already in use"
	for _, s := range f.suspects(r) {
		if s.Revision != 0 {
			t.Errorf("%s did not change", s.ID)
		}
	}
}

// TestAsOf takes changes back until a publication.
func TestAsOf(t *testing.T) {
	states := [][]policystore.Version{versions("a=1"), versions("a=1", "b=2"), versions("a=3", "b=2", "c=4"), versions("a=3", "b=5"), versions("b=5")}
	list := []publication{{number: 1}}
	for i := 1; i < len(states); i++ {
		list = append(list, publication{number: uint64(2*i + 1), changed: changes(states[i-1], states[i])})
	}
	inForce := states[len(states)-1]
	for number, want := range map[uint64][]policystore.Version{1: states[0], 2: states[0], 3: states[1], 4: states[1], 5: states[2], 8: states[3], 9: inForce, 12: inForce} {
		if got := shown(changes(want, asOf(inForce, list, number))); got != "" {
			t.Errorf("with publication %d: %s", number, got)
		}
	}
}

// TestDoubtful tells who is withdrawn for good from who may have been withdrawn in place of another one.
func TestDoubtful(t *testing.T) {
	var suspects []blame.Suspect
	for _, c := range []blame.Change{{ID: "Traffic/a", Revision: 3}, {ID: "Traffic/b", Revision: 5}, {ID: "Traffic/gone"}} {
		suspects = append(suspects, blame.Suspect{Change: c})
	}
	quoted := suspects[0]
	quoted.Quoted = true
	for _, c := range []struct {
		why      string
		incident incident
		inForce  []policystore.Version
		want     bool
	}{
		{"all others are as they were", incident{withdrew: true, without: &suspects[0]}, versions("b=5"), false},
		{"another one went", incident{withdrew: true, without: &suspects[0]}, versions(), true},
		{"another one changed", incident{withdrew: true, without: &suspects[0]}, versions("b=6"), true},
		{"one that was missing is back", incident{withdrew: true, without: &suspects[0]}, versions("b=5", "gone=7"), true},
		{"Envoy quoted it", incident{withdrew: true, without: &quoted}, versions(), false},
		{"a change was faster", incident{without: &suspects[0]}, versions(), false},
		{"nobody is withdrawn", incident{}, versions(), false},
	} {
		c.incident.suspects = suspects
		if got := c.incident.doubtful(c.inForce); got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
}

// TestRevisionsOfPublications tells which revisions of policies a proxy lacks that refuses what publications changed.
func TestRevisionsOfPublications(t *testing.T) {
	f := &feed{publications: []publication{
		{number: 3, revision: 10},
		{number: 4, revision: 12, changed: changes(versions("a=1"), versions("a=11", "b=12"))},
		{number: 6, revision: 12, changed: changes(versions("a=11"), versions("a=1"))}, // withdrawn
		{number: 8, revision: 15, changed: changes(nil, versions("c=15"))},
		{number: 9, revision: 16},
	}}
	span := func(after, until int64) rollout.Span { return rollout.Span{After: after, Until: until} }
	for _, c := range []struct {
		lacks []xds.Span
		want  []rollout.Span
	}{
		{nil, nil},
		{[]xds.Span{{After: 3, Until: 4}}, []rollout.Span{span(10, 12)}},
		{[]xds.Span{{After: 5, Until: 6}}, []rollout.Span{span(0, 1)}},
		{[]xds.Span{{After: 6, Until: 7}}, nil}, // no policy changed
		{[]xds.Span{{After: 3, Until: 4}, {After: 7, Until: 8}}, []rollout.Span{span(10, 12), span(12, 15)}},
		{[]xds.Span{{After: 0, Until: 4}}, []rollout.Span{span(0, 10), span(10, 12)}},
		{[]xds.Span{{After: 1, Until: 2}}, []rollout.Span{span(0, 10)}}, // before what is known
	} {
		if diff := cmp.Diff(c.want, f.revisions(c.lacks)); diff != "" {
			t.Errorf("%v: %s", c.lacks, diff)
		}
	}
}

// TestAsOfWithoutWhatIsRefused takes back what came with a publication that a proxy lacks something of, unless it was changed since.
func TestAsOfWithoutWhatIsRefused(t *testing.T) {
	states := [][]policystore.Version{versions("a=1"), versions("a=2", "b=2"), versions("a=2", "b=3"), versions("a=2", "b=3", "c=4")}
	var list []publication
	for i := 1; i < len(states); i++ {
		list = append(list, publication{number: uint64(i + 1), changed: changes(states[i-1], states[i])})
	}
	got := asOf(states[3], list, 4, xds.Span{After: 1, Until: 2})
	if diff := shown(changes(versions("a=1", "b=3", "c=4"), got)); diff != "" {
		t.Error(diff)
	}
}

// TestARevisionThatWentBackIsNewer publishes what is read of an etcd that lost its data: what it counts from now on was not
// published before.
func TestARevisionThatWentBackIsNewer(t *testing.T) {
	f := &feed{}
	policies := policystore.NewState()
	for i, revision := range []int64{7, 100, 1} {
		policies.Revision = revision
		f.noted(uint64(i+1), policies, time.Time{})
	}
	if last := f.publications[len(f.publications)-1]; last.revision != 1 {
		t.Errorf("what was published last is as of revision %d", last.revision)
	}
}
