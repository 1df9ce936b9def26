package policystore

import (
	"context"
	"fmt"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

var why = policy.Problem{Line: 1, Column: 10, Field: "timeout", Message: "Envoy gateway-1 refuses it"}

// TestWhatEnvoysRefuseIsWithdrawn follows a policy that is refused, over a restart, a pardon and a change.
func TestWhatEnvoysRefuseIsWithdrawn(t *testing.T) {
	c := start(t)
	s, stop := run(t, c)
	first := put(t, c, "Traffic/one", fmt.Sprintf(good, 1))
	judged(t, c, "one", first)
	second := put(t, c, "Traffic/one", fmt.Sprintf(good, 2))
	eventually(t, s, "the second", inForce("one=2s"))
	judged(t, c, "one", second) // it stands in the history
	if s.Refuse(model.KindTraffic, "one", first, why) || s.Refuse(model.KindTraffic, "two", second, why) || s.Pardon(model.KindTraffic, "one", second) {
		t.Error("what is not in force is refused, or what was not refused pardoned")
	}
	if !s.Refuse(model.KindTraffic, "one", second, why) || s.Refuse(model.KindTraffic, "one", second, why) {
		t.Error("it is refused once")
	}
	state := eventually(t, s, "the first again", inForce("one=1s"))
	if p := state.Problems(); len(p) != 1 || !p[0].LastGood || p[0].Reason != "1:10: timeout: Envoy gateway-1 refuses it" {
		t.Errorf("problems %+v", p)
	}
	awaitRefused(t, c, second, first)
	marked(t, c, fmt.Sprintf("%d refused, %d", second, first))
	put(t, c, "Traffic/two", "timeout: 5\n")
	rejected := func(name string) Status {
		return judgedAs(t, c, name, func(s Status) bool { return s.Verdict == Rejected })
	}
	since := []Status{rejected("one"), rejected("two")}

	stop()
	s, stop = run(t, c)
	state = eventually(t, s, "the first after a restart", inForce("one=1s"))
	if p := state.Problems(); len(p) != 2 || p[0].Reason != "1:10: timeout: Envoy gateway-1 refuses it" || !p[0].Since.Equal(since[0].When) || !p[1].Since.Equal(since[1].When) {
		t.Errorf("problems %+v, since %v and %v", p, since[0].When, since[1].When)
	}
	another, _ := run(t, c) // which has no Envoys of its own
	eventually(t, another, "the first at another control plane", inForce("one=1s"))

	if !s.Pardon(model.KindTraffic, "one", second) {
		t.Error("it is not pardoned")
	}
	eventually(t, s, "the second after all", inForce("one=2s"))
	if st := judgedAs(t, c, "one", func(st Status) bool { return !st.Refused }); st.Verdict != Accepted || st.LastGood.Revision != second {
		t.Errorf("pardoned: %+v", st)
	}
	marked(t, c, fmt.Sprintf("%d, %d", second, first))
	if !s.Refuse(model.KindTraffic, "one", second, why) {
		t.Error("it cannot be refused again")
	}
	awaitRefused(t, c, second, 0)
	third := put(t, c, "Traffic/one", fmt.Sprintf(good, 3))
	eventually(t, s, "the third", inForce("one=3s"))
	if st := judged(t, c, "one", third); st.Refused || st.Verdict != Accepted {
		t.Errorf("the third: %+v", st)
	}
	marked(t, c, fmt.Sprintf("%d, %d refused, %d", third, second, first))
	stop()
}

// TestARefusalOutlivesAnotherVerdict lets a control plane that knows no Envoy judge a policy that another one's refuse.
func TestARefusalOutlivesAnotherVerdict(t *testing.T) {
	c := start(t)
	s, _ := run(t, c)
	revision := put(t, c, "Traffic/one", fmt.Sprintf(good, 1))
	eventually(t, s, "it", inForce("one=1s"))
	s.Refuse(model.KindTraffic, "one", revision, why)
	eventually(t, s, "nothing", inForce(""))
	awaitRefused(t, c, revision, 0)
	late := s.entries[Key(prefix, model.KindTraffic, "one")].judged
	if err := s.writer.record(t.Context(), late.status, late.parsed.Text, false); err != nil {
		t.Fatal(err)
	}
	awaitRefused(t, c, revision, 0)
	marked(t, c, fmt.Sprintf("%d refused", revision))
	// Written again as it is, it is tried again.
	done, err := Apply(t.Context(), c, prefix, []policy.Parsed{parsed(t, "kind: Traffic\nname: one\n"+fmt.Sprintf(good, 1))}, Author{}, s.now())
	if err != nil || len(done) != 1 || done[0].Outcome != Configured || done[0].Revision <= revision {
		t.Fatalf("%+v, %v", done, err)
	}
	eventually(t, s, "it again", inForce("one=1s"))
	judged(t, c, "one", done[0].Revision)
	marked(t, c, fmt.Sprintf("%d, %d refused", done[0].Revision, revision))
}

// marked holds the history of Traffic/one, the newest first, against what it should say of refusals.
func marked(t *testing.T, c *clientv3.Client, want string) {
	t.Helper()
	changes, err := History(t.Context(), c, prefix, model.KindTraffic, "one")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, change := range changes {
		text := fmt.Sprint(change.Revision)
		if change.Refused {
			text += " refused"
		}
		list = append(list, text)
	}
	if got := strings.Join(list, ", "); got != want {
		t.Errorf("history %s, want %s", got, want)
	}
}

// judgedAs waits for a status that is as wanted.
func judgedAs(t *testing.T, c *clientv3.Client, name string, as func(Status) bool) (got Status) {
	t.Helper()
	awaitStatus(t, c, name, func(value []byte) bool {
		s, ok := parseStatus(value)
		got = s
		return ok && as(s)
	})
	return got
}

// awaitStatus waits until the text of a policy's status, nil for none, is as wanted.
func awaitStatus(t *testing.T, c *clientv3.Client, name string, as func(value []byte) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	key := StatusKey(prefix, model.KindTraffic, name)
	r, err := c.Get(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	var value []byte
	for _, kv := range r.Kvs {
		value = kv.Value
	}
	if as(value) {
		return
	}
	for w := range c.Watch(ctx, key, clientv3.WithRev(r.Header.Revision+1)) {
		for _, e := range w.Events {
			if as(e.Kv.Value) { // nil when it was deleted
				return
			}
		}
	}
	t.Fatalf("the status of Traffic/%s does not become what it should", name)
}

// awaitRefused waits until the status says that a version is refused, and what is in force instead; 0 for whatever.
func awaitRefused(t *testing.T, c *clientv3.Client, revision, instead int64) {
	t.Helper()
	st := judgedAs(t, c, "one", func(s Status) bool { return s.Refused && s.Revision == revision })
	if st.Verdict != Rejected || len(st.Problems) != 1 || st.Problems[0].Field != "timeout" || instead != 0 && st.LastGood.Revision != instead {
		t.Errorf("refused: %+v", st)
	}
}
