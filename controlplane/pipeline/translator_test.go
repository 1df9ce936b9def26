package pipeline

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// A random walk of the registry: whatever happened before, the result is that of translating everything.
func TestTranslatorEqualsTranslatingEverything(t *testing.T) {
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		services := map[string][]model.Instance{}
		var known model.Snapshot // what is said of services
		tr := NewTranslator(translate.DefaultOptions())
		for step := range 60 {
			name := fmt.Sprintf("Svc%d", rnd.IntN(8))
			if rnd.IntN(4) == 0 {
				name = strings.ToLower(name)
			}
			switch rnd.IntN(6) {
			case 0:
				define(rnd, &known, name)
			case 1:
				known.Policies = rule(rnd)
			default:
				change(rnd, services, name)
			}
			snap := snapshot(services)
			snap.Definitions, snap.Policies = known.Definitions, known.Policies
			got, _ := tr.Translate(snap)
			want := translate.Translate(snap, translate.DefaultOptions())
			if !reflect.DeepEqual(wire(t, want), wire(t, got)) {
				t.Fatalf("seed %d, step %d (-everything +incremental)\n%s", seed, step, cmp.Diff(want, got, protocmp.Transform()))
			}
		}
	}
}

// wire is what a proxy would get.
func wire(t *testing.T, r translate.Resources) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	add := func(kind, name string, m proto.Message) {
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		out[kind+" "+name] = text
	}
	for n, m := range r.Clusters {
		add("cluster", n, m)
	}
	for n, m := range r.Endpoints {
		add("endpoints", n, m)
	}
	for n, m := range r.Listeners {
		add("listener", n, m)
	}
	for n, m := range r.Routes {
		add("routes", n, m)
	}
	for i, p := range r.Problems {
		out[fmt.Sprintf("problem %d", i)] = fmt.Append(nil, p)
	}
	return out
}

func change(rnd *rand.Rand, services map[string][]model.Instance, name string) {
	list := slices.Clone(services[name]) // a snapshot that was handed out never changes
	switch rnd.IntN(4) {
	case 0:
		delete(services, name)
		return
	case 1:
		if len(list) > 0 {
			list = slices.Delete(list, 0, 1)
		}
	case 2:
		if len(list) > 0 {
			i := &list[rnd.IntN(len(list))]
			i.Weight, i.Labels = uint32(rnd.IntN(3)*50), map[string]string{"v": fmt.Sprint(rnd.IntN(2))}
			i.WarmUp = time.Duration(rnd.IntN(2)) * time.Minute
		}
	default:
		list = append(list, model.Instance{
			Address: fmt.Sprintf("10.0.0.%d", rnd.IntN(300)), Port: 1 + uint32(rnd.IntN(3)), Protocol: model.Protocols[rnd.IntN(len(model.Protocols))],
			Weight: uint32(rnd.IntN(200)), Version: []string{"", "1", "2"}[rnd.IntN(3)], Zone: []string{"", "a"}[rnd.IntN(2)],
			Status: []model.Status{model.StatusUp, model.StatusDraining}[rnd.IntN(2)],
		})
	}
	slices.SortFunc(list, model.Compare)
	services[name] = slices.CompactFunc(list, func(a, b model.Instance) bool { return model.Compare(a, b) == 0 })
}

// define replaces what is known of a service.
func define(rnd *rand.Rand, known *model.Snapshot, name string) {
	others := slices.DeleteFunc(slices.Clone(known.Definitions), func(d model.Definition) bool { return d.Service == name })
	if n := rnd.IntN(3); n > 0 {
		others = append(others, model.Definition{Service: name, Application: "a", Methods: []config.Method{{Name: fmt.Sprint("m", n)}}})
	}
	slices.SortFunc(others, model.CompareDefinitions)
	known.Definitions = others
}

