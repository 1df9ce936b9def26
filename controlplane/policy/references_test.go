package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

func TestReferences(t *testing.T) {
	snap := model.Snapshot{
		Services:    []model.Service{{Name: "a", Instances: []model.Instance{{Labels: map[string]string{"version": "v1", "zone": "x"}}}}},
		Definitions: []model.Definition{{Service: "defined"}},
	}
	for text, want := range map[string][]string{
		`{kind: Traffic, name: t, service: a, subset: {labels: {version: v1}}}`: nil,
		`{kind: Mapping, name: t, service: defined}`:                            nil,
		`{kind: Traffic, name: t, selector: {labels: {version: v1}}}`:           nil,
		`{kind: Traffic, name: t, service: b}`:                                  {"warning: service: b is not registered"},
		`{kind: Traffic, name: t, selector: {labels: {version: v9}}}`:           {"warning: selector: no service has an instance with the labels version=v9"},
		`{kind: Traffic, name: t, service: a, subset: {labels: {version: v9}}}`: {"warning: subset.labels: no instance of a has the labels version=v9"},
		`{kind: Route, name: r, service: a, rules: [{to: [{labels: {version: v1}}, {labels: {version: v2, zone: x}}, {service: c}], mirror: {service: d}}]}`: {
			"warning: rules[0].to[1].labels: no instance of a has the labels version=v2, zone=x",
			"warning: rules[0].to[2].service: c is not registered",
			"warning: rules[0].mirror[0].service: d is not registered",
		},
		`{kind: Lane, name: l, services: [a, e]}`:                       {"warning: services[1]: e is not registered"},
		`{kind: Gateway, name: g, listeners: [{port: 1}], expose: [f]}`: {"warning: expose[0].service: f is not registered"},
	} {
		list := Parse("test", []byte(text))
		if list[0].Policy == nil {
			t.Fatalf("%s: %v", text, list[0].Err())
		}
		var got []string
		for _, p := range References(list[0].Policy, snap) {
			got = append(got, p.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}
