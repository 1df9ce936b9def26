package xds_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

func TestNothingIsSaidBeforeThereIsSomethingToSay(t *testing.T) {
	r := newRig(t)
	c := r.connect("p")
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: cds, InitialResourceVersions: map[string]string{"old": "1"}})
	r.await("connected", func(p xds.Proxy) bool { return p.ID == "p" && !p.InSync && len(p.Types) == 1 })
	r.server.Publish(world("r1", "a=1/1"))
	c.ack(c.expect(cds, "a")) // "old" stays: whether a route needs it is not known yet
}

func TestMakeBeforeBreak(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("to a", "a=1/1"))
	c := r.connect("p")
	c.settle("a")
	r.await("in sync", func(p xds.Proxy) bool { return p.InSync })

	r.server.Publish(world("to b", "b=1/1"))
	added := c.expect(cds, "b")
	c.subscribe(eds, "b")
	c.ack(c.expect(eds, "b"))
	// Neither the routes nor the removal go before the clusters are answered, other changes do.
	r.server.Publish(world("to b", "b=1/2"))
	c.ack(c.expect(eds, "b"))
	c.ack(added)
	toB := c.expect(rds, "r")
	// The removal does not go before the routes are answered.
	r.server.Publish(world("to b", "b=1/3"))
	c.ack(c.expect(eds, "b"))
	c.ack(toB)
	c.ack(c.expect(cds, "-a"))
	c.ack(c.expect(eds, "-a"))
	r.await("in sync", func(p xds.Proxy) bool { return p.InSync })
}

func TestRoutesWaitForTheEndpointsOfANewCluster(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("to a", "a=1/1"))
	c := r.connect("p")
	c.settle("a")
	r.server.Publish(world("to both", "a=1/1", "b=1/1"))
	c.ack(c.expect(cds, "b"))
	c.subscribe(eds, "b")
	c.ack(c.expect(eds, "b"))
	c.ack(c.expect(rds, "r"))
}

func TestAChangedClusterBringsItsEndpoints(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "a=1/1", "b=1/1"))
	c := r.connect("p")
	c.settle("a", "b")
	r.server.Publish(world("r1", "a=2/1", "b=1/1"))
	// Not even the clusters' answer is waited for: Envoy gives it when it has the endpoints.
	changed := c.expect(cds, "a")
	c.ack(c.expect(eds, "a"))
	// While a change of a cluster waits for its turn, its endpoints wait with it; those of others do not.
	r.server.Publish(world("r1", "a=3/2", "b=1/2"))
	c.ack(c.expect(eds, "b"))
	c.ack(changed)
	c.ack(c.expect(cds, "a"))
	c.ack(c.expect(eds, "a"))
}

func TestAProxyThatComesBackGetsTheDifference(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("to a b", "a=1/1", "b=1/1"))
	first := r.connect("p")
	first.subscribe(cds)
	known := map[string]string{}
	resp := first.expect(cds, "a", "b")
	for _, res := range resp.GetResources() {
		known[res.GetName()] = res.GetVersion()
	}
	known["gone"] = "0"
	r.server.Publish(world("to a c", "a=1/1", "c=1/1"))

	c := r.connect("p2")
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: cds, InitialResourceVersions: known})
	c.ack(c.expect(cds, "c"))
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: eds, ResourceNamesSubscribe: []string{"a", "c"}})
	c.ack(c.expect(eds, "a", "c"))
	c.subscribe(lds)
	c.ack(c.expect(lds, "l"))
	c.subscribe(rds, "r")
	c.ack(c.expect(rds, "r"))
	c.ack(c.expect(cds, "-b", "-gone"))
}

func TestTheSameContentIsNoChange(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "a=1/1"))
	c := r.connect("p")
	c.settle("a")
	r.server.Publish(world("r1", "a=1/1"))
	r.server.Publish(world("r1", "a=1/2"))
	c.ack(c.expect(eds, "a"))
	if n := r.counter("dubbomesh_xds_pushes_total", "clusters"); n != 1 {
		t.Errorf("%v responses with clusters, want 1", n)
	}
}

func TestARefusedResource(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "x=1/1"))
	c := r.connect("p")
	c.settle("x")
	r.server.Publish(world("r2", "x=1/1", "bad=1/1", "good=1/1"))
	c.nack(c.expect(cds, "bad", "good"), "Error adding/updating cluster(s) bad: it is bad")
	c.ack(c.expect(cds, "good")) // to be sure: the NACK does not say that it was taken
	c.subscribe(eds, "good")
	c.ack(c.expect(eds, "good"))
	c.ack(c.expect(rds, "r")) // and nobody waits for the endpoints of the bad one
	p := r.await("answered", func(p xds.Proxy) bool { return p.Types[3].InSync })
	if clusters := p.Types[0]; p.InSync || !slices.Equal(clusters.Refused, []string{"bad"}) || clusters.Nacked != 1 || !strings.Contains(clusters.LastNACK, "it is bad") || clusters.LastNACKAt == nil {
		t.Errorf("proxy: %+v", p)
	}
	if n := r.counter("dubbomesh_xds_nacks_total", "clusters"); n != 1 {
		t.Errorf("%v NACKs counted, want 1", n)
	}
	// It is not sent again until it changes.
	r.server.Publish(world("r2", "x=1/2", "bad=1/1", "good=1/1"))
	c.ack(c.expect(eds, "x"))
	r.server.Publish(world("r2", "x=1/2", "bad=2/1", "good=1/1"))
	c.ack(c.expect(cds, "bad"))
	p = r.await("in sync", func(p xds.Proxy) bool { return len(p.Types[0].Refused) == 0 && p.Types[0].InSync })
	if p.Types[0].LastNACK == "" {
		t.Error("the last NACK is forgotten")
	}
}

