package registry

import (
	"errors"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// TestKeptInstancesHaveOverridesAndCanBeEnded takes both from instances that are registered nowhere any more.
func TestKeptInstancesHaveOverridesAndCanBeEnded(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, Config{Protection: Protection{Window: time.Hour, Hold: time.Hour}}, c)
	for n := 1; n <= 3; n++ {
		put(t, c, key(n), instance(n))
	}
	put(t, c, WeightKey("", "hello", "10.0.0.3:20880"), "7")
	eventually(t, r, "all of them", has("hello", at(1), at(2), "10.0.0.3:20880=7"))
	remove(t, c, DefaultPrefix+"/services/", clientv3.WithPrefix())
	eventually(t, r, "protection", func(s State) bool { return len(s.Protected) == 1 && len(s.Protected[0].Held) == 3 })
	if err := SetWeight(t.Context(), c, "", "hello", "10.0.0.1:20880", 0); err != nil {
		t.Fatal(err)
	}
	s := eventually(t, r, "an override of a kept one", has("hello", "10.0.0.1:20880=0", at(2), "10.0.0.3:20880=7"))
	hello, _ := s.Snapshot.Service("hello")
	if in := hello.Instances[0]; in.Serves() || !in.Overridden || in.Registered != 100 {
		t.Errorf("%+v", in)
	}
	for _, address := range []string{"10.0.0.1:20880", "10.0.0.3:20880"} {
		if err := ResetWeight(t.Context(), c, "", "hello", address); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, r, "their own weights", has("hello", at(1), at(2), at(3)))
	if err := DeregisterKept(t.Context(), c, "", "hello", "i2", hello.Instances[1]); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "the end of one", has("hello", at(1), at(3)))
	put(t, c, key(1), instance(1))
	if err := DeregisterKept(t.Context(), c, "", "hello", "i1", hello.Instances[0]); !errors.Is(err, ErrTaken) {
		t.Errorf("over a registration: %v", err)
	}
	eventually(t, r, "the registration", func(s State) bool { return has("hello", at(1), at(3))(s) && len(s.Protected[0].Held) == 1 })
}
