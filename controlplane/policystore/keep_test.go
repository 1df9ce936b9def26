package policystore

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdembed"
	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
)

// logged is a log that a test can look at.
type logged struct{ lines chan string }

func (l logged) Write(line []byte) (int, error) { l.lines <- string(line); return len(line), nil }

// await waits for a line of the log.
func (l logged) await(t *testing.T, what string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-l.lines:
			if strings.Contains(line, what) {
				return
			}
		case <-late:
			t.Fatalf("it is not logged: %s", what)
		}
	}
}

// runAt runs a store whose clock is ahead by what the test says.
func runAt(t *testing.T, c *clientv3.Client, hold time.Duration) (*Store, *atomic.Int64, logged) {
	t.Helper()
	log, ahead := logged{make(chan string, 1000)}, &atomic.Int64{}
	s := New(prefix, hold, c, slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
	s.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s, ahead, log
}

// value is what a metric says.
func value(t *testing.T, m prometheus.Collector) float64 {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(m)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[0].GetMetric()[0].GetGauge().GetValue() + families[0].GetMetric()[0].GetCounter().GetValue()
}

// TestEtcdComesBackWithoutItsData wipes the data of an etcd, writes some of what was there again, and waits for the end of the rest.
func TestEtcdComesBackWithoutItsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	serve := func(listen string) *etcdembed.Server {
		server, err := etcdembed.Start(t.Context(), etcdembed.Options{Dir: dir, Listen: listen, NoSync: true}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	server := serve("127.0.0.1:0")
	defer func() { server.Stop() }()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{server.Endpoint()}, DialTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	s, ahead, log := runAt(t, c, time.Minute)
	put(t, c, "Traffic/one", fmt.Sprintf(good, 1))
	put(t, c, "Traffic/two", fmt.Sprintf(good, 2))
	put(t, c, "Traffic/three", fmt.Sprintf(good, 3))
	last := put(t, c, "Traffic/bad", bad)
	eventually(t, s, "all", inForce("one=1s three=3s two=2s"))
	judged(t, c, "bad", last)

	server.Stop()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	server = serve(strings.TrimPrefix(server.Endpoint(), "http://"))
	log.await(t, `level=WARN msg="etcd lost its data and policies with it; they are kept for a while: write them again" policies="[Traffic/one Traffic/three Traffic/two]" count=3`)
	state := eventually(t, s, "what was there", func(s State) bool { return len(s.Items()) == 3 && s.Error == "" })
	if p := state.Problems(); timeouts(state) != "one=1s three=3s two=2s" || len(p) != 3 || !p[0].LastGood || !strings.HasPrefix(p[0].Reason, "etcd lost it with its data; it is kept in force until 20") {
		t.Errorf("%s, problems %+v", timeouts(state), p)
	}
	if kept, lost := value(t, s.metrics.kept), value(t, s.metrics.lost); kept != 3 || lost != 3 {
		t.Errorf("%v kept, %v lost", kept, lost)
	}
	put(t, c, "Traffic/one", fmt.Sprintf(good, 11))
	wrong := put(t, c, "Traffic/two", bad)
	eventually(t, s, "one anew, and two in spite of a bad version", inForce("one=11s three=3s two=2s"))
	if st := judged(t, c, "two", wrong); st.Verdict != Rejected || st.LastGood == nil || st.LastGood.Text != fmt.Sprintf(good, 2) {
		t.Errorf("two: %+v", st)
	}
	if kept := value(t, s.metrics.kept); kept != 1 {
		t.Errorf("%v kept", kept)
	}
	ahead.Store(int64(time.Minute))
	s.keeping <- struct{}{}
	log.await(t, `level=WARN msg="protection ends: policies that etcd lost and nobody wrote again are out of force" policies=[Traffic/three] count=1`)
	eventually(t, s, "the end of three alone", inForce("one=11s two=2s"))
}

// TestWhatIsDeletedIsNotKept lists what is there after an outage: of the same data, and of other data with no protection.
func TestWhatIsDeletedIsNotKept(t *testing.T) {
	for what, one := range map[string]struct {
		hold     time.Duration
		replaced bool
		want     string
	}{"the same data": {time.Minute, false, ""}, "not protected": {0, true, ""}, "protected": {time.Minute, true, "one=1s"}} {
		t.Run(what, func(t *testing.T) {
			c := start(t)
			s := New(prefix, one.hold, c, slog.New(slog.DiscardHandler), nil)
			event := etcdwatch.Event{Key: prefix + "/policies/Traffic/one", Value: fmt.Appendf(nil, good, 1), Revision: 5, Created: 5}
			s.take(t.Context(), etcdwatch.Batch{Reset: true, Events: []etcdwatch.Event{event}, Revision: 5})
			s.take(t.Context(), etcdwatch.Batch{Reset: true, Revision: 9, Replaced: one.replaced})
			s.take(t.Context(), etcdwatch.Batch{Reset: true, Revision: 10}) // the same data once more
			if got := timeouts(s.State()); got != one.want {
				t.Errorf("%q in force, want %q", got, one.want)
			}
			// What is written at a revision that was another one's is taken in.
			event.Value = fmt.Appendf(nil, good, 2)
			s.take(t.Context(), etcdwatch.Batch{Events: []etcdwatch.Event{event}, Revision: 11})
			if got := timeouts(s.State()); got != "one=2s" {
				t.Errorf("%q in force when it is written again", got)
			}
		})
	}
}
