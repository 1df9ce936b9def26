package registry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

func exclusive(weight uint32) RegistrationConfig {
	c := hello()
	c.Exclusive, c.Instance.Weight = true, weight
	return c
}

func TestExclusiveRegistrationIsRefusedWhileAnotherLives(t *testing.T) {
	c := startEtcd(t).dial()
	first := register(t, c, exclusive(1))
	second, err := Register(t.Context(), c, exclusive(2), nil)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-second.Failed():
		if !strings.Contains(err.Error(), "another process keeps "+first.Key()) {
			t.Error(err)
		}
	case <-second.Registered():
		t.Error("the second registered over the first")
	case <-time.After(patience):
		t.Fatal("neither refused nor registered")
	}
	if err := second.Close(t.Context()); err != nil {
		t.Error(err)
	}
	now, err := c.Get(t.Context(), first.Key())
	if err != nil || len(now.Kvs) != 1 || now.Kvs[0].Version != 1 {
		t.Errorf("the first was touched: %v, %v", now, err)
	}
}

// A process that was killed does not keep the next one out for longer than its lease.
func TestExclusiveRegistrationFollowsADeadOne(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	dying, die := context.WithCancel(t.Context())
	dead, err := Register(dying, c, exclusive(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-dead.Registered()
	die()
	register(t, c, exclusive(2))
	eventually(t, r, "the second", has("hello", "10.0.0.1:20880=2"))
}

func TestRegistrationComesBackWhenTheKeyVanishes(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	first := register(t, c, exclusive(1))
	second := hello()
	second.Instance.Weight = 2
	over := register(t, c, second)
	eventually(t, r, "the second has taken over", has("hello", "10.0.0.1:20880=2"))
	if err := over.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "the first is back", has("hello", "10.0.0.1:20880=1"))
	if _, err := c.Delete(t.Context(), first.Key()); err != nil {
		t.Fatal(err)
	}
	for events := c.Watch(t.Context(), first.Key(), clientv3.WithRev(1)); ; {
		answer := <-events
		if n := len(answer.Events); n > 0 && answer.Events[n-1].IsCreate() && answer.Events[n-1].Kv.ModRevision > 4 {
			break // deleted, and put back
		}
	}
	if err := Deregister(t.Context(), c, "", "hello", hello().Instance.HostPort()); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "gone on purpose", has("hello"))
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now, err := c.Get(t.Context(), first.Key()); err != nil || len(now.Kvs) > 0 {
		t.Errorf("it came back: %v, %v", now, err)
	}
}

// serving serves connections until the test ends.
func serving(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

func TestWaitDubbo(t *testing.T) {
	provider := serving(t, func(conn net.Conn) {
		head := make([]byte, dubbo.HeaderSize+1)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		if h, err := dubbo.ParseHeader(head); err == nil {
			_, _ = conn.Write(dubbo.AppendHeartbeatAnswer(nil, h))
		}
	})
	if err := WaitDubbo(provider)(t.Context()); err != nil {
		t.Error(err)
	}
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	err := WaitDubbo(web.Listener.Addr().String())(t.Context())
	if refusal, ok := errors.AsType[Refusal](err); !ok || !strings.Contains(refusal.Reason, "speaks HTTP, not Dubbo") {
		t.Errorf("HTTP: %v", err)
	}
	for what, x := range map[string]struct {
		serve func(net.Conn)
		want  string
	}{
		"closes":  {func(net.Conn) {}, "does not answer a Dubbo heartbeat"},
		"silent":  {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, "does not answer a Dubbo heartbeat"},
		"another": {func(conn net.Conn) { _, _ = conn.Write([]byte("220 mail\r\n")); _, _ = io.Copy(io.Discard, conn) }, `"220 mail\r\n": it does not speak Dubbo 2`},
	} {
		if err := WaitDubbo(serving(t, x.serve))(t.Context()); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", what, err, x.want)
		}
	}
}

// A registration that somebody deregistered stays so when another process has the key for a while, and when it is that one
// whom somebody deregisters.
func TestDeregisteredIsForGoodWhoeverHasTheKeyMeanwhile(t *testing.T) {
	for name, deregisterFirst := range map[string]bool{"the first": true, "the second": false} {
		t.Run(name, func(t *testing.T) {
			c := startEtcd(t).dial()
			told := &heard{lines: make(chan string, 100)}
			one := hello()
			one.TTL = time.Minute
			first, err := Register(t.Context(), c, one, slog.New(slog.NewTextHandler(told, nil)))
			if err != nil {
				t.Fatal(err)
			}
			<-first.Registered()
			deregister := func() {
				if err := Deregister(t.Context(), c, "", "hello", hello().Instance.HostPort()); err != nil {
					t.Fatal(err)
				}
			}
			if deregisterFirst {
				deregister()
				told.until(t, "somebody deregistered the instance")
			}
			second := register(t, c, one)
			told.until(t, "another process has registered the same key")
			if !deregisterFirst {
				deregister()
				told.until(t, "somebody deregistered the instance")
			}
			if err := second.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			third := register(t, c, one) // whom the first sees once it has seen all before
			told.until(t, "this registration stays deregistered")
			history := c.Watch(t.Context(), first.Key(), clientv3.WithRev(1))
			by := map[int64]bool{} // leases: false when it registered twice
			for _, ev := range (<-history).Events {
				if ev.IsCreate() {
					by[ev.Kv.Lease] = !by[ev.Kv.Lease]
				}
			}
			if !by[int64(first.lease)] || !by[int64(third.lease)] {
				t.Errorf("registered by %v", by)
			}
		})
	}
}

// heard is what a log says.
type heard struct{ lines chan string }

func (h *heard) Write(line []byte) (int, error) {
	h.lines <- string(line)
	return len(line), nil
}

// until waits for a line that contains something.
func (h *heard) until(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line := <-h.lines:
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			t.Fatalf("never said: %s", text)
		}
	}
}
