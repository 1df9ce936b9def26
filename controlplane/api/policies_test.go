package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func twoPolicies() policystore.State {
	return policystore.NewState(
		policystore.Item{Key: "/d/policies/Route/gray", Text: "rules: 5\n", Status: policystore.Status{
			Kind: model.KindRoute, Name: "gray", Verdict: policystore.Rejected, Revision: 9,
			Problems: []policy.Problem{{Line: 1, Column: 10, Field: "rules", Message: "must be a list"}},
			LastGood: &policystore.Good{Revision: 7},
		}},
		policystore.Item{Key: "/d/policies/Traffic/hello", Text: "timeout: 1s\n", Status: policystore.Status{
			Kind: model.KindTraffic, Name: "hello", Verdict: policystore.Accepted, Revision: 8, LastGood: &policystore.Good{Revision: 8},
		}, Good: model.Traffic{PolicyMeta: model.PolicyMeta{Name: "hello", Service: "hello", Paused: true}}},
	)
}

func TestPolicies(t *testing.T) {
	client, address := serve(t, fake{}, Options{Policies: twoPolicies})
	all, err := client.Policies(t.Context(), "")
	if err != nil || len(all) != 2 || all[0].InForce != 7 || all[1].InForce != 0 || all[1].Service != "hello" || len(all[1].Notes) != 1 || all[1].Text != "" {
		t.Errorf("got %+v, %v", all, err)
	}
	routes, err := client.Policies(t.Context(), "Route")
	if diff := cmp.Diff(all[:1], routes); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for path, want := range map[string]int{
		"/api/policies/Traffic/hello": http.StatusOK, "/api/policies/Traffic/bye": http.StatusNotFound,
		"/schemas/Traffic.json": http.StatusOK, "/schemas/policy.json": http.StatusOK, "/schemas/schemas.go": http.StatusNotFound,
	} {
		answer, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != want || !json.Valid(body) {
			t.Errorf("%s yields %d %.100s", path, answer.StatusCode, body)
		}
	}
}

func TestRollout(t *testing.T) {
	reached := func() func(string, int64) Rollout {
		return func(policy string, revision int64) Rollout {
			return Rollout{Published: policy == "", Proxies: 2, Acknowledged: int(revision)}
		}
	}
	client, address := serve(t, fake{}, Options{Rollout: reached})
	if r, err := client.Rollout(t.Context(), 2); err != nil || !r.Done() {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := client.Rollout(t.Context(), 1); err != nil || r.Done() {
		t.Errorf("%+v, %v", r, err)
	}
	answer, err := http.Get(address + "/api/rollout?revision=x")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a wrong revision yields %d", answer.StatusCode)
	}
}

// A policy that is left out of many services says so, and names the first of them.
func TestLeftOut(t *testing.T) {
	mesh := fake{state: registry.State{Problems: []model.Problem{{Key: "Traffic/other", Reason: "not of it"}}}}
	for i := range 50 {
		mesh.state.Problems = append(mesh.state.Problems, model.Problem{Key: "Traffic/hello", Reason: fmt.Sprintf("not in force on s%02d", i), LeftOut: true})
	}
	client, _ := serve(t, mesh, Options{Policies: twoPolicies})
	p, err := client.Policy(t.Context(), "Traffic", "hello")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.Notes); !p.LeftOut || n != mostNotes+1 || p.Notes[1] != "not in force on s00" || !strings.HasPrefix(p.Notes[n-1], "and 31 more") {
		t.Errorf("%v %q", p.LeftOut, p.Notes)
	}
}

// What a policy names is looked for in the policies that are in force too, not in what is registered alone.
func TestNotesKnowOtherPolicies(t *testing.T) {
	item := func(p model.Policy) policystore.Item {
		return policystore.Item{Good: p, Status: policystore.Status{
			Kind: p.Kind(), Name: p.Meta().Name, Verdict: policystore.Accepted, Revision: 8, LastGood: &policystore.Good{Revision: 8},
		}}
	}
	limit := item(model.Traffic{
		PolicyMeta:      model.PolicyMeta{Name: "shop", Service: "shop"},
		TrafficSettings: model.TrafficSettings{RateLimit: []model.RateLimit{{Requests: new(uint32(3)), By: []string{"caller"}}}},
	})
	keys := item(model.Access{PolicyMeta: model.PolicyMeta{Name: "keys", Service: "shop"}, APIKey: &model.APIKey{}})
	mapping := item(model.Mapping{PolicyMeta: model.PolicyMeta{Name: "users", Service: "users"}, Methods: []model.MappedMethod{{Name: "add"}}})
	route := item(model.Route{PolicyMeta: model.PolicyMeta{Name: "users", Service: "users"}, Rules: []model.Rule{{Match: []model.RequestMatch{{Method: &model.StringMatch{Exact: new("add")}}}}}})
	mesh := fake{state: registry.State{Snapshot: model.Snapshot{
		Services:    []model.Service{{Name: "shop"}, {Name: "users"}},
		Definitions: []model.Definition{{Service: "users", Methods: []config.Method{{Name: "find"}}}},
	}}}
	for name, c := range map[string]struct {
		items []policystore.Item
		kind  string
		want  int
	}{
		"caller alone":        {[]policystore.Item{limit}, "Traffic", 1},
		"caller with keys":    {[]policystore.Item{limit, keys}, "Traffic", 0},
		"method of nobody":    {[]policystore.Item{route}, "Route", 1},
		"method of a mapping": {[]policystore.Item{route, mapping}, "Route", 0},
	} {
		client, _ := serve(t, mesh, Options{Policies: func() policystore.State { return policystore.NewState(c.items...) }})
		one, err := client.Policy(t.Context(), c.kind, c.items[0].Status.Name)
		if err != nil || len(one.Notes) != c.want {
			t.Errorf("%s: notes %q, %v", name, one.Notes, err)
		}
		all, err := client.Policies(t.Context(), c.kind)
		if err != nil || len(all) != 1 || len(all[0].Notes) != c.want {
			t.Errorf("%s: in the list %+v, %v", name, all, err)
		}
	}
}

// A policy that etcd lost says until when it stays, and not how far a revision of other data is.
func TestKept(t *testing.T) {
	until := time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)
	policies := func() policystore.State {
		return policystore.NewState(policystore.Item{
			Key: "/d/policies/Access/deny", Good: model.Access{PolicyMeta: model.PolicyMeta{Name: "deny"}}, Kept: until,
			Status: policystore.Status{Kind: model.KindAccess, Name: "deny", Verdict: policystore.Accepted, LastGood: &policystore.Good{Revision: 7}},
		})
	}
	client, _ := serve(t, fake{}, Options{Policies: policies, Rollout: func() func(string, int64) Rollout {
		return func(string, int64) Rollout { return Rollout{Published: true} }
	}})
	if p, err := client.Policy(t.Context(), "Access", "deny"); err != nil || p.Kept == nil || !p.Kept.Equal(until) || p.InForce != 7 || p.Rollout != nil {
		t.Errorf("%+v, %v", p, err)
	}
}
