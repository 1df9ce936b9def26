package xds_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

const (
	cds = resource.ClusterType
	eds = resource.EndpointType
	lds = resource.ListenerType
	rds = resource.RouteType
)

// world says in short what is published: "cluster=content/endpoints" for each cluster, and the content of the routes.
func world(routes string, clusters ...string) translate.Resources {
	r := translate.Resources{
		Clusters:  map[string]*clusterv3.Cluster{},
		Endpoints: map[string]*endpointv3.ClusterLoadAssignment{},
		Listeners: map[string]*listenerv3.Listener{"l": {Name: "l"}},
		Routes:    map[string]*routev3.RouteConfiguration{"r": {Name: "r", VirtualHosts: []*routev3.VirtualHost{{Name: routes}}}},
	}
	for _, c := range clusters {
		name, rest, _ := strings.Cut(c, "=")
		content, load, _ := strings.Cut(rest, "/")
		r.Clusters[name] = &clusterv3.Cluster{Name: name, AltStatName: content}
		r.Endpoints[name] = &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{Locality: &corev3.Locality{Zone: load}}}}
	}
	return r
}

type rig struct {
	t        *testing.T
	server   *xds.Server
	registry *prometheus.Registry
	log      *syncBuffer
	conn     *grpc.ClientConn
	stop     func() error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, registry: prometheus.NewRegistry(), log: &syncBuffer{}}
	r.server = xds.New(slog.New(slog.NewTextHandler(r.log, nil)), r.registry)
	r.server.SetLinger(0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.server.Serve(ctx, l) }()
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	if r.conn, err = grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.conn.Close() // nothing is lost
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// client is a proxy that does nothing by itself.
type client struct {
	t      *testing.T
	stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	node   *corev3.Node
}

func (r *rig) connect(id string) *client {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r.t.Cleanup(cancel)
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(r.conn).DeltaAggregatedResources(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return &client{t: r.t, stream: stream, node: &corev3.Node{Id: id}}
}

func (c *client) send(req *discoveryv3.DeltaDiscoveryRequest) {
	c.t.Helper()
	req.Node, c.node = c.node, nil // only the first request says it, as Envoy does
	if err := c.stream.Send(req); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) subscribe(url string, names ...string) {
	c.t.Helper()
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: url, ResourceNamesSubscribe: names})
}

func (c *client) ack(resp *discoveryv3.DeltaDiscoveryResponse) {
	c.t.Helper()
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: resp.GetTypeUrl(), ResponseNonce: resp.GetNonce()})
}

func (c *client) nack(resp *discoveryv3.DeltaDiscoveryResponse, text string) {
	c.t.Helper()
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: resp.GetTypeUrl(), ResponseNonce: resp.GetNonce(), ErrorDetail: &spb.Status{Message: text}})
}

// expect takes the next response and checks what is in it: names of resources, and names with a "-" of removed ones.
// That something is not sent is seen by what comes next: the server decides in the order of events.
func (c *client) expect(url string, want ...string) *discoveryv3.DeltaDiscoveryResponse {
	c.t.Helper()
	resp, err := c.stream.Recv()
	if err != nil {
		c.t.Fatalf("expecting %s %v: %v", url, want, err)
	}
	var got []string
	for _, r := range resp.GetResources() {
		got = append(got, r.GetName())
	}
	for _, name := range resp.GetRemovedResources() {
		got = append(got, "-"+name)
	}
	if diff := cmp.Diff(append([]string{short(url)}, want...), append([]string{short(resp.GetTypeUrl())}, got...)); diff != "" {
		c.t.Fatalf("response (-want +got)\n%s", diff)
	}
	return resp
}

func short(url string) string { return url[strings.LastIndex(url, ".")+1:] }

// settle subscribes as Envoy does and accepts everything.
func (c *client) settle(clusters ...string) {
	c.t.Helper()
	slices.Sort(clusters)
	c.subscribe(cds)
	c.ack(c.expect(cds, clusters...))
	c.subscribe(eds, clusters...)
	c.ack(c.expect(eds, clusters...))
	c.subscribe(lds)
	c.ack(c.expect(lds, "l"))
	c.subscribe(rds, "r")
	c.ack(c.expect(rds, "r"))
}

// await waits until the server's view of the one proxy is as ok wants it.
func (r *rig) await(what string, ok func(xds.Proxy) bool) xds.Proxy {
	r.t.Helper()
	var last []xds.Proxy
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		if last = r.server.Proxies(); len(last) == 1 && ok(last[0]) {
			return last[0]
		}
		select {
		case <-tick.C:
		case <-late:
			r.t.Fatalf("the proxy is not %s: %+v", what, last)
		}
	}
}

// counter is the value of a metric of the form name{type="…"}.
func (r *rig) counter(name, typ string) float64 {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (typ == "" || m.GetLabel()[0].GetValue() == typ) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	r.t.Fatal(fmt.Errorf("no metric %s of type %s: %w", name, typ, io.EOF))
	return 0
}
