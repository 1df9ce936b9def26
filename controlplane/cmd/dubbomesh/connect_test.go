package main

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestRefusedByEtcd is told long before dialTimeout is over, with a user too, whose log-in is tried on.
func TestRefusedByEtcd(t *testing.T) {
	for _, user := range []string{"", "ann"} {
		t.Setenv("DUBBOMESH_ETCD_USERNAME", user)
		t.Setenv("DUBBOMESH_ETCD_PASSWORD", user)
		begun := time.Now()
		want(t, 1, "", "dubbomesh: cannot reach etcd at 127.0.0.1:1, http://127.0.0.1:3: dial tcp 127.0.0.1:1: connect: connection refused\ndial tcp 127.0.0.1:3: .* refused; is .*",
			"get", "--etcd", "127.0.0.1:1,http://127.0.0.1:3", "--etcd-dial-timeout", "90s")
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("it took %v", took)
		}
	}
}

// TestSlowEtcd is waited for as long as dialTimeout says, though another endpoint refuses.
func TestSlowEtcd(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	begun := time.Now()
	want(t, 1, "", "dubbomesh: cannot reach etcd at .*", "get", "--etcd", silent.Addr().String()+",127.0.0.1:1", "--etcd-dial-timeout", "2s")
	if took := time.Since(begun); took < 2*time.Second {
		t.Errorf("it gave up after %v", took)
	}
	etcd := startEtcd(t)
	want(t, 0, "", "there are no policies.*", "get", "--etcd", strings.Join([]string{"127.0.0.1:1", etcd}, ","))
}
