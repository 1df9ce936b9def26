package registry

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// cable is a TCP connection that can be cut: a proxy in front of etcd.
type cable struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	cut      bool
	frozen   sync.RWMutex // held while nothing is carried, with every connection left open
	open     map[net.Conn]struct{}
}

// newCable lays a cable to an address.
func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: l, to: to, open: map[net.Conn]struct{}{}}
	go c.accept()
	t.Cleanup(func() {
		_ = l.Close()
		c.set(true)
	})
	return c
}

// accept carries connections, and closes them at once while the cable is cut.
func (c *cable) accept() {
	for {
		in, err := c.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", c.to)
		if err != nil || !c.keep(in, out) {
			_ = in.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			go func() {
				_, _ = io.Copy(pair[0], thawed{pair[1], &c.frozen})
				_ = pair[0].Close()
			}()
		}
	}
}

// thawed passes on what it reads when nothing is frozen.
type thawed struct {
	io.Reader
	frozen *sync.RWMutex
}

func (r thawed) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.frozen.RLock()
	defer r.frozen.RUnlock()
	return n, err
}

// keep remembers connections; false when the cable is cut.
func (c *cable) keep(conns ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		if c.cut {
			_ = conn.Close()
			continue
		}
		c.open[conn] = struct{}{}
	}
	return !c.cut
}

// set cuts or mends the cable.
func (c *cable) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if cut {
		for conn := range c.open {
			_ = conn.Close()
			delete(c.open, conn)
		}
	}
}

// TestCatchesUpAfterAnOutage changes keys while the registry cannot see them, and compacts what it would need to follow.
func TestCatchesUpAfterAnOutage(t *testing.T) {
	e := startEtcd(t)
	direct := e.dial()
	line := newCable(t, e.client.Host)
	far, err := clientv3.New(clientv3.Config{Endpoints: []string{line.listener.Addr().String()}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	for n := 1; n <= 3; n++ {
		put(t, direct, key(n), instance(n))
	}
	r := run(t, loose, far)
	eventually(t, r, "three", has("hello", at(1), at(2), at(3)))
	line.set(true)
	eventuallyPolled(t, r, "the outage noted", func(s State) bool { return s.Sources[0].Error != "" })
	remove(t, direct, key(1))
	put(t, direct, key(4), instance(4))
	put(t, direct, key(3), `{"address":"10.0.0.3","port":20880,"weight":9}`)
	got, err := direct.Get(t.Context(), key(4))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := direct.Compact(t.Context(), got.Header.Revision); err != nil {
		t.Fatal(err)
	}
	if s := r.State(); !has("hello", at(1), at(2), at(3))(s) {
		t.Fatalf("endpoints changed during the outage: %v", addresses(s, "hello"))
	}
	line.set(false)
	eventually(t, r, "all changes at once", func(s State) bool {
		now := addresses(s, "hello")
		if !slices.Contains(now, at(2)) {
			t.Fatalf("an endpoint was withdrawn: %v", now)
		}
		return has("hello", at(2), "10.0.0.3:20880=9", at(4))(s)
	})
	put(t, direct, key(5), instance(5))
	eventually(t, r, "the watch goes on", has("hello", at(2), "10.0.0.3:20880=9", at(4), at(5)))
}

// TestNoticesSilence freezes the connection without closing it, changes a key and thaws it.
func TestNoticesSilence(t *testing.T) {
	e := startEtcd(t)
	direct := e.dial()
	line := newCable(t, e.client.Host)
	far, err := clientv3.New(clientv3.Config{Endpoints: []string{line.listener.Addr().String()}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	put(t, direct, key(1), instance(1))
	r := run(t, loose, far, func(s *etcdSource) { s.Probe, s.Timeout = 10*time.Millisecond, 100*time.Millisecond })
	eventually(t, r, "one", has("hello", at(1)))
	line.frozen.Lock()
	eventuallyPolled(t, r, "the silence noted", func(s State) bool { return s.Sources[0].Error != "" })
	remove(t, direct, key(1))
	put(t, direct, key(2), instance(2))
	if s := r.State(); !has("hello", at(1))(s) {
		t.Errorf("endpoints changed while etcd was silent: %v", addresses(s, "hello"))
	}
	line.frozen.Unlock()
	eventually(t, r, "the change", has("hello", at(2)))
}

// startCluster starts three members of one cluster, for a test that runs beside others.
func startCluster(t *testing.T) []*testEtcd {
	t.Helper()
	t.Parallel()
	members := make([]*testEtcd, 3)
	cluster := ""
	for i := range members {
		members[i] = &testEtcd{t: t, name: fmt.Sprintf("m%d", i), client: freeURL(t), peer: freeURL(t), dir: t.TempDir()}
		cluster += fmt.Sprintf(",m%d=%s", i, members[i].peer.String())
	}
	var starting sync.WaitGroup
	for _, m := range members {
		m.cluster = cluster[1:]
		starting.Go(m.start)
		t.Cleanup(m.stop)
	}
	starting.Wait()
	return members
}

// TestSurvivesLossOfLeader stops the leader of three, then a second member, so that there is none, and starts one again.
func TestSurvivesLossOfLeader(t *testing.T) {
	members := startCluster(t)
	var endpoints []string
	for _, m := range members {
		endpoints = append(endpoints, m.client.Host)
	}
	c, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	put(t, c, key(1), instance(1))
	r := run(t, loose, c)
	always := func(s State) {
		if s.Synced && !slices.Contains(addresses(s, "hello"), at(1)) {
			t.Fatalf("an endpoint was withdrawn: %v", addresses(s, "hello"))
		}
	}
	eventually(t, r, "one", has("hello", at(1)))
	leader := slices.IndexFunc(members, func(m *testEtcd) bool { return m.server.Server.Leader() == m.server.Server.MemberID() })
	members[leader].stop()
	putUntil(t, c, key(2), instance(2))
	eventually(t, r, "a change under the new leader", func(s State) bool { always(s); return has("hello", at(1), at(2))(s) })
	members[(leader+1)%3].stop()
	eventuallyPolled(t, r, "the loss noted", func(s State) bool { always(s); return s.Sources[0].Error != "" })
	members[leader].start()
	putUntil(t, c, key(3), instance(3))
	eventually(t, r, "a change with a leader again", func(s State) bool { always(s); return has("hello", at(1), at(2), at(3))(s) })
}

// putUntil writes a key as soon as the cluster lets it.
func putUntil(t *testing.T, c *clientv3.Client, key, value string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := c.Put(ctx, key, value)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("put %s: %v", key, err)
		}
	}
}