func TestANACKThatNamesNothing(t *testing.T) {
	r := newRig(t)
	var all []string
	for i := range 8 {
		all = append(all, fmt.Sprintf("c%d=1/1", i))
	}
	r.server.Publish(world("r1", all...))
	c := r.connect("p")
	c.subscribe(cds)
	refuse := "Invalid duration"
	c.nack(c.expect(cds, "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"), refuse)
	c.ack(c.expect(cds, "c0", "c1", "c2", "c3"))
	c.nack(c.expect(cds, "c4", "c5", "c6", "c7"), refuse)
	c.nack(c.expect(cds, "c4", "c5"), refuse)
	c.ack(c.expect(cds, "c4"))
	c.nack(c.expect(cds, "c5"), refuse)
	c.ack(c.expect(cds, "c6", "c7"))
	p := r.await("answered", func(p xds.Proxy) bool { return p.Types[0].Acked == 3 })
	if !slices.Equal(p.Types[0].Refused, []string{"c5"}) {
		t.Errorf("refused %v, want c5", p.Types[0].Refused)
	}
}

func TestANACKThatNamesSeveral(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "a=1/1", "b=1/1", "bad=1/1", "z=1/1"))
	c := r.connect("p")
	c.subscribe(cds)
	c.nack(c.expect(cds, "a", "b", "bad", "z"), "bad") // which has an a and a b
	c.ack(c.expect(cds, "a"))
	c.ack(c.expect(cds, "b"))
	c.nack(c.expect(cds, "bad"), "bad")
	c.ack(c.expect(cds, "z"))
	p := r.await("answered", func(p xds.Proxy) bool { return p.Types[0].Acked == 3 })
	if !slices.Equal(p.Types[0].Refused, []string{"bad"}) {
		t.Errorf("refused %v, want bad", p.Types[0].Refused)
	}
}

func TestConfigIsWhatWasSent(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "a=1/1"))
	c := r.connect("p")
	c.settle("a")
	r.server.Publish(world("r2", "b=1/1"))
	c.expect(cds, "b")
	got, ok := r.server.Config("p")
	if !ok || !slices.Equal(translate.Names(got.Clusters), []string{"a", "b"}) || got.Routes["r"].GetVirtualHosts()[0].GetName() != "r1" || len(got.Listeners) != 1 {
		t.Errorf("config %v: %+v", ok, got)
	}
	if _, ok := r.server.Config("nobody"); ok {
		t.Error("a proxy that is not connected has a config")
	}
}

// A proxy may be back before the control plane has read what it publishes.
func TestConfigOfAProxyThatWasThereFirst(t *testing.T) {
	before := newRig(t)
	before.server.Publish(world("r1", "a=1/1"))
	c := before.connect("p")
	c.subscribe(cds)
	known := map[string]string{}
	for _, res := range c.expect(cds, "a").GetResources() {
		known[res.GetName()] = res.GetVersion()
	}
	r := newRig(t)
	c = r.connect("p")
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: cds, InitialResourceVersions: known})
	r.await("there", func(p xds.Proxy) bool { return len(p.Types) == 1 && p.Types[0].Resources == 1 })
	r.server.Publish(world("r1", "a=1/1"))
	c.ack(c.expect(cds)) // nothing that it has not
	r.await("in sync", func(p xds.Proxy) bool { return p.InSync })
	if got, _ := r.server.Config("p"); !slices.Equal(translate.Names(got.Clusters), []string{"a"}) {
		t.Errorf("clusters %v", translate.Names(got.Clusters))
	}
}

func TestOneProxyDoesNotHoldAnother(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "a=1/1"))
	lazy, quick := r.connect("same-id"), r.connect("same-id")
	lazy.subscribe(cds)
	lazy.expect(cds, "a") // and never answers
	quick.settle("a")
	r.server.Publish(world("r2", "b=1/1"))
	quick.ack(quick.expect(cds, "b"))
	quick.subscribe(eds, "b")
	quick.ack(quick.expect(eds, "b"))
	quick.ack(quick.expect(rds, "r"))
	if n := r.counter("dubbomesh_xds_connected_proxies", ""); n != 2 {
		t.Errorf("%v proxies connected, want 2", n)
	}
}

func TestResourcesByNameOnRequest(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "a=1/1", "b=1/1"))
	c := r.connect("p")
	c.subscribe(eds, "a")
	c.ack(c.expect(eds, "a"))
	c.subscribe(eds, "a", "b") // a once more
	c.ack(c.expect(eds, "a", "b"))
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: eds, ResourceNamesUnsubscribe: []string{"a"}})
	c.subscribe(rds, "r")
	c.ack(c.expect(rds, "r"))
	r.server.Publish(world("r1", "a=1/2", "b=1/2"))
	c.ack(c.expect(eds, "b"))
	c.subscribe("type.googleapis.com/envoy.service.runtime.v3.Runtime")
	c.expect("type.googleapis.com/envoy.service.runtime.v3.Runtime")
}

func TestServeEndsWithProxiesConnected(t *testing.T) {
	r := newRig(t)
	c := r.connect("p")
	c.subscribe(cds)
	r.await("connected", func(xds.Proxy) bool { return true })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if resp, err := c.stream.Recv(); err == nil {
		t.Errorf("still served: %v", resp)
	}
}
