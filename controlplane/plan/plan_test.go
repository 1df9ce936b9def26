package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

func mesh() model.Snapshot {
	in := func(address, version string) model.Instance {
		zone := map[string]string{"v1": "east", "v2": "west"}[version]
		return model.Instance{Zone: zone, Address: address, Port: 80, Protocol: model.ProtocolHTTP, Weight: 100, Status: model.StatusUp, Labels: map[string]string{"version": version}}
	}
	return model.Snapshot{Services: []model.Service{{Name: "hello", Instances: []model.Instance{in("10.0.0.1", "v1"), in("10.0.0.2", "v2")}}}}
}

func policies(t *testing.T, text string) (list []model.Policy) {
	t.Helper()
	for _, p := range policy.Parse("case", []byte(text)) {
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Policy)
	}
	return list
}

func plan(t *testing.T, before, after string) Plan {
	t.Helper()
	was := policies(t, before)
	p, _ := Make(Change{Snapshot: mesh(), Before: was, After: Overlay(was, policies(t, after), false), Options: translate.DefaultOptions()})
	return p
}

const timeout = "kind: Traffic\nname: hello\nservice: hello\ntimeout: 2s\n"

func TestNothingChanges(t *testing.T) {
	if p := plan(t, timeout, "# said otherwise\n"+timeout); !p.Empty() || len(p.Warnings) > 0 {
		t.Errorf("got %+v", p)
	}
}

func TestFieldsOfAChange(t *testing.T) {
	p := plan(t, timeout, strings.Replace(timeout, "2s", "3s", 1))
	if len(p.Resources) != 1 || p.Resources[0].Type != "routes" || p.Resources[0].Action != Changed {
		t.Fatalf("got %+v", p.Resources)
	}
	timeouts := 0
	for _, f := range p.Resources[0].Fields {
		switch {
		case strings.HasSuffix(f.Path, ".route.timeout") && f.Before == "2s" && f.After == "3s":
			timeouts++
		case f.Action == Changed && strings.Contains(f.Path, ".route."): // what follows from it
		default:
			t.Errorf("unexpected: %+v", f)
		}
	}
	if timeouts == 0 {
		t.Errorf("no timeout among %+v", p.Resources[0].Fields)
	}
	if diff := cmp.Diff([]PolicyChange{{"Traffic/hello", Changed}}, p.Policies); diff != "" {
		t.Error(diff)
	}
}

