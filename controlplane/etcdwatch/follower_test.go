package etcdwatch

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdembed"
)

// start returns a client of an etcd of its own.
func start(t *testing.T) *clientv3.Client {
	t.Helper()
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

func put(t *testing.T, c *clientv3.Client, key, value string) {
	t.Helper()
	if _, err := c.Put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
}

// TestAWatchFromACompactedRevisionEnds watches from a revision that is gone.
func TestAWatchFromACompactedRevisionEnds(t *testing.T) {
	c := start(t)
	put(t, c, "/a/1", "1")
	p := Follower{Client: c, Prefix: "/a/", Log: slog.New(slog.DiscardHandler)}
	_, header, err := p.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	revision := header.Revision
	put(t, c, "/a/2", "2")
	put(t, c, "/a/3", "3")
	if _, err := c.Compact(t.Context(), revision+2); err != nil {
		t.Fatal(err)
	}
	if err := p.watch(t.Context(), revision, func(b Batch) { t.Errorf("sent %+v", b) }); err == nil {
		t.Fatal("a watch from a compacted revision goes on")
	}
}

// TestAnOlderRevisionIsNoticed gives up a watch that waits for a revision which etcd is far from.
func TestAnOlderRevisionIsNoticed(t *testing.T) {
	c := start(t)
	put(t, c, "/a/1", "1") // so that the connection is there
	p := Follower{Client: c, Prefix: "/a/", Log: slog.New(slog.DiscardHandler), Probe: time.Millisecond}
	if err := p.watch(t.Context(), 1000, func(Batch) {}); !errors.Is(err, errRevision) {
		t.Fatalf("watch ended with %v, want %v", err, errRevision)
	}
}

// TestListsInPagesThenFollows sees all keys of several pages once, and then what happens to them.
func TestListsInPagesThenFollows(t *testing.T) {
	c := start(t)
	for _, k := range []string{"/a/1", "/a/2", "/a/3", "/b/1"} {
		put(t, c, k, k)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	batches := make(chan Batch)
	go Follower{Client: c, Prefix: "/a/", Log: slog.New(slog.DiscardHandler), Page: 2}.Run(ctx, func(b Batch) {
		select {
		case batches <- b:
		case <-ctx.Done():
		}
	})
	first := <-batches
	if !first.Reset || len(first.Events) != 3 || string(first.Events[2].Value) != "/a/3" || first.Events[2].Created == 0 {
		t.Fatalf("listed %+v", first)
	}
	if _, err := c.Delete(t.Context(), "/a/2"); err != nil {
		t.Fatal(err)
	}
	if b := <-batches; b.Reset || len(b.Events) != 1 || !b.Events[0].Deleted || b.Events[0].Key != "/a/2" {
		t.Errorf("after a deletion %+v", b)
	}
}

// TestReplacedDataIsKnown holds what is remembered of etcd's data against what is there.
func TestReplacedDataIsKnown(t *testing.T) {
	c := start(t)
	p := Follower{Client: c, Prefix: "/a/", Log: slog.New(slog.DiscardHandler)}
	put(t, c, "/a/1", "1")
	events, header, err := p.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known := memory{cluster: header.ClusterId}
	known.note(Batch{Events: events, Revision: header.Revision})
	if _, err := c.Delete(t.Context(), "/a/1"); err != nil {
		t.Fatal(err)
	}
	put(t, c, "/a/2", "2")
	if _, header, err = p.list(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := func(change func(*memory)) memory { m := known; change(&m); return m }
	want := func(what string, known memory, want bool) {
		t.Helper()
		if got, err := p.replaced(t.Context(), known, header); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	want("nothing known", memory{}, false)
	want("it went on", known, false)
	want("another cluster", other(func(m *memory) { m.cluster++ }), true)
	want("it went back", other(func(m *memory) { m.revision = header.Revision + 1 }), true)
	want("another history", other(func(m *memory) { m.key = "/a/3" }), true)
	want("written at another revision", other(func(m *memory) { m.key, m.written = "/a/2", header.Revision-1 }), true)
	if _, err := c.Compact(t.Context(), header.Revision); err != nil {
		t.Fatal(err)
	}
	want("compacted", other(func(m *memory) { m.key = "/a/3" }), false)
}
