package xds

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// stopTimeout bounds how long a server that stops waits for streams that do not end.
const stopTimeout = 5 * time.Second

// ServerOptions are what a gRPC server for proxies needs: a proxy that vanished without a word is noticed within half
// a minute, and Envoy may ask as often whether the server is there.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.MaxConcurrentStreams(1000), // of one connection: a proxy uses one, a relay one for each proxy behind it
		grpc.MaxRecvMsgSize(64 << 20),   // a proxy that comes back names every resource it has
	}
}

// Serve answers proxies on l until ctx ends, and then closes their streams. They keep what they have and come back.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	g := grpc.NewServer(ServerOptions()...)
	s.Register(g)
	failed := make(chan error, 1)
	go func() { failed <- g.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve proxies on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.Close()
	hurry := time.AfterFunc(stopTimeout, g.Stop)
	defer hurry.Stop()
	g.GracefulStop()
	if err := <-failed; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve proxies on %s: %w", l.Addr(), err)
	}
	return nil
}

// Close ends every stream, now and later, so that a gRPC server can stop gracefully.
func (s *Server) Close() { s.stop() }
