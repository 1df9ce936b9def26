package xds

import (
	"context"
	"log/slog"
	"sync"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/delta/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/sotw/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Server is the aggregated discovery service. It answers nothing before the first Publish, so that a control plane that
// has just started takes nothing away from proxies that run. All methods may be called at any time by anyone.
type Server struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	log      *slog.Logger
	metrics  *metrics
	patience time.Duration
	linger   time.Duration
	ctx      context.Context // of all streams
	stop     context.CancelFunc

	publishing sync.Mutex // one publication after the other
	mu         sync.Mutex
	current    *snapshot
	proxies    map[*proxy]struct{}
	answered   chan struct{}
}

// Linger is how long a proxy keeps a cluster that nothing names any more, unless a server is told otherwise.
const Linger = 30 * time.Second

// SetLinger has removed clusters stay for another time. It is called before the server serves.
func (s *Server) SetLinger(d time.Duration) { s.linger = d }

// New returns a server that logs to log and counts in reg.
func New(log *slog.Logger, reg prometheus.Registerer) *Server {
	ctx, stop := context.WithCancel(context.Background())
	return &Server{
		log: log, metrics: newMetrics(reg), patience: Patience, linger: Linger, ctx: ctx, stop: stop,
		proxies: map[*proxy]struct{}{}, answered: make(chan struct{}, 1),
	}
}

// Register adds the service to a gRPC server; ServerOptions are the options that server should have.
func (s *Server) Register(g *grpc.Server) { discoveryv3.RegisterAggregatedDiscoveryServiceServer(g, s) }

// Publish makes r what every proxy is to have, and returns when what may go at once is on its way. It takes no
// ownership of the messages; nobody may change them any more.
func (s *Server) Publish(r translate.Resources) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	s.mu.Lock()
	prev := s.current
	s.mu.Unlock()
	next, errs := newSnapshot(prev, r)
	for _, err := range errs {
		s.log.Error("resource cannot be published; the others are", "error", err)
	}
	s.mu.Lock()
	s.current = next
	list := make([]*proxy, 0, len(s.proxies))
	for p := range s.proxies {
		list = append(list, p)
	}
	s.mu.Unlock()
	for _, p := range list {
		p.publish(next)
	}
}

// DeltaAggregatedResources serves one proxy incrementally, as long as it is connected.
func (s *Server) DeltaAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	p := s.join()
	defer s.leave(p)
	return delta.NewServer(s.ctx, p, p).DeltaStreamHandler(stream, resource.AnyType)
}

// StreamAggregatedResources serves one proxy with state of the world.
func (s *Server) StreamAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	p := s.join()
	defer s.leave(p)
	return sotw.NewServer(s.ctx, p, p, sotw.WithOrderedADS()).StreamHandler(stream, resource.AnyType)
}

func (s *Server) join() *proxy {
	p := &proxy{log: s.log, metrics: s.metrics, patience: s.patience, now: time.Now, told: s.tell}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.gates.target, p.gates.linger = s.current, s.linger
	s.proxies[p] = struct{}{}
	s.metrics.connected.Inc()
	return p
}

func (s *Server) leave(p *proxy) {
	p.close()
	s.mu.Lock()
	delete(s.proxies, p)
	s.mu.Unlock()
	s.metrics.connected.Dec()
	p.log.Info("proxy disconnected")
	s.tell()
}

// tell signals Answered.
func (s *Server) tell() {
	select {
	case s.answered <- struct{}{}:
	default:
	}
}
