package etcdembed

import (
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), Options{Dir: dir, Listen: "127.0.0.1:0", NoSync: true, LogTo: filepath.Join(dir, "etcd.log")}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func client(t *testing.T, s *Server) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.Endpoint()}, DialTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestDataSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)
	if _, err := client(t, first).Put(t.Context(), "/a", "1"); err != nil {
		t.Fatal(err)
	}
	first.Stop()
	second := start(t, dir)
	defer second.Stop()
	got, err := client(t, second).Get(t.Context(), "/a")
	if err != nil || len(got.Kvs) != 1 || string(got.Kvs[0].Value) != "1" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStopFreesThePort(t *testing.T) {
	s := start(t, t.TempDir())
	s.Stop()
	l, err := net.Listen("tcp", s.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

func TestBusyPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, err = Start(t.Context(), Options{Dir: t.TempDir(), Listen: l.Addr().String()}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

func TestSecondServerOnTheSameDataIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	defer s.Stop()
	_, err := Start(t.Context(), Options{Dir: dir, Listen: "127.0.0.1:0"}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
}
