package translate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Rules and methods multiply: too many of them are told, and the service goes on without.
func TestTooManyRules(t *testing.T) {
	route := model.Route{PolicyMeta: model.PolicyMeta{Name: "many", Service: "a.B"}}
	traffic := model.Traffic{PolicyMeta: model.PolicyMeta{Name: "many", Service: "a.B"}, Methods: map[string]model.MethodSettings{}}
	for i := range 300 {
		route.Rules = append(route.Rules, model.Rule{Name: fmt.Sprint("r", i)})
		traffic.Methods[fmt.Sprint("m", i)] = model.MethodSettings{}
	}
	r := Translate(model.Snapshot{
		Services: []model.Service{{Name: "a.B", Instances: []model.Instance{{Address: "10.0.0.1", Port: 1, Protocol: model.ProtocolDubbo, Weight: 1, Status: model.StatusUp}}}},
		Policies: model.NewPolicies(route, traffic),
	}, DefaultOptions())
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Reason, "90300 routes") {
		t.Errorf("problems: %v", r.Problems)
	}
	if r.Clusters[ClusterName("dubbo", "a.B", "", "")] == nil {
		t.Error("the service is gone")
	}
}
