package xds

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/stream/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// deaf is a proxy that never answers, with a clock of its own.
type deaf struct {
	*proxy
	clock atomic.Int64 // nanoseconds; the proxy's own timer reads it too
	subs  [kinds]*stream.Subscription
	out   chan cache.DeltaResponse
}

func newDeaf(t *testing.T) *deaf {
	t.Helper()
	d := &deaf{out: make(chan cache.DeltaResponse, 16)}
	d.proxy = &proxy{
		log: slog.New(slog.DiscardHandler), metrics: newMetrics(prometheus.NewRegistry()), patience: Patience,
		now: func() time.Time { return time.Unix(1, d.clock.Load()) }, told: func() {},
	}
	t.Cleanup(d.close)
	return d
}

// ask subscribes at first, and later only says that the proxy is there.
func (d *deaf) ask(t *testing.T, k kind, known map[string]string, names ...string) {
	t.Helper()
	if d.subs[k] == nil {
		sub := stream.NewDeltaSubscription(names, nil, known, true)
		d.subs[k] = &sub
	}
	if _, err := d.CreateDeltaWatch(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: kindURLs[k], InitialResourceVersions: known}, d.subs[k], d.out); err != nil {
		t.Fatal(err)
	}
}

// got are the kinds of the responses since the last time.
func (d *deaf) got(t *testing.T) (all []kind) {
	t.Helper()
	for {
		select {
		case r := <-d.out:
			resp, err := r.GetDeltaDiscoveryResponse()
			if err != nil {
				t.Fatal(err)
			}
			k, _ := kindOf(resp.GetTypeUrl())
			d.sending(resp.GetTypeUrl(), "nonce") // it left
			all = append(all, k)
		default:
			return all
		}
	}
}

func (d *deaf) wants(t *testing.T, when string, want ...kind) {
	t.Helper()
	if got := d.got(t); !slices.Equal(got, want) {
		t.Fatalf("%s: got %v, want %v", when, got, want)
	}
}

func content(t *testing.T, version string, clusters ...string) *snapshot {
	t.Helper()
	r := translate.Resources{
		Clusters: map[string]*clusterv3.Cluster{},
		Routes:   map[string]*routev3.RouteConfiguration{"r": {Name: "r", VirtualHosts: []*routev3.VirtualHost{{Name: version}}}},
	}
	for _, c := range clusters {
		r.Clusters[c] = &clusterv3.Cluster{Name: c}
	}
	s, errs := newSnapshot(nil, r)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return s
}

func TestNoWaitIsLongerThanPatience(t *testing.T) {
	d := newDeaf(t)
	d.publish(content(t, "1", "a"))
	d.ask(t, clusters, nil)
	d.ask(t, routes, nil, "r")
	d.wants(t, "at first", clusters, routes)
	// The proxy asks on, but it does not answer.
	d.ask(t, clusters, nil)
	d.ask(t, routes, nil)
	d.publish(content(t, "2", "b"))
	d.wants(t, "new cluster", clusters)
	d.clock.Add(int64(Patience) - 1)
	d.tick()
	d.wants(t, "within patience")
	d.clock.Add(1)
	d.tick()
	d.wants(t, "after patience", routes)
}

func TestARemovalDoesNotWaitForEver(t *testing.T) {
	d := newDeaf(t)
	d.publish(content(t, "1", "a"))
	d.ask(t, clusters, map[string]string{"gone": "1"})
	d.wants(t, "what is new", clusters) // nothing is removed: which routes the proxy has is not known
	d.ask(t, clusters, nil)
	d.clock.Add(int64(Patience))
	d.tick()
	d.wants(t, "after patience", clusters)
	if d.gates.subs[clusters].sent["gone"] != nil {
		t.Error("the cluster is still there")
	}
}

// take gets what is sent, and answers that it took it.
func (d *deaf) take(t *testing.T, when string, want ...kind) {
	t.Helper()
	d.wants(t, when, want...)
	for _, k := range want {
		if err := d.OnStreamDeltaRequest(1, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: kindURLs[k], ResponseNonce: "nonce"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range want {
		d.ask(t, k, nil)
	}
}

// has tells of some clusters whether the proxy has them.
func (d *deaf) has(t *testing.T, when string, want map[string]bool) {
	t.Helper()
	for name, has := range want {
		if (d.gates.subs[clusters].sent[name] != nil) != has {
			t.Errorf("%s: that the proxy has %s is %v, want %v", when, name, !has, has)
		}
	}
}

func TestARemovedClusterLingers(t *testing.T) {
	d := newDeaf(t)
	d.gates.linger = Linger
	after := func(span time.Duration) {
		d.clock.Add(int64(span))
		d.tick()
	}
	d.meet(&corev3.Node{Id: "p"}, true)
	d.publish(content(t, "1", "a", "b"))
	d.ask(t, clusters, nil)
	d.ask(t, routes, nil, "r")
	d.take(t, "at first", clusters, routes)
	d.publish(content(t, "2", "a"))
	after(time.Second)
	d.take(t, "routes without it", routes) // the time counts from here
	if s, _ := d.status(); !s.InSync || len(d.reached) == 0 {
		t.Errorf("it is in sync while a cluster lingers: %+v", s)
	}
	after(Linger - 1)
	d.wants(t, "shortly before")
	d.has(t, "shortly before", map[string]bool{"a": true, "b": true})
	after(1)
	d.take(t, "at the end", clusters)
	d.has(t, "at the end", map[string]bool{"a": true, "b": false})

	// One that comes back stays, and lingers anew when it goes once more.
	d.publish(content(t, "3"))
	d.take(t, "nothing", routes)
	after(Linger - 1)
	d.publish(content(t, "4", "a"))
	d.take(t, "back", routes)
	after(Linger)
	d.has(t, "back", map[string]bool{"a": true})
	d.publish(content(t, "5"))
	d.take(t, "once more", routes)
	after(Linger - 1)
	d.has(t, "shortly before the second end", map[string]bool{"a": true})
	after(1)
	d.take(t, "the second end", clusters)
	d.has(t, "the second end", map[string]bool{"a": false})
}

// What a proxy refuses goes at once when it is not published any more: nobody was led to it.
func TestARefusedClusterDoesNotLinger(t *testing.T) {
	d := newDeaf(t)
	d.gates.linger = Linger
	d.publish(content(t, "1", "a"))
	d.ask(t, clusters, nil)
	d.ask(t, routes, nil, "r")
	d.take(t, "at first", clusters, routes)
	d.publish(content(t, "1", "a", "bad"))
	d.wants(t, "the bad one", clusters)
	d.answered(clusters, "nonce", true, "bad is not good")
	d.ask(t, clusters, nil)
	d.publish(content(t, "1", "a"))
	d.take(t, "without it", clusters)
	d.has(t, "without it", map[string]bool{"a": true, "bad": false})
}

func TestWhatDoesNotMarshalIsLeftOutAlone(t *testing.T) {
	s, errs := newSnapshot(nil, translate.Resources{Clusters: map[string]*clusterv3.Cluster{
		"good": {Name: "good"}, "bad": {Name: "\xff"},
	}})
	if len(errs) != 1 || s.byKind[clusters]["good"] == nil || s.byKind[clusters]["bad"] != nil {
		t.Errorf("errors %v, clusters %v", errs, s.byKind[clusters])
	}
}