func TestResourcesComeAndGo(t *testing.T) {
	route := "kind: Route\nname: canary\nservice: hello\nrules:\n  - match: {headers: {x-user: ann}}\n    to: {labels: {version: v2}}\n"
	var got []string
	p := plan(t, "", route)
	for _, r := range p.Resources {
		got = append(got, r.Type+" "+string(r.Action)+" "+r.Name)
	}
	want := []string{"clusters added http|hello|||version=v2", "endpoints added http|hello|||version=v2", "routes changed gateway-http"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, f := range p.Resources[2].Fields {
		if f.Action != Added {
			t.Errorf("a rule in front of others changes them: %+v", f)
		}
	}
	was := policies(t, route)
	back, _ := Make(Change{Snapshot: mesh(), Before: was, After: Overlay(was, nil, true), Options: translate.DefaultOptions()})
	if len(back.Resources) != 3 || back.Resources[0].Action != Removed || back.Policies[0].Action != Removed {
		t.Errorf("got %+v", back)
	}
}

func TestWhomAPlanReaches(t *testing.T) {
	has := translate.Translate(mesh(), translate.DefaultOptions())
	changed := plan(t, timeout, strings.Replace(timeout, "2s", "3s", 1))
	if !changed.Reaches(has) || changed.Reaches(translate.Resources{}) || (Plan{}).Reaches(has) {
		t.Error("a change reaches whoever has what is changed, and nobody else")
	}
	if p := (Plan{Resources: []Resource{{Type: "clusters", Name: "new", Action: Added}}}); !p.Reaches(translate.Resources{}) {
		t.Error("what is added is sent to all")
	}
}

func TestWarnings(t *testing.T) {
	const head = "kind: Route\nname: r\nservice: hello\nrules:\n"
	for name, c := range map[string]struct {
		text string
		want []string // parts of the warnings
	}{
		"a rule behind one for everything": {
			"kind: Route\nname: a\nservice: hello\nrules: [{respond: {status: 503}}]\n---\n" + head + "  - match: {headers: {x: y}}\n    respond: {status: 418}\n",
			[]string{"Route/r: rules[0]: no request of hello comes here: Route/a rules[0]"},
		},
		"a rule behind a shorter prefix": {
			head + "  - {match: {path: {prefix: /a}}, respond: {}}\n  - {match: {path: /ab, headers: {x: y}}, respond: {}}\n  - {match: {path: /b}, respond: {}}\n",
			[]string{"Route/r: rules[1]"},
		},
		"a share takes not everything": {
			head + "  - {match: {percent: 10%}, respond: {}}\n  - {match: {headers: {x: y}}, respond: {}}\n", nil,
		},
		"arguments and sources": {
			head + "  - {match: {arguments: {\"0\": {prefix: a}}}, respond: {}}\n  - {match: {arguments: {\"0\": ab, \"1\": x}}, respond: {}}\n" +
				"  - {match: {arguments: {\"1\": ab}}, respond: {}}\n  - {match: {source: {zone: east}}, respond: {}}\n  - {match: {source: {zone: west}}, respond: {}}\n",
			[]string{"Route/r: rules[1]"},
		},
		"nobody has the labels": {
			head + "  - to: {labels: {version: v9}}\n",
			[]string{"cluster http|hello|||version=v9 has no instance", "rules[0].to[0].labels: no instance of hello has the labels version=v9"},
		},
		"a host beside those of the policy": {
			"kind: Route\nname: r\nservice: hello\nhosts: [a.example.com, \"*.b.example.com\"]\nrules:\n  - {match: [{host: b.example.com}, {host: A.example.com}], respond: {}}\n" +
				"  - {match: [{host: x.b.example.com}, {host: {in: [c, y.b.example.com]}}, {host: {suffix: .example.com}}, {host: {regex: c.*}}, {host: {not: true, exact: a.example.com}}], respond: {}}\n" +
				"  - {match: {host: {in: [c, d]}}, respond: {}}\n  - {match: {host: {suffix: .org}}, respond: {}}\n",
			[]string{
				"Route/r: rules[0].match[0].host: no request can fit: the hosts are a.example.com, *.b.example.com alone",
				"rules[2].match[0].host", "rules[3].match[0].host",
			},
		},
		"a host beside those of the port": {
			"kind: Gateway\nname: g\nlisteners: [{port: 8443, hosts: a.example.com}]\nrules: [{match: {host: b.example.com}, respond: {status: 200}}, {match: {host: a.example.com}, respond: {status: 200}}]\n",
			[]string{"Gateway/g: rules[0].match[0].host: no request can fit"},
		},
		"zones that nobody is in": {
			"kind: Traffic\nname: t\nservice: hello\nlocality: {weights: {east: 1, wset: 3}}\n", []string{
				"Traffic/t: locality.weights[wset]: no instance of hello is in the zone wset; did you mean west?",
				"Traffic/t: locality.weights: instances of hello in the zone west get no requests",
			},
		},
		"zones of all services": {
			"kind: Mesh\nname: m\ntraffic: {locality: {failover: [west, mars]}}\n", []string{"Mesh/m: traffic.locality.failover[1]: no instance is in the zone mars; there are east, west"},
		},
		"zones one after the other": {
			"kind: Traffic\nname: t\nservice: hello\npriorities: [{zone: east}, {zone: weest}]\n", []string{"priorities[1].zone: no instance of hello is in the zone weest"},
		},
		"zones that weigh nothing": {
			"kind: Traffic\nname: t\nservice: hello\nlocality: {weights: {east: 0, west: 0}}\n", []string{"locality.weights: all weights are 0"},
		},
		"nobody is called so": {
			head + "  - to: {service: bye}\n",
			[]string{"rules[0].to[0].service: bye is not registered"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan(t, "", c.text).Warnings
			if len(got) != len(c.want) {
				t.Fatalf("got %v", got)
			}
			for i, w := range got {
				if !strings.Contains(w.String(), c.want[i]) {
					t.Errorf("got %s, want %s", w, c.want[i])
				}
			}
		})
	}
	if w := weightless(model.Route{Rules: []model.Rule{{To: []model.Backend{{Weight: new(uint32)}}}}}); len(w) != 1 {
		t.Errorf("weights of 0: %v", w)
	}
}

// What stood there before a change is not told of again, unless the change is about it.
func TestOldWarningsAreNotRepeated(t *testing.T) {
	old := "kind: Route\nname: r\nservice: hello\nrules: [{to: {labels: {version: v9}}}]\n"
	if got := plan(t, old, timeout).Warnings; len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestDifferencesOfLists(t *testing.T) {
	item := func(v any) any { return map[string]any{"v": v} }
	for name, c := range map[string]struct {
		was, will []any
		want      []Field
	}{
		"equal":       {[]any{item("a")}, []any{item("a")}, nil},
		"in front":    {[]any{item("a")}, []any{item("n"), item("a")}, []Field{{"l[0]", Added, nil, item("n")}}},
		"behind":      {[]any{item("a"), item("b")}, []any{item("a")}, []Field{{"l[1]", Removed, item("b"), nil}}},
		"in between":  {[]any{item("a"), item("b"), item("c")}, []any{item("a"), item("x"), item("c")}, []Field{{"l[1].v", Changed, "b", "x"}}},
		"named":       {[]any{map[string]any{"name": "a", "v": "1"}}, []any{map[string]any{"name": "a", "v": "2"}}, []Field{{`l["a"].v`, Changed, "1", "2"}}},
		"other order": {[]any{map[string]any{"name": "a"}, map[string]any{"name": "b"}}, []any{map[string]any{"name": "b"}, map[string]any{"name": "a"}}, []Field{{"l", Changed, "a, b", "b, a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := differences(map[string]any{"l": c.was}, map[string]any{"l": c.will})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
