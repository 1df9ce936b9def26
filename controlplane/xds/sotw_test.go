package xds_test

import (
	"context"
	"slices"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// state is a proxy that wants the state of the world.
type state struct {
	t      *testing.T
	stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesClient
}

func (r *rig) connectState() state {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r.t.Cleanup(cancel)
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(r.conn).StreamAggregatedResources(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return state{r.t, stream}
}

func (s state) send(req *discoveryv3.DiscoveryRequest) {
	s.t.Helper()
	req.Node = &corev3.Node{Id: "p"}
	if err := s.stream.Send(req); err != nil {
		s.t.Fatal(err)
	}
}

func (s state) expect(url string, want ...string) *discoveryv3.DiscoveryResponse {
	s.t.Helper()
	resp, err := s.stream.Recv()
	if err != nil {
		s.t.Fatalf("expecting %s %v: %v", url, want, err)
	}
	var got []string
	for _, r := range resp.GetResources() {
		m, err := r.UnmarshalNew()
		if err != nil {
			s.t.Fatal(err)
		}
		got = append(got, name(m))
	}
	if resp.GetTypeUrl() != url || !slices.Equal(got, want) {
		s.t.Fatalf("%s %v, want %s %v", short(resp.GetTypeUrl()), got, short(url), want)
	}
	return resp
}

func name(m proto.Message) string {
	switch m := m.(type) {
	case interface{ GetName() string }:
		return m.GetName()
	case interface{ GetClusterName() string }:
		return m.GetClusterName()
	}
	return ""
}

func (s state) ack(resp *discoveryv3.DiscoveryResponse, names ...string) {
	s.t.Helper()
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: resp.GetTypeUrl(), VersionInfo: resp.GetVersionInfo(), ResponseNonce: resp.GetNonce(), ResourceNames: names})
}

func TestStateOfTheWorld(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("to a", "a=1/1"))
	s := r.connectState()
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: cds})
	s.ack(s.expect(cds, "a"))
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: eds, ResourceNames: []string{"a"}})
	loads := s.expect(eds, "a")
	s.ack(loads, "a")
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: lds})
	s.ack(s.expect(lds, "l"))
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: rds, ResourceNames: []string{"r"}})
	s.ack(s.expect(rds, "r"), "r")

	// Make before break: both clusters, then the routes, then one cluster.
	r.server.Publish(world("to b", "b=1/1"))
	s.ack(s.expect(cds, "a", "b"))
	s.ack(loads, "a", "b")
	s.ack(s.expect(eds, "b"), "a", "b")
	s.ack(s.expect(rds, "r"), "r")
	s.ack(s.expect(cds, "b"))

	// A refused response is not sent again and again.
	r.server.Publish(world("to b", "b=1/1", "bad=1/1"))
	bad := s.expect(cds, "b", "bad")
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: cds, ResponseNonce: bad.GetNonce(), ErrorDetail: &spb.Status{Message: "bad is bad"}})
	r.await("past the NACK", func(p xds.Proxy) bool { return slices.Equal(p.Types[0].Refused, []string{"bad"}) })
	r.server.Publish(world("to b", "b=1/2", "bad=1/1"))
	s.ack(s.expect(eds, "b"), "a", "b")
	r.server.Publish(world("to b", "b=1/2", "bad=2/1"))
	s.ack(s.expect(cds, "b", "bad"))
}
