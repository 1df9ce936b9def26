package model

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func lasting(d time.Duration) *Duration { return (*Duration)(&d) }

func times(n uint32) *Retry { return &Retry{Attempts: &n} }

// TestPrecedence holds the one order in which policies have the say.
func TestPrecedence(t *testing.T) {
	hello := Service{Name: "hello", Instances: []Instance{{Labels: map[string]string{"team": "pay"}}, {}}}
	pay := &Selector{Labels: map[string]string{"team": "pay"}}
	all := NewPolicies(
		Mesh{PolicyMeta: PolicyMeta{Name: "m"}, Traffic: &TrafficSettings{Timeout: lasting(1), Retry: times(1), IdleTimeout: lasting(1), Subset: &Subset{}}},
		Traffic{PolicyMeta: PolicyMeta{Name: "all"}, TrafficSettings: TrafficSettings{Timeout: lasting(2), IdleTimeout: lasting(2), Retry: times(2)}},
		Traffic{PolicyMeta: PolicyMeta{Name: "pay", Selector: pay}, TrafficSettings: TrafficSettings{Timeout: lasting(3), Retry: times(3)}},
		Traffic{PolicyMeta: PolicyMeta{Name: "b", Service: "hello"}, TrafficSettings: TrafficSettings{Timeout: lasting(4)}, Methods: map[string]MethodSettings{"x": {Timeout: lasting(4)}}},
		Traffic{PolicyMeta: PolicyMeta{Name: "c", Service: "hello"}, TrafficSettings: TrafficSettings{Timeout: lasting(5)}, Methods: map[string]MethodSettings{"x": {Timeout: lasting(5), Retry: times(5)}}},
		Traffic{PolicyMeta: PolicyMeta{Name: "a", Service: "hello", Paused: true}, TrafficSettings: TrafficSettings{Timeout: lasting(6)}},
		Traffic{PolicyMeta: PolicyMeta{Name: "other", Service: "other"}, TrafficSettings: TrafficSettings{Timeout: lasting(7)}},
		Traffic{PolicyMeta: PolicyMeta{Name: "green", Selector: &Selector{Labels: map[string]string{"team": "green"}}}, TrafficSettings: TrafficSettings{Timeout: lasting(8)}},
	)
	got := all.For(hello)
	if got.Traffic.Timeout.Or(0) != 4 || *got.Traffic.Retry.Attempts != 3 || got.Traffic.IdleTimeout.Or(0) != 2 || got.Methods["x"].Timeout.Or(0) != 4 || *got.Methods["x"].Retry.Attempts != 5 {
		t.Errorf("merged to %+v", got)
	}
	want := map[string]string{
		"timeout": "Traffic/b", "retry": "Traffic/pay", "idleTimeout": "Traffic/all", "subset": "Mesh/m",
		"methods.x.timeout": "Traffic/b", "methods.x.retry": "Traffic/c",
	}
	if diff := cmp.Diff(want, got.From); diff != "" {
		t.Error(diff)
	}
	if got := all.For(Service{Name: "other"}).Traffic.Timeout.Or(0); got != 7 {
		t.Errorf("other has %d", got)
	}
}

func TestListsAreInOrderOfPrecedence(t *testing.T) {
	all := NewPolicies(
		Route{PolicyMeta: PolicyMeta{Name: "z"}},
		Route{PolicyMeta: PolicyMeta{Name: "y", Service: "hello"}},
		Route{PolicyMeta: PolicyMeta{Name: "x", Service: "hello"}},
		Route{PolicyMeta: PolicyMeta{Name: "x", Service: "hello", Description: "the later one counts"}},
		Lane{PolicyMeta: PolicyMeta{Name: "elsewhere", Service: "other"}, Services: []string{"other"}, Match: []RequestMatch{{}}},
		Lane{PolicyMeta: PolicyMeta{Name: "gray"}, Services: []string{"other"}},
		Lane{PolicyMeta: PolicyMeta{Name: "green"}, Services: []string{"other"}, Match: []RequestMatch{{}}},
		Lane{PolicyMeta: PolicyMeta{Name: "blue", Service: "hello"}, Services: []string{"other"}},
		Mesh{PolicyMeta: PolicyMeta{Name: "m"}, Lane: &LaneCarrier{Header: "X-Colour"}},
	)
	got := all.For(Service{Name: "hello"})
	var names []string
	for _, r := range got.Routes {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{"x", "y", "z"}, names); diff != "" || got.Routes[0].Description == "" {
		t.Error(diff, got.Routes)
	}
	if len(got.Lanes) != 2 || got.Lanes[1].Name != "green" || got.Lanes[0].Value() != "blue" || got.Lanes[0].InstanceLabels()["lane"] != "blue" {
		t.Errorf("lanes %+v", got.Lanes)
	}
	if got.Carrier.Header != "x-colour" || got.Carrier.Attachment != "x-colour" || all.Carrier() != got.Carrier {
		t.Errorf("carried by %+v", got.Carrier)
	}
}

func TestValues(t *testing.T) {
	percent, size := Percent(125_000), Size(1<<20)
	for want, got := range map[string]string{
		"12.5%": percent.String(), "100%": FullPercent.String(), "0.0001%": Percent(1).String(), "1MiB": size.String(), "1KB": Size(1000).String(),
		"1001B": Size(1001).String(), "0B": Size(0).String(), "250ms": Duration(250 * time.Millisecond).String(),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	var none *Percent
	if percent.Whole() != 13 || Percent(1).Whole() != 1 || none.Or(5) != 5 || (*Duration)(nil).Or(3) != 3 || (*Size)(nil).Or(7) != 7 || Or(&percent, 0) != percent {
		t.Error("values")
	}
}
