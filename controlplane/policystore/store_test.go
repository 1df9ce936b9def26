package policystore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdembed"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

const prefix = "/dubbomesh"

// start returns a client of an etcd of its own.
func start(t *testing.T) *clientv3.Client {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	s, err := etcdembed.Start(t.Context(), etcdembed.Options{Dir: dir, Listen: "127.0.0.1:0", NoSync: true, LogTo: filepath.Join(dir, "etcd.log")}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.Endpoint()}, DialTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// run runs a store until the returned function is called, or the test ends.
func run(t *testing.T, c *clientv3.Client) (*Store, func()) {
	t.Helper()
	s := New(prefix, time.Minute, c, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

func put(t *testing.T, c *clientv3.Client, id, text string) int64 {
	t.Helper()
	r, err := c.Put(t.Context(), prefix+"/policies/"+id, text)
	if err != nil {
		t.Fatal(err)
	}
	return r.Header.Revision
}

// eventually waits until the state is as wanted.
func eventually(t *testing.T, s *Store, what string, ok func(State) bool) State {
	t.Helper()
	late := time.After(patience)
	for {
		if state := s.State(); ok(state) {
			return state
		}
		select {
		case <-s.Changed():
		case <-late:
			t.Fatalf("never: %s; the state is %+v", what, s.State())
		}
	}
}

// judged waits until a verdict stands in etcd.
func judged(t *testing.T, c *clientv3.Client, name string, revision int64) Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := WaitJudged(ctx, c, prefix, model.KindTraffic, name, revision)
	if err != nil {
		t.Fatalf("Traffic/%s was not judged at %d: %v", name, revision, err)
	}
	return s
}

// timeouts says which Traffic policies are in force with which timeout.
func timeouts(s State) string {
	var list []string
	for _, t := range s.Policies().Traffic {
		list = append(list, t.Name+"="+t.Timeout.String())
	}
	return strings.Join(list, " ")
}

func inForce(want string) func(State) bool {
	return func(s State) bool { return s.Synced && timeouts(s) == want }
}

const good, bad = "service: a\ntimeout: %ds\n", "service: a\ntimout: 1s\n"

func TestABadVersionNeverTakesEffect(t *testing.T) {
	c := start(t)
	s, stop := run(t, c)
	first := put(t, c, "Traffic/one", fmt.Sprintf(good, 1))
	put(t, c, "Traffic/two", fmt.Sprintf(good, 2))
	eventually(t, s, "both", inForce("one=1s two=2s"))
	if st := judged(t, c, "one", first); st.Verdict != Accepted || st.LastGood.Revision != first {
		t.Errorf("accepted as %+v", st)
	}

	wrong := put(t, c, "Traffic/one", bad)
	put(t, c, "Traffic/three", bad)
	put(t, c, "Traffc/four", bad)
	put(t, c, "Traffic/two", fmt.Sprintf(good, 22))
	state := eventually(t, s, "the last good one and the other's change", inForce("one=1s two=22s"))
	if len(state.Problems()) != 3 || state.Problems()[1].Key != prefix+"/policies/Traffic/one" || !state.Problems()[1].LastGood ||
		state.Problems()[1].Reason != `2:1: timout: there is no such field; did you mean "timeout"?` || state.Problems()[2].LastGood {
		t.Errorf("problems %+v", state.Problems())
	}
	st := judged(t, c, "one", wrong)
	if st.Verdict != Rejected || st.LastGood.Revision != first || len(st.Problems) != 1 || st.Problems[0].Line != 2 || st.Problems[0].Column != 1 {
		t.Errorf("rejected as %+v", st)
	}

	stop()
	s, stop = run(t, c)
	eventually(t, s, "the last good one after a restart", inForce("one=1s two=22s"))
	stop()
	s, _ = run(t, c)
	eventually(t, s, "the same after another one", inForce("one=1s two=22s"))
	mended := put(t, c, "Traffic/one", fmt.Sprintf(good, 3))
	eventually(t, s, "the mended one", inForce("one=3s two=22s"))
	if st := judged(t, c, "one", mended); st.Verdict != Accepted || len(st.Problems) != 0 {
		t.Errorf("mended as %+v", st)
	}
}

func TestDeletingEndsAPolicy(t *testing.T) {
	c := start(t)
	s, stop := run(t, c)
	first := put(t, c, "Traffic/one", fmt.Sprintf(good, 1))
	judged(t, c, "one", first)
	if _, err := c.Delete(t.Context(), Key(prefix, model.KindTraffic, "one")); err != nil {
		t.Fatal(err)
	}
	eventually(t, s, "its end", inForce(""))
	goneStatus(t, c, "one")
	second := put(t, c, "Traffic/one", fmt.Sprintf(good, 1))
	judged(t, c, "one", second)
	stop()
	// Deleted and written anew while nobody looked: what was good belongs to another life.
	if _, err := c.Delete(t.Context(), Key(prefix, model.KindTraffic, "one")); err != nil {
		t.Fatal(err)
	}
	put(t, c, "Traffic/one", "timeout: 5")
	last := put(t, c, "Traffic/one", bad)
	s, _ = run(t, c)
	eventually(t, s, "nothing in force", func(s State) bool { return s.Synced && len(s.Items()) == 1 && timeouts(s) == "" })
	if st := judged(t, c, "one", last); st.LastGood != nil {
		t.Errorf("status %+v", st)
	}
	changes, err := History(t.Context(), c, prefix, model.KindTraffic, "one")
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 3 || changes[0].Revision != second || !changes[1].Deleted || changes[2].Revision != first || changes[2].Text != fmt.Sprintf(good, 1) {
		t.Errorf("history %+v", changes)
	}
}

// goneStatus waits until a policy has no status any more.
func goneStatus(t *testing.T, c *clientv3.Client, name string) {
	t.Helper()
	awaitStatus(t, c, name, func(value []byte) bool { return value == nil })
}

func TestAStatusOfAPolicyDeletedMeanwhileGoes(t *testing.T) {
	c := start(t)
	_, stop := run(t, c)
	judged(t, c, "one", put(t, c, "Traffic/one", fmt.Sprintf(good, 1)))
	stop()
	if _, err := c.Delete(t.Context(), Key(prefix, model.KindTraffic, "one")); err != nil {
		t.Fatal(err)
	}
	run(t, c)
	goneStatus(t, c, "one")
}

// TestSeveralControlPlanesAgree lets three of them judge the same policies, and looks at how often each verdict was written.
func TestSeveralControlPlanesAgree(t *testing.T) {
	c := start(t)
	for range 3 {
		run(t, c)
	}
	for i := range 10 {
		name := fmt.Sprintf("p%d", i)
		revision := put(t, c, "Traffic/"+name, fmt.Sprintf(good, i+1))
		judged(t, c, name, revision)
	}
	fourth, _ := run(t, c)
	eventually(t, fourth, "all", func(s State) bool { return len(s.Policies().Traffic) == 10 })
	judged(t, c, "last", put(t, c, "Traffic/last", fmt.Sprintf(good, 1)))
	statuses, err := c.Get(t.Context(), statusPrefix(prefix), clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range statuses.Kvs {
		if kv.Version != 1 {
			t.Errorf("%s was written %d times", kv.Key, kv.Version)
		}
	}
	for i := range 10 {
		if changes, err := History(t.Context(), c, prefix, model.KindTraffic, fmt.Sprintf("p%d", i)); err != nil || len(changes) != 1 {
			t.Errorf("history %+v %v", changes, err)
		}
	}
}

// parsed is a policy from text.
func parsed(t *testing.T, text string) policy.Parsed {
	t.Helper()
	list := policy.Parse("test", []byte(text))
	if len(list) != 1 || list[0].Err() != nil {
		t.Fatalf("%+v", list)
	}
	return list[0]
}

func TestApplyAndDelete(t *testing.T) {
	c := start(t)
	s, _ := run(t, c)
	text := "kind: Traffic\nname: one\n" + good
	by := Author{Who: "ann@desk", Note: "calmer"}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	apply := func(seconds int, want Outcome) int64 {
		t.Helper()
		done, err := Apply(t.Context(), c, prefix, []policy.Parsed{parsed(t, fmt.Sprintf(text, seconds))}, by, now)
		if err != nil || len(done) != 1 || done[0].Outcome != want {
			t.Fatalf("%+v, %v; want %s", done, err, want)
		}
		return done[0].Revision
	}
	first := apply(1, Created)
	apply(1, Unchanged)
	second := apply(2, Configured)
	eventually(t, s, "the second", inForce("one=2s"))
	judged(t, c, "one", second)
	changes, err := History(t.Context(), c, prefix, model.KindTraffic, "one")
	if err != nil || len(changes) != 2 || changes[0].Revision != second || changes[1].Revision != first || changes[0].Who != by.Who || changes[0].Note != by.Note {
		t.Fatalf("history %+v %v", changes, err)
	}
	list, err := List(t.Context(), c, prefix, "", "")
	if err != nil || len(list) != 1 || !list[0].Current() || list[0].Status.Verdict != Accepted {
		t.Fatalf("listed %+v %v", list, err)
	}
	for i := range HistoryKept + 5 {
		apply(10+i, Configured)
	}
	if changes, err = History(t.Context(), c, prefix, model.KindTraffic, "one"); err != nil || len(changes) != HistoryKept {
		t.Errorf("%d changes are kept, %v", len(changes), err)
	}
	remove := func(want Outcome) {
		t.Helper()
		if done, err := Delete(t.Context(), c, prefix, []Ref{{model.KindTraffic, "one"}}, by, now); err != nil || len(done) != 1 || done[0].Outcome != want {
			t.Fatalf("%+v, %v; want %s", done, err, want)
		}
	}
	remove(Deleted)
	eventually(t, s, "its end", inForce(""))
	remove(Missing)
	if changes, err = History(t.Context(), c, prefix, model.KindTraffic, "one"); err != nil || !changes[0].Deleted || changes[0].Who != by.Who || changes[1].Deleted {
		t.Errorf("history %+v %v", changes[:2], err)
	}
}

// TestAFailureToWriteIsTold lets a verdict fail once: that is told until it is written.
func TestAFailureToWriteIsTold(t *testing.T) {
	c := start(t)
	s, _ := run(t, c)
	asked, answer := make(chan struct{}), make(chan error)
	s.writer.add("Traffic/one", func(context.Context) error { asked <- struct{}{}; return <-answer })
	<-asked
	answer <- errors.New("permission denied")
	<-asked // once more
	if err := s.Unsaved(); err == nil || err.Error() != "Traffic/one: permission denied" {
		t.Errorf("unsaved because of %v", err)
	}
	answer <- nil
	judged(t, c, "two", put(t, c, "Traffic/two", fmt.Sprintf(good, 1))) // written after the first
	s.writer.add("Traffic/three", func(context.Context) error { asked <- struct{}{}; return <-answer })
	<-asked // the one before is done
	if err := s.Unsaved(); err != nil {
		t.Errorf("unsaved because of %v", err)
	}
	answer <- nil
}
