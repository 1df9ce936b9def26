package plane

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/prometheus/client_golang/prometheus"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// standIn is a proxy that asks for listeners and answers what it is told to.
type standIn struct {
	t      *testing.T
	stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
}

func (p standIn) send(req *discoveryv3.DeltaDiscoveryRequest) {
	p.t.Helper()
	req.TypeUrl = resource.ListenerType
	if err := p.stream.Send(req); err != nil {
		p.t.Fatal(err)
	}
}

// answer takes the next response and acknowledges it, or refuses it with a text.
func (p standIn) answer(text string) {
	p.t.Helper()
	resp, err := p.stream.Recv()
	if err != nil {
		p.t.Fatal(err)
	}
	req := &discoveryv3.DeltaDiscoveryRequest{ResponseNonce: resp.GetNonce()}
	if text != "" {
		req.ErrorDetail = &spb.Status{Message: text}
	}
	p.send(req)
}

// delivering runs a delivery with proxies connected to it.
func delivering(t *testing.T, ids ...string) (*xds.Server, []standIn) {
	t.Helper()
	server := xds.New(slog.New(slog.NewTextHandler(io.Discard, nil)), prometheus.NewRegistry())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(t.Context(), l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		if err := <-ended; err != nil { // the test's context has ended
			t.Error(err)
		}
	})
	var proxies []standIn
	for _, id := range ids {
		stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p := standIn{t, stream}
		p.send(&discoveryv3.DeltaDiscoveryRequest{Node: &corev3.Node{Id: id}})
		proxies = append(proxies, p)
	}
	return server, proxies
}

func listeners(stat string) translate.Resources {
	return translate.Resources{Listeners: map[string]*listenerv3.Listener{"l": {Name: "l", StatPrefix: stat}}}
}

// awaitRefusal waits until the delivery knows of a refusal that is as wanted.
func awaitRefusal(t *testing.T, server *xds.Server, what string, met func([]xds.Refusal) bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !met(server.Refusals()); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: %+v", what, server.Refusals())
		}
	}
}

// TestOthersAnswersAreWaitedFor has a proxy refuse what another one has not answered to: nobody is judged before that one has,
// or before the time for it is over, which newer refusals do not prolong.
func TestOthersAnswersAreWaitedFor(t *testing.T) {
	server, proxies := delivering(t, "a", "b")
	a, b := proxies[0], proxies[1]
	f := &feed{delta: server, incidents: map[string]*incident{}}
	server.Publish(listeners("1"))
	a.answer("")
	b.answer("")
	one := func(open, shared bool) func([]xds.Refusal) bool {
		return func(list []xds.Refusal) bool {
			return len(list) == 1 && list[0].Open == open && list[0].Shared == shared
		}
	}
	now := time.Now()
	server.Publish(listeners("2"))
	a.answer("no")
	awaitRefusal(t, server, "b has not answered", one(true, false))
	if again := f.judgeRefusals(now); !again.Equal(now.Add(xds.Patience)) || len(f.incidents) != 0 {
		t.Errorf("judged before b has answered, looked at again %v", again.Sub(now))
	}
	b.answer("")
	awaitRefusal(t, server, "b has taken it", one(false, true))
	if again := f.judgeRefusals(now.Add(xds.Patience)); !again.IsZero() || len(f.incidents) != 0 || len(f.waits) != 0 {
		t.Errorf("judged though b takes it: %+v %+v", f.incidents, f.waits)
	}

	server.Publish(listeners("3"))
	a.answer("no")
	awaitRefusal(t, server, "b has not answered to the next", one(true, false))
	f.judgeRefusals(now)
	server.Publish(listeners("4"))
	a.answer("no")
	awaitRefusal(t, server, "b has not answered to what came then", func(list []xds.Refusal) bool { return one(true, false)(list) && list[0].Since == 4 })
	if again := f.judgeRefusals(now.Add(xds.Patience - 1)); !again.Equal(now.Add(xds.Patience)) || len(f.incidents) != 0 {
		t.Errorf("judged before the time is over, looked at again %v", again.Sub(now))
	}
	if again := f.judgeRefusals(now.Add(xds.Patience)); !again.IsZero() || len(f.incidents) != 1 {
		t.Errorf("not judged when the time is over, looked at again %v", again)
	}

	// b skips the third and takes the fourth, which a refuses as well.
	b.answer("")
	b.answer("")
	awaitRefusal(t, server, "b has taken the fourth", one(false, true))
	if f.judgeRefusals(now.Add(2 * xds.Patience)); len(f.incidents) != 0 {
		t.Errorf("still judged: %+v", f.incidents)
	}
}

// TestANewerVersionOthersTook has a proxy that skips a version which another one refuses, and takes the next: what that one
// says to the next decides.
func TestANewerVersionOthersTook(t *testing.T) {
	server, proxies := delivering(t, "a", "b")
	a, b := proxies[0], proxies[1]
	server.Publish(listeners("1")) // b has it in hand when the others come
	a.answer("")
	server.Publish(listeners("2"))
	a.answer("no")
	awaitRefusal(t, server, "a refuses the second", func(list []xds.Refusal) bool { return len(list) == 1 && list[0].Open })
	server.Publish(listeners("3"))
	b.answer("")
	b.answer("")
	awaitRefusal(t, server, "b has the third, and a is to answer to it", func(list []xds.Refusal) bool {
		reached := server.Reached(3)
		return !reached[1].At.IsZero() && len(list) == 1 && list[0].Since == 2 && list[0].Open && !list[0].Shared
	})
	a.answer("no")
	awaitRefusal(t, server, "b takes what a refuses", func(list []xds.Refusal) bool { return len(list) == 1 && list[0].Since == 3 && list[0].Shared })
}
