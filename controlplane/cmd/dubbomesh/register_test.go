package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRegisterRefusesAnotherProtocolThanItsPeers(t *testing.T) {
	r := newRig(t)
	end := r.register(t, "demo-http", "--address", "127.0.0.1:8091", "--protocol", "http")
	defer end()
	want(t, 1, "", "dubbomesh: the other instances of demo-http speak http, and this one would be registered as dubbo: write --protocol http, or --protocol dubbo if it is meant; nothing was registered\n",
		"register", "demo-http", "--address", "127.0.0.1:8123", "--etcd", r.etcd, "--api", r.api)
	want(t, 1, "", "dubbomesh: the other instances of demo-http speak http, .*", // from etcd alone
		"register", "demo-http", "--address", "127.0.0.1:8123", "--etcd", r.etcd, "--api", "127.0.0.1:1")
	meant := r.register(t, "demo-http", "--address", "127.0.0.1:8123", "--protocol", "dubbo")
	waitFor(t, "the mixture is told", func() bool {
		_, out, _ := command(t, "problems", "--api", r.api)
		return strings.Contains(out, "instances of demo-http speak dubbo (127.0.0.1:8123) and http (127.0.0.1:8091)")
	})
	meant()
}

func TestRegisterSaysThatHTTPIsNotDubbo(t *testing.T) {
	r := newRig(t)
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	at := web.Listener.Addr().String()
	want(t, 1, "", "(?s)waiting until "+at+" answers a Dubbo heartbeat\n.*dubbomesh: "+at+" speaks HTTP, not Dubbo; write --protocol http; nothing was registered\n",
		"register", "web", "--address", at, "--wait-healthy", "--etcd", r.etcd, "--api", r.api)
}

func TestRegisterOfAKeyThatAnotherKeeps(t *testing.T) {
	r := newRig(t)
	const at = "10.0.0.1:20880"
	first := r.register(t, "hello", "--address", at, "--weight", "1", "--ttl", "2s")
	want(t, 1, "", ".*dubbomesh: another process keeps /dubbomesh/services/hello/"+at+" registered; end that one, choose another --name, or take it over with --takeover\n",
		"register", "hello", "--address", at, "--etcd", r.etcd, "--api", r.api)
	second := r.register(t, "hello", "--address", at, "--weight", "2", "--takeover")
	r.until(t, "hello", "it is taken over", weighs(2))
	second()
	r.until(t, "hello", "the first is back", weighs(1))
	first()
	r.until(t, "hello", "both are gone", gone)
}

func TestRegisterThatNeverCameAboutDeregistersNothing(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	root := newRoot()
	root.SetArgs([]string{"register", "orders", "--address", at, "--protocol", "http", "--wait-healthy", "--etcd", r.etcd, "--api", r.api})
	var out strings.Builder
	root.SetOut(&out)
	root.SetErr(writer)
	code := make(chan int, 1)
	go func() { code <- run(ctx, root) }()
	line := make([]byte, 8)
	if _, err := io.ReadFull(reader, line); err != nil || string(line) != "waiting " {
		t.Fatalf("%q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	cancel()
	if c := <-code; c != 0 || out.String() != "nothing was registered\n" {
		t.Errorf("%d %q", c, out.String())
	}
}
