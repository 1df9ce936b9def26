package registry

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// smallPages makes a list need several requests.
func smallPages(s *etcdSource) { s.Page = 3 }

// loose keeps protection out of a test about something else.
var loose = Config{Protection: Protection{Share: -1}}

func TestListsAllPages(t *testing.T) {
	c := startEtcd(t).dial()
	var want []string
	for n := 10; n < 20; n++ {
		put(t, c, key(n), instance(n))
		want = append(want, at(n))
	}
	put(t, c, DefaultPrefix+"/services0/hello/i9", instance(9)) // a neighbour of the prefix
	r := run(t, loose, c, smallPages)
	eventually(t, r, "all pages", has("hello", want...))
}

func TestFollowsChanges(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	eventually(t, r, "synced", func(s State) bool { return s.Synced })
	put(t, c, key(1), instance(1))
	eventually(t, r, "a new instance", has("hello", at(1)))
	put(t, c, key(1), `{"address":"10.0.0.1","port":20880,"weight":7}`)
	eventually(t, r, "another weight", has("hello", "10.0.0.1:20880=7"))
	put(t, c, key(2), instance(2))
	eventually(t, r, "a second instance", has("hello", "10.0.0.1:20880=7", at(2)))
	remove(t, c, key(1))
	put(t, c, key(1), instance(1))
	eventually(t, r, "deleted and put again", has("hello", at(1), at(2)))
	remove(t, c, DefaultPrefix, clientv3.WithPrefix())
	s := eventually(t, r, "nothing", has("hello"))
	if len(s.Snapshot.Services) != 0 {
		t.Errorf("services without instances are listed: %+v", s.Snapshot)
	}
}

func TestWithdrawsWhenTheLeaseExpires(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	grant, err := c.Grant(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	put(t, c, key(1), instance(1), clientv3.WithLease(grant.ID))
	put(t, c, key(2), instance(2))
	eventually(t, r, "both", has("hello", at(1), at(2)))
	eventually(t, r, "the one without lease", has("hello", at(2)))
}

// TestSurvivesRestart stops etcd, starts it again on its data and expects no endpoint to be missing at any time.
func TestSurvivesRestart(t *testing.T) {
	e := startEtcd(t)
	c := e.dial()
	put(t, c, key(1), instance(1))
	put(t, c, key(2), instance(2))
	r := run(t, loose, c)
	eventually(t, r, "both", has("hello", at(1), at(2)))
	e.stop()
	s := eventuallyPolled(t, r, "the failure noted", func(s State) bool {
		return slices.ContainsFunc(s.Sources, func(s SourceState) bool { return s.Error != "" })
	})
	if !has("hello", at(1), at(2))(s) {
		t.Fatalf("endpoints are missing while etcd is down: %v", addresses(s, "hello"))
	}
	e.start()
	put(t, c, key(3), instance(3))
	s = eventually(t, r, "the instance put after the restart", func(s State) bool {
		got := addresses(s, "hello")
		if !slices.Contains(got, at(1)) || !slices.Contains(got, at(2)) {
			t.Fatalf("endpoints were withdrawn over a restart: %v", got)
		}
		return len(got) == 3
	})
	eventuallyPolled(t, r, "no failure any more", func(s State) bool {
		return !slices.ContainsFunc(s.Sources, func(s SourceState) bool { return s.Error != "" })
	})
	_ = s
}

// eventuallyPolled waits for a state that Changed is not signalled for.
func eventuallyPolled(t *testing.T, r *Registry, what string, ok func(State) bool) State {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		if s := r.State(); ok(s) {
			return s
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never seen: %s; last state: %+v", what, r.State())
		}
	}
}

// TestSurvivesReplacedData starts etcd again on an empty directory: the revision goes back, and what was registered is
// protected until it registers again.
func TestSurvivesReplacedData(t *testing.T) {
	e := startEtcd(t)
	c := e.dial()
	for n := range 20 {
		put(t, c, "/other", fmt.Sprint(n)) // so that the new data stays behind in revision
	}
	put(t, c, key(1), instance(1))
	put(t, c, key(2), instance(2))
	r := run(t, Config{Protection: Protection{Hold: time.Hour}}, c)
	eventually(t, r, "both", has("hello", at(1), at(2)))
	e.stop()
	e.dir = t.TempDir()
	e.start()
	s := eventually(t, r, "protection", func(s State) bool {
		if got := addresses(s, "hello"); len(got) != 2 {
			t.Fatalf("endpoints were withdrawn: %v", got)
		}
		return len(s.Protected) == 1
	})
	if want := []string{"10.0.0.1:20880", "10.0.0.2:20880"}; !cmp.Equal(want, s.Protected[0].Held) {
		t.Errorf("held %v, want %v", s.Protected[0].Held, want)
	}
	put(t, c, key(1), `{"address":"10.0.0.1","port":20880,"weight":5}`)
	eventually(t, r, "the live value of one", has("hello", "10.0.0.1:20880=5", at(2)))
	put(t, c, key(2), instance(2))
	eventually(t, r, "nothing protected", func(s State) bool {
		return len(s.Protected) == 0 && has("hello", "10.0.0.1:20880=5", at(2))(s)
	})
}

