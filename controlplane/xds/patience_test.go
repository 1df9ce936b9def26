package xds

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
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
		log: slog.New(slog.DiscardHandler), metrics: newMetrics(prometheus.NewRegistry()), patience: patience,
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
	d.clock.Add(int64(patience) - 1)
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
	d.clock.Add(int64(patience))
	d.tick()
	d.wants(t, "after patience", clusters)
	if d.gates.subs[clusters].sent["gone"] != nil {
		t.Error("the cluster is still there")
	}
}

func TestWhatDoesNotMarshalIsLeftOutAlone(t *testing.T) {
	s, errs := newSnapshot(nil, translate.Resources{Clusters: map[string]*clusterv3.Cluster{
		"good": {Name: "good"}, "bad": {Name: "\xff"},
	}})
	if len(errs) != 1 || s.byKind[clusters]["good"] == nil || s.byKind[clusters]["bad"] != nil {
		t.Errorf("errors %v, clusters %v", errs, s.byKind[clusters])
	}
}
