package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// BenchmarkOneChange changes the weight of one instance among 1,000 services of three, and waits until a proxy has it:
// translation, versions, delivery over gRPC and the proxy's ACK.
func BenchmarkOneChange(b *testing.B) {
	services := map[string][]model.Instance{}
	for i := range 1000 {
		for j := range 3 {
			name := fmt.Sprintf("com.example.Service%04d", i)
			services[name] = append(services[name], model.Instance{
				Address: fmt.Sprintf("10.0.%d.%d", i%250, j), Port: 20880, Protocol: model.ProtocolDubbo, Weight: 100, Status: model.StatusUp,
			})
		}
	}
	server := xds.New(slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	tr := NewTranslator(translate.DefaultOptions())
	publish := func() {
		r, _ := tr.Translate(snapshot(services))
		server.Publish(r)
	}
	publish()
	receive := subscriber(b, server, translate.ClusterName("dubbo", "com.example.Service0500", "", ""))
	receive()
	weight := uint32(100)
	b.ReportAllocs()
	for b.Loop() {
		weight++
		services["com.example.Service0500"] = append([]model.Instance(nil), services["com.example.Service0500"]...)
		services["com.example.Service0500"][1].Weight = weight
		publish()
		receive()
	}
}

// subscriber is a proxy that wants the endpoints of one cluster; what it returns waits for them and accepts them.
func subscriber(b *testing.B, server *xds.Server, name string) (receive func()) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { _ = server.Serve(ctx, l) }() // it ends with the benchmark
	b.Cleanup(cancel)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		b.Fatal(err)
	}
	send := func(req *discoveryv3.DeltaDiscoveryRequest) {
		if err := stream.Send(req); err != nil {
			b.Fatal(err)
		}
	}
	send(&discoveryv3.DeltaDiscoveryRequest{Node: &corev3.Node{Id: "p"}, TypeUrl: resource.EndpointType, ResourceNamesSubscribe: []string{name}})
	return func() {
		resp, err := stream.Recv()
		if err != nil {
			b.Fatal(err)
		}
		send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.EndpointType, ResponseNonce: resp.GetNonce()})
	}
}
