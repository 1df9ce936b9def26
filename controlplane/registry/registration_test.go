package registry

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// hello is a registration of instance 1 as has("hello", at(1)) sees it.
func hello() RegistrationConfig {
	return RegistrationConfig{
		Service:  "hello",
		Instance: model.Instance{Address: "10.0.0.1", Port: 20880, Weight: model.DefaultWeight},
		TTL:      2 * time.Second,
	}
}

// register registers and waits until that is done.
func register(t *testing.T, c *clientv3.Client, cfg RegistrationConfig) *Registration {
	t.Helper()
	reg, err := Register(t.Context(), c, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-reg.Registered():
	case <-time.After(patience):
		t.Fatal("not registered")
	}
	return reg
}

func TestRegistrationLifecycle(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, Config{Protection: Protection{Window: time.Hour, Hold: time.Hour}}, c)
	reg := register(t, c, hello())
	eventually(t, r, "the registration", has("hello", at(1)))
	for range 2 {
		if err := reg.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, r, "an intended departure", func(s State) bool { return len(s.Protected) == 0 && has("hello")(s) })
}

// TestRegistrationKeepsEditedKey edits the key as `etcdctl put` does, which takes its lease off.
func TestRegistrationKeepsEditedKey(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	reg := register(t, c, hello())
	if _, err := c.Put(t.Context(), reg.Key(), "{address: 10.0.0.1, port: 20880, weight: 7}"); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "the edited weight", has("hello", "10.0.0.1:20880=7"))
	for events := c.Watch(t.Context(), reg.Key(), clientv3.WithRev(1)); ; {
		answer := <-events
		if n := len(answer.Events); n > 0 && answer.Events[n-1].Kv.Version == 3 && answer.Events[n-1].Kv.Lease != 0 {
			break // the registration itself, the edit, and the lease put back
		}
	}
	if err := reg.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "gone with its registration", has("hello"))
}

// TestRegistrationTakenOver closes a registration after a new process has registered the same instance.
func TestRegistrationTakenOver(t *testing.T) {
	c := startEtcd(t).dial()
	old := register(t, c, hello())
	register(t, c, hello())
	before, err := c.Get(t.Context(), old.Key())
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := c.Get(t.Context(), old.Key())
	if err != nil || len(after.Kvs) != 1 || after.Kvs[0].ModRevision != before.Kvs[0].ModRevision {
		t.Errorf("the new registration was touched: %v, %v", after, err)
	}
}

func TestRegistrationOutlivesLostLease(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	reg := register(t, c, hello())
	eventually(t, r, "the registration", has("hello", at(1)))
	kv, err := c.Get(t.Context(), reg.Key())
	if err != nil || len(kv.Kvs) != 1 {
		t.Fatalf("registration: %v, %v", kv, err)
	}
	if _, err := c.Revoke(t.Context(), clientv3.LeaseID(kv.Kvs[0].Lease)); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "gone with its lease", has("hello"))
	eventually(t, r, "registered again", has("hello", at(1)))
}

func TestRegistrationOutlivesReplacedEtcd(t *testing.T) {
	e := startEtcd(t)
	c := e.dial()
	reg := register(t, c, hello())
	e.stop()
	e.dir = t.TempDir()
	e.start()
	r := run(t, loose, c)
	eventually(t, r, "registered again", has("hello", at(1)))
	if err := reg.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "closed", has("hello"))
}

func TestRegistrationWaitsUntilReady(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, loose, c)
	free := freeURL(t)
	cfg := hello()
	ready := make(chan struct{})
	asked := make(chan struct{}, 1)
	cfg.DelayUntil = func(ctx context.Context) error {
		asked <- struct{}{}
		select {
		case <-ready:
		case <-ctx.Done():
		}
		return WaitTCP(free.Host)(ctx)
	}
	reg, err := Register(t.Context(), c, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-asked
	put(t, c, key(2), instance(2))
	eventually(t, r, "only the other one", has("hello", at(2)))
	l, err := net.Listen("tcp", free.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	close(ready)
	eventually(t, r, "both", has("hello", at(1), at(2)))
	if err := reg.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRegisterRefusesWhatCouldNotBeRead(t *testing.T) {
	for name, change := range map[string]func(*RegistrationConfig){
		"host name":     func(c *RegistrationConfig) { c.Instance.Address = "example.com" },
		"no port":       func(c *RegistrationConfig) { c.Instance.Port = 0 },
		"weight":        func(c *RegistrationConfig) { c.Instance.Weight = model.MaxWeight + 1 },
		"no service":    func(c *RegistrationConfig) { c.Service = "" },
		"short lease":   func(c *RegistrationConfig) { c.TTL = time.Millisecond },
		"protocol":      func(c *RegistrationConfig) { c.Instance.Protocol = "rest" },
		"blank in name": func(c *RegistrationConfig) { c.Name = "a b" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := hello()
			change(&cfg)
			if _, err := Register(t.Context(), nil, cfg, nil); err == nil {
				t.Fatal("registered")
			}
		})
	}
}

func TestWritesNameWhatIsMissing(t *testing.T) {
	c := startEtcd(t).dial()
	if err := Deregister(t.Context(), c, "", "hello", "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Deregister: %v", err)
	}
	if err := ResetWeight(t.Context(), c, "", "hello", "10.0.0.1:1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("ResetWeight: %v", err)
	}
	if err := SetWeight(t.Context(), c, "", "hello", "10.0.0.1:1", model.MaxWeight+1); err == nil {
		t.Error("SetWeight took a weight out of range")
	}
	if err := SetWeight(t.Context(), c, "", "hello", "example.com:1", 1); err == nil {
		t.Error("SetWeight took a host name")
	}
}
