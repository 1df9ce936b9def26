package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestReferences(t *testing.T) {
	snap := model.Snapshot{
		Policies: model.Policies{Access: []model.Access{{PolicyMeta: model.PolicyMeta{Name: "keys", Service: "shop"}, APIKey: &model.APIKey{}}}},
		Services: []model.Service{{Name: "a", Instances: []model.Instance{{Labels: map[string]string{"version": "v1", "zone": "x"}}}}, {Name: "shop", Instances: []model.Instance{{Protocol: model.ProtocolHTTP, Labels: map[string]string{"version": "canary"}}}}, {Name: "wide", Instances: []model.Instance{
			{Zone: "east", Labels: map[string]string{"ver": "v1"}}, {Zone: "west", Labels: map[string]string{"ver": "v2"}}, {Labels: map[string]string{"ver": "v2"}},
		}}},
		Definitions: []model.Definition{{Service: "defined"}, {
			Service: "users", Methods: []config.Method{
				{Name: "find", Parameters: []config.Parameter{{Type: "long"}}, Returns: "a.User"},
				{Name: "list", Parameters: []config.Parameter{{Type: "int"}, {Type: "a.Role"}}, Returns: "java.util.List<a.User>"},
			},
			Classes: map[string]config.Class{"a.User": {Fields: []config.Parameter{{Name: "id", Type: "long"}, {Name: "home", Type: "a.Address"}}}, "a.Role": {Enum: []string{"ADMIN"}}, "a.Address": {Fields: []config.Parameter{{Name: "city", Type: "java.lang.String"}}}},
		}},
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
		`{kind: Mapping, name: good, service: users, operations: [{verb: GET, path: "/u/{id}", method: find, parameters: [{from: path, name: id}], unwrap: home.city}]}`: nil,
		`{kind: Mapping, name: bad, service: users, methods: [{name: add, parameters: [{name: u, type: a.Usr}]}], operations: [
		{verb: GET, path: "/a/{id}", method: fnd, parameters: [{from: path, name: id}]},
		{verb: GET, path: "/b/{id}", method: find, parameters: [{from: path, name: id, type: int}]},
		{verb: GET, path: "/c/{id}", method: find, parameters: [{from: path, name: id}, {from: query, name: x, type: int}]},
		{verb: GET, path: "/d/{id}", method: find, parameters: [{from: path, name: id}], unwrap: home.town},
		{verb: GET, path: /e, method: list, parameters: [{from: query, name: n, default: x}, {from: query, name: r, default: BOSS}]}]}`: {
			"warning: methods[0].parameters[0].type: nobody describes the class a.Usr; did you mean a.User?",
			"warning: operations[0].method: users has no method fnd; did you mean find?",
			"warning: operations[1].parameters[0].type: it is not int; there is find(long)",
			"warning: operations[2].parameters: no method find has 2 of them; there is find(long)",
			"warning: operations[3].unwrap: a.Address has no field town",
			"warning: operations[4].parameters[0].default: \"x\" is no value of int; requests without the parameter would be refused",
			"warning: operations[4].parameters[1].default: \"BOSS\" is no value of a.Role; write one of ADMIN; requests without the parameter would be refused",
		},
		`{kind: Traffic, name: known, service: users, methods: {find: {timeout: 1s}, $invoke: {timeout: 1s}}}`: nil,
		`{kind: Traffic, name: typo, service: users, methods: {lst: {timeout: 1s}}, rateLimit: {requests: 1, by: caller}}`: {
			"warning: methods[lst]: users has no method lst; did you mean list?",
			"warning: rateLimit[0].by: no Access policy with hmac or apiKey tells who calls; only Dubbo consumers, which name their application, are told apart",
		},
		`{kind: Traffic, name: signed, service: shop, rateLimit: {requests: 1, by: caller}}`:                           nil,
		`{kind: Traffic, name: web, service: shop, methods: {buy: {timeout: 1s}}}`:                                     {"warning: methods[buy]: shop speaks http, which has no methods; write a Route with a rule that matches a path"},
		`{kind: Traffic, name: ranks, service: wide, priorities: [{labels: {ver: v2}, zone: west}, {zone: east}, {}]}`: nil,
		`{kind: Traffic, name: ranks, service: wide, priorities: [{labels: {ver: v9}}, {zone: z7}, {zone: west, labels: {ver: v1}}]}`: {
			"warning: priorities[0].labels: no instance of wide has the labels ver=v9",
			"warning: priorities[1].zone: no instance of wide is in the zone z7",
			"warning: priorities[2]: no instance of wide in the zone west has the labels ver=v1",
		},
		`{kind: Traffic, name: zones, service: wide, locality: {weights: {east: 3, wets: 2}}}`: {
			"warning: locality.weights[wets]: no instance of wide is in the zone wets; did you mean west?",
			"warning: locality.weights: instances of wide that name no zone get no requests; register them with one that has a weight",
			"warning: locality.weights: instances of wide in the zone west get no requests, since it has no weight; write west: 1, or west: 0 if that is meant",
		},
		`{kind: Traffic, name: zones, service: wide, locality: {weights: {east: 0}}}`:            nil,
		`{kind: Traffic, name: zones, service: wide, locality: {failover: [west, north]}}`:       nil, // for all services, and for later
		`{kind: Traffic, name: near, service: shp}`:                                              {"warning: service: shp is not registered; did you mean shop?"},
		`{kind: Traffic, name: near, service: shop, subset: {labels: {verzion: v1}}}`:            {"warning: subset.labels: no instance of shop has the labels verzion=v1; did you mean version?"},
		`{kind: Traffic, name: near, service: shop, subset: {labels: {version: canry}}}`:         {"warning: subset.labels: no instance of shop has the labels version=canry; did you mean canary?"},
		`{kind: Access, name: fial, service: users, action: deny, rules: [{to: {method: fnd}}]}`: {"warning: rules[0].to[0].method: users has no method fnd; did you mean find?"},
		`{kind: Route, name: verbs, service: users, rules: [{match: {method: {in: [find, lists]}}, rewrite: {method: lit}}, {match: {method: {prefix: x}}}]}`: {
			"warning: rules[0].match[0].method: users has no method lists; did you mean list?",
			"warning: rules[0].rewrite.method: users has no method lit; did you mean list?",
		},
		`{kind: Route, name: old, service: users, rules: [{match: {method: whoAreYou}, rewrite: {method: find}}, {match: {method: whoAreYou}, redirect: {path: /}}, {match: {method: whoAreYou}}]}`: {
			"warning: rules[2].match[0].method: users has no method whoAreYou",
		},
		`{kind: Traffic, name: elsewhere, service: users, methods: {whoAreYou: {fallback: {statuses: [404], service: shop}}, whoIAm: {timeout: 1s}}}`: {
			"warning: methods[whoIAm]: users has no method whoIAm",
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

func TestPlace(t *testing.T) {
	text := "kind: Lane\nname: l\nservices:\n- a\n- e\n"
	p := Parse("test", []byte(text))[0]
	placed := Place(p.Kind, p.Name, text, References(p.Policy, model.Snapshot{Services: []model.Service{{Name: "a"}}}))
	if len(placed) != 1 || placed[0].String() != "warning: 5:3: services[1]: e is not registered" {
		t.Errorf("%v", placed)
	}
}
