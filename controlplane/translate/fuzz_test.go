package translate

import (
	"math"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
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