func TestMalformedKeepsLastGood(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	put(t, c, key(1), instance(1))
	eventually(t, r, "the instance", has("hello", at(1)))
	put(t, c, key(1), `{"address":"10.0.0.1","port":2088000}`)
	s := eventually(t, r, "a problem", func(s State) bool { return len(s.Problems) == 1 })
	want := []model.Problem{{
		Key: key(1), LastGood: true, Since: s.Problems[0].Since,
		Reason: `1:30: port must be an integer from 1 to 65535, found "2088000"`,
	}}
	if diff := cmp.Diff(want, s.Problems); diff != "" {
		t.Error(diff)
	}
	if !has("hello", at(1))(s) {
		t.Errorf("the last good value is gone: %v", addresses(s, "hello"))
	}
	put(t, c, key(1), `{"address":"10.0.0.1","port":20880,"weight":3}`)
	eventually(t, r, "good again", func(s State) bool {
		return len(s.Problems) == 0 && has("hello", "10.0.0.1:20880=3")(s)
	})
	put(t, c, key(1), `nonsense`)
	eventually(t, r, "a problem again", func(s State) bool { return len(s.Problems) == 1 })
	remove(t, c, key(1))
	eventually(t, r, "nothing", func(s State) bool { return len(s.Problems) == 0 && has("hello")(s) })
}

func TestProtectsAndReleases(t *testing.T) {
	c := startEtcd(t).dial()
	for n := 1; n <= 3; n++ {
		put(t, c, key(n), instance(n))
	}
	r := run(t, Config{Protection: Protection{Window: time.Hour, Hold: 300 * time.Millisecond}}, c)
	eventually(t, r, "three", has("hello", at(1), at(2), at(3)))
	remove(t, c, key(1))
	eventually(t, r, "one of three withdrawn at once", func(s State) bool {
		return len(s.Protected) == 0 && has("hello", at(2), at(3))(s)
	})
	remove(t, c, DefaultPrefix, clientv3.WithPrefix())
	eventually(t, r, "the last known set", func(s State) bool {
		return len(s.Protected) == 1 && has("hello", at(2), at(3))(s)
	})
	eventually(t, r, "the end of protection", func(s State) bool { return len(s.Protected) == 0 && has("hello")(s) })
}

// TestDeliberateDeletionIsNotProtected deletes a key that has no lease, alone: nobody but an operator does that.
func TestDeliberateDeletionIsNotProtected(t *testing.T) {
	c := startEtcd(t).dial()
	put(t, c, key(1), instance(1))
	r := run(t, Config{Protection: Protection{Window: time.Hour, Hold: time.Hour}}, c)
	eventually(t, r, "the only one", has("hello", at(1)))
	remove(t, c, key(1))
	eventually(t, r, "withdrawn at once", func(s State) bool { return len(s.Protected) == 0 && has("hello")(s) })
}

func TestDrainedInstancesAreNotProtected(t *testing.T) {
	c := startEtcd(t).dial()
	for n := 1; n <= 2; n++ {
		put(t, c, key(n), instance(n))
	}
	r := run(t, Config{Protection: Protection{Window: time.Hour, Hold: time.Hour}}, c)
	eventually(t, r, "both", has("hello", at(1), at(2)))
	for n := 1; n <= 2; n++ {
		if err := Deregister(t.Context(), c, "", "hello", fmt.Sprintf("i%d", n)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, r, "none", func(s State) bool { return len(s.Protected) == 0 && has("hello")(s) })
}

func TestRegistersBySourcesInEtcd(t *testing.T) {
	c := startEtcd(t).dial()
	put(t, c, "/weights/hello/10.0.0.2:20880", "2")
	put(t, c, "/dubbo/hello/providers/dubbo%3A%2F%2F10.0.0.1%3A20880%2Fhello%3Fweight%3D1", "")
	put(t, c, key(3), instance(3))
	cfg := loose
	cfg.Dubbo = []string{"/dubbo"}
	cfg.Weights = []WeightsSource{{Prefix: "/weights/"}}
	r := run(t, cfg, c)
	eventually(t, r, "all three", has("hello", "10.0.0.1:20880=1", "10.0.0.2:20880=2", at(3)))
	for n := 1; n <= 3; n++ {
		if err := SetWeight(t.Context(), c, "", "hello", fmt.Sprintf("10.0.0.%d:20880", n), 0); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, r, "overrides", has("hello", "10.0.0.1:20880=0", "10.0.0.2:20880=0", "10.0.0.3:20880=0"))
	if err := ResetWeight(context.Background(), c, "", "hello", "10.0.0.1:20880"); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "one override taken back", has("hello", "10.0.0.1:20880=1", "10.0.0.2:20880=0", "10.0.0.3:20880=0"))
}
