package translate

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// Whatever stands in the registry, what is published is valid and goes over the wire, and a good service beside it is
// there.
func FuzzTranslate(f *testing.F) {
	f.Add("com.x.Hello", "g", "1.0", "zone", "10.0.0.1", "label", "dubbo", uint32(80), uint32(100), int64(0))
	f.Add("*", "\x00", "\xff", "", "::1%lo", "", "http", uint32(0), uint32(math.MaxUint32), int64(math.MinInt64))
	f.Add("/../?#%", "%", "\n", "\u2028", "::ffff:1.2.3.4", "\xff", "grpc", uint32(65535), uint32(1), int64(1))
	f.Add("aB", "\"", "\\", "", "", "", "tri", uint32(65536), uint32(0), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, name, group, version, zone, address, label, protocol string, port, weight uint32, warmUp int64) {
		good := model.Instance{Address: "10.0.0.9", Port: 1, Protocol: model.ProtocolHTTP, Weight: 1, Status: model.StatusUp}
		odd := model.Instance{
			Address: address, Port: port, Protocol: model.Protocol(protocol), Weight: weight, Group: group, Version: version, Zone: zone,
			Labels: map[string]string{label: label}, Status: model.StatusUp, WarmUp: time.Duration(warmUp), Source: name,
		}
		more := odd
		more.Group, more.Address = "", "10.0.0.8"
		r := Translate(model.Snapshot{Services: []model.Service{
			{Name: "good.Service", Instances: []model.Instance{good}}, {Name: name, Instances: []model.Instance{odd, more}},
		}}, DefaultOptions())
		validateAll(t, r)
		if r.Clusters[ClusterName("http", "good.Service", "", "")] == nil {
			t.Error("the good service is gone")
		}
		for n, m := range r.Clusters {
			marshals(t, n, m)
			marshals(t, n, r.Endpoints[n])
		}
		marshals(t, GatewayRoutes, r.Routes[GatewayRoutes])
	})
}

func marshals(t *testing.T, name string, m proto.Message) {
	t.Helper()
	if _, err := proto.Marshal(m); err != nil {
		t.Errorf("%q: %v", name, err)
	}
}

// Whatever policies say that are taken, what is published is valid, none is left out for what Envoy would refuse, and the
// service they are about is there.
func FuzzPolicies(f *testing.F) {
	files, err := filepath.Glob("../../examples/policies/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, one := range strings.Split(string(text), "\n---\n") {
			f.Add(one)
		}
	}
	f.Add("kind: Route\nname: r\nselector: {labels: {a: b}}\nhosts: ['*.x']\nrules: [{match: {path: {regex: '(a|b)*'}}, to: [{labels: {'|': '%'}, weight: 0}, {service: other}]}]")
	f.Add("kind: Traffic\nname: t\nrateLimit: {requests: 4294967295, per: 24h, by: [path, 'header:x']}\nhealthCheck: grpc\nejection: {successRate: {factor: 100}}\nconnection: {bufferSize: 1GiB}")
	f.Add("kind: Traffic\nname: t\nbreaker: {errorPercent: 1%, slowPercent: 0.5%, slowAfter: 1ms, window: 1s, openFor: 100ms, probes: 1, recovery: {step: 1%, every: 100ms}}\nfallback: [{on: 5xx, service: other, labels: {'|': '%'}}, {statuses: [404], labels: {a: b}}]\nrateLimit: {requests: 1, body: '%X%'}")
	f.Fuzz(func(t *testing.T, text string) {
		var list []model.Policy
		for _, p := range policy.Parse("fuzz", []byte(text)) {
			if p.Policy != nil && p.Err() == nil {
				list = append(list, p.Policy)
			}
		}
		if len(list) == 0 {
			return
		}
		for problem := range harm(list, DefaultOptions()) {
			t.Error(problem)
		}
		validateAll(t, Translate(governed(list), DefaultOptions()))
	})
}

// governed is a mesh in which each service that policies are about has an instance of each protocol, and a service beside
// them.
func governed(list []model.Policy) model.Snapshot {
	snap := model.Snapshot{Policies: model.NewPolicies(list...)}
	names := map[string]bool{"other": true}
	for _, p := range list {
		names[p.Meta().Service] = true
	}
	for _, name := range Names(names) {
		svc := model.Service{Name: name}
		for i, protocol := range model.Protocols {
			svc.Instances = append(svc.Instances, model.Instance{
				Address: fmt.Sprintf("10.0.0.%d", i+1), Port: 1, Protocol: protocol, Weight: 1, Status: model.StatusUp, Labels: map[string]string{"a": "b"},
			})
		}
		snap.Services = append(snap.Services, svc)
	}
	return snap
}
