// Package etcdembed runs an etcd server of one member inside the process, for a laptop and for tests. It speaks the
// ordinary client protocol, so that etcdctl and other control planes can use it; it is no cluster and does not become
// one.
package etcdembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Options say how to run the server.
type Options struct {
	Dir    string // data, created when missing; a second server on it is refused
	Listen string // host:port for clients; port 0 takes a free one
	LogTo  string // file that etcd's own log is appended to; "" drops it
	NoSync bool   // do not wait for the disk: for data that nobody wants back
}

// Server is a running etcd. Its methods may be called by any goroutine.
type Server struct {
	etcd     *embed.Etcd
	log      *zap.Logger
	lock     *fileutil.LockedFile
	endpoint string
}

// Start runs a server and returns when it answers. The caller stops it. A context that ends first stops the start.
func Start(ctx context.Context, o Options, log *slog.Logger) (*Server, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("etcd data directory: %w", err)
	}
	logger, err := newLogger(o.LogTo)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	config := embed.NewConfig()
	config.Name = "dubbomesh"
	config.Dir = o.Dir
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger)
	config.UnsafeNoFsync = o.NoSync
	client := url.URL{Scheme: "http", Host: o.Listen}
	config.ListenClientUrls = []url.URL{client}
	config.AdvertiseClientUrls = []url.URL{client}
	// A member alone talks to no peer, but etcd wants a peer address: a free port of the loopback.
	peer := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config.ListenPeerUrls = []url.URL{peer}
	config.AdvertisePeerUrls = []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start etcd in %s on %s: %w", o.Dir, o.Listen, err), lock.Close())
	}
	s := &Server{etcd: etcd, log: logger, lock: lock, endpoint: address(etcd, o.Listen)}
	select {
	case <-etcd.Server.ReadyNotify():
		log.Debug("etcd answers", "endpoint", s.endpoint, "dir", o.Dir)
		return s, nil
	case err := <-etcd.Err():
		s.Stop()
		return nil, fmt.Errorf("start etcd in %s: %w", o.Dir, err)
	case <-ctx.Done():
		s.Stop()
		return nil, fmt.Errorf("start etcd in %s: %w", o.Dir, ctx.Err())
	}
}

// address is where clients reach the server, with the port that was really taken.
func address(etcd *embed.Etcd, asked string) string {
	for _, l := range etcd.Clients {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			return tcp.String()
		}
	}
	return asked
}

// Endpoint is the host:port for clients.
func (s *Server) Endpoint() string { return s.endpoint }

// Failed delivers the error that ended the server, if it ends by itself.
func (s *Server) Failed() <-chan error { return s.etcd.Err() }

// Stop ends the server and returns when its data is on disk and its port is free. It may be called once.
func (s *Server) Stop() {
	s.etcd.Close()
	_ = s.lock.Close()
	_ = s.log.Sync()
}

// newLogger keeps etcd's log out of the terminal.
func newLogger(file string) (*zap.Logger, error) {
	if file == "" {
		return zap.NewNop(), nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("etcd log: %w", err)
	}
	sink, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("etcd log: %w", err)
	}
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, sink, zapcore.InfoLevel), zap.ErrorOutput(sink)), nil
}

// lockDir makes a second server on the directory fail at once; etcd itself would wait for the first one to end.
func lockDir(dir string) (*fileutil.LockedFile, error) {
	lock, err := fileutil.TryLockFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_WRONLY, 0o600)
	if errors.Is(err, fileutil.ErrLocked) {
		return nil, fmt.Errorf("etcd data directory %s is in use by another process: stop that one, or choose another directory", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("etcd data directory: %w", err)
	}
	return lock, nil
}