// rule makes up policies, of which some are for all services.
func rule(rnd *rand.Rand) model.Policies {
	var list []model.Policy
	for i := range rnd.IntN(5) {
		name := fmt.Sprint("Svc", rnd.IntN(8))
		m := model.Mapping{PolicyMeta: model.PolicyMeta{Name: fmt.Sprint("p", i), Service: name}}
		m.Operations = []model.MappedOperation{{Verb: "GET", Path: []string{"/a/{x}", "/a/{y}", "/{a}/b"}[rnd.IntN(3)], Method: "m1"}}
		list = append(list, m)
		to := model.Rule{To: []model.Backend{{Service: fmt.Sprint("Svc", rnd.IntN(8)), Labels: map[string]string{"v": fmt.Sprint(rnd.IntN(2))}}}}
		list = append(list, model.Route{PolicyMeta: model.PolicyMeta{Name: fmt.Sprint("r", i), Service: name}, Rules: []model.Rule{to}})
		if rnd.IntN(2) == 0 {
			timeout := model.Duration(time.Duration(1+rnd.IntN(3)) * time.Second)
			t := model.Traffic{PolicyMeta: model.PolicyMeta{Name: fmt.Sprint("t", i), Service: []string{"", name}[rnd.IntN(2)]}}
			t.Timeout = &timeout
			list = append(list, t)
		}
		list = append(list, edgePolicies(rnd, i, name)...)
	}
	return model.NewPolicies(list...)
}

// edgePolicies are what concerns ports, and what is told of requests.
func edgePolicies(rnd *rand.Rand, i int, service string) (list []model.Policy) {
	port := uint32(9000 + rnd.IntN(3))
	g := model.Gateway{PolicyMeta: model.PolicyMeta{Name: fmt.Sprint("g", i)}, Listeners: []model.Listener{{Port: &port, Hosts: [][]string{nil, {"a.example.com"}}[rnd.IntN(2)]}}}
	if rnd.IntN(2) == 0 {
		g.Expose = []model.Exposure{{Service: fmt.Sprint("Svc", rnd.IntN(8)), Prefix: []string{"", "/", "/x"}[rnd.IntN(3)]}}
	}
	t := model.Telemetry{PolicyMeta: model.PolicyMeta{Name: fmt.Sprint("l", i), Service: []string{"", service}[rnd.IntN(2)]}}
	t.AccessLog = []*model.AccessLog{nil, {}, {Off: true}}[rnd.IntN(3)]
	t.Tracing = []*model.Tracing{nil, {Address: "collector:4317"}, {Off: true}}[rnd.IntN(3)]
	t.Metrics = []*model.Metrics{nil, {Tags: map[string]string{"team": "a"}}}[rnd.IntN(2)]
	return []model.Policy{g, t}
}

func snapshot(services map[string][]model.Instance) (snap model.Snapshot) {
	for name, list := range services {
		snap.Services = append(snap.Services, model.Service{Name: name, Instances: list})
	}
	slices.SortFunc(snap.Services, func(a, b model.Service) int { return strings.Compare(a.Name, b.Name) })
	return snap
}

func TestOnlyWhatChangedIsTranslated(t *testing.T) {
	up := func(n string) []model.Instance {
		return []model.Instance{{Address: n, Port: 1, Protocol: model.ProtocolHTTP, Weight: 1, Status: model.StatusUp}}
	}
	services := map[string][]model.Instance{"a": up("10.0.0.1"), "b": up("10.0.0.1"), "c": up("10.0.0.1")}
	tr := NewTranslator(translate.DefaultOptions())
	first, n := tr.Translate(snapshot(services))
	if n != 3 {
		t.Errorf("%d translated at first, want 3", n)
	}
	services["b"] = up("10.0.0.2")
	second, n := tr.Translate(snapshot(services))
	if n != 1 {
		t.Errorf("%d translated after one change, want 1", n)
	}
	a := translate.ClusterName("http", "a", "", "")
	if first.Clusters[a] != second.Clusters[a] {
		t.Error("an unchanged cluster is another message")
	}
}

func TestSameInstanceLooksAtEveryField(t *testing.T) {
	typ := reflect.TypeFor[model.Instance]()
	for i := range typ.NumField() {
		var changed model.Instance
		field := reflect.ValueOf(&changed).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Uint32:
			field.SetUint(1)
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Int64:
			field.SetInt(1)
		case reflect.Map:
			field.Set(reflect.ValueOf(map[string]string{"k": "v"}))
		default:
			t.Fatalf("%s is of a kind this test does not know: %s", typ.Field(i).Name, field.Kind())
		}
		if sameInstance(model.Instance{}, changed) {
			t.Errorf("a change of %s is not seen", typ.Field(i).Name)
		}
	}
}
