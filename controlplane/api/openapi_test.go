package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func instanceOf(group, version string) model.Instance {
	return model.Instance{Address: "10.0.0.1", Port: 1, Protocol: model.ProtocolDubbo, Weight: 5, Status: model.StatusUp, Group: group, Version: version}
}

var shaped = registry.State{Snapshot: model.Snapshot{
	Services: []model.Service{
		{Name: "a.Plain", Instances: []model.Instance{instanceOf("", "")}},
		{Name: "a.Two", Instances: []model.Instance{instanceOf("blue", "1.0"), instanceOf("green", "1.0")}},
		{Name: "a.Unknown", Instances: []model.Instance{instanceOf("", "")}},
	},
	Definitions: []model.Definition{
		{Service: "a.Plain", Source: "/by/hand", Methods: []config.Method{{Name: "mine"}}},
		{Service: "a.Plain", Application: "app", Source: "/reported", Methods: []config.Method{{Name: "theirs"}}},
		{Service: "a.Two", Group: "blue", Version: "1.0", Application: "app", Source: "/blue", Methods: []config.Method{{Name: "blue"}}},
		{Service: "a.Two", Group: "green", Version: "1.0", Application: "app", Source: "/green", Methods: []config.Method{{Name: "green"}}},
		{Service: "a.Waiting", Source: "/waiting", Methods: []config.Method{{Name: "soon"}}},
	},
}}

func TestDefinitions(t *testing.T) {
	client, _ := serve(t, fake{state: shaped}, Options{})
	got, err := client.Definitions(t.Context(), "a.Plain")
	want := []Definition{
		{Service: "a.Plain", Methods: []config.Method{{Name: "mine"}}, Source: "/by/hand"},
		{Service: "a.Plain", Application: "app", Overruled: true, Methods: []config.Method{{Name: "theirs"}}, Source: "/reported"},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	if all, err := client.Definitions(t.Context(), ""); err != nil || len(all) != 5 {
		t.Errorf("%d definitions, %v", len(all), err)
	}
	if _, err := client.Definitions(t.Context(), "a.Plan"); err == nil || !strings.Contains(err.Error(), `did you mean "a.Plain"?`) {
		t.Errorf("got %v", err)
	}
}

func TestOpenAPIList(t *testing.T) {
	_, url := serve(t, fake{state: shaped}, Options{})
	_, body := get(t, url+"/openapi")
	var list []Described
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, d.URL)
		if status, body := get(t, url+d.URL); status != http.StatusOK {
			t.Errorf("%s: %d %s", d.URL, status, body)
		}
	}
	want := []string{"/openapi/a.Plain", "/openapi/a.Two?group=blue&version=1.0", "/openapi/a.Two?group=green&version=1.0", "/openapi/a.Waiting"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOpenAPIDocument(t *testing.T) {
	_, url := serve(t, fake{state: shaped}, Options{Gateway: "0.0.0.0:8080"})
	for _, tc := range []struct {
		path   string
		status int
		want   string // in the answer
	}{
		{"/openapi/a.Plain", 200, `"/a.Plain/mine"`},
		{"/openapi/a.Plain", 200, `"url": "http://127.0.0.1:8080"`},
		{"/openapi/a.Plain?format=json", 200, `"openapi": "3.1.0"`},
		{"/openapi/a.Plain?format=yaml", 200, "openapi: 3.1.0\n"},
		{"/openapi/a.Plain?format=xml", 400, "write json or yaml"},
		{"/openapi/a.Plain?group=red", 404, "ask for one of /openapi/a.Plain"},
		{"/openapi/a.Two?group=green", 200, `"/a.Two/green"`},
		{"/openapi/a.Two?group=blue&version=1.0", 200, `"/a.Two/blue"`},
		{"/openapi/a.Two?version=1.0", 404, "ask for one of /openapi/a.Two?group=blue"},
		{"/openapi/a.Two", 404, "is not known in this group and version"},
		{"/openapi/a.Unknown", 404, "/dubbomesh/definitions/a.Unknown"},
		{"/openapi/a.Plian", 404, `did you mean \"a.Plain\"?`},
		{"/openapi/nothing.like.it", 404, `/openapi lists them`},
	} {
		if status, body := get(t, url+tc.path); status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %.600s, want %d and %q", tc.path, status, body, tc.status, tc.want)
		}
	}
}

func TestOpenAPIByAccept(t *testing.T) {
	_, url := serve(t, fake{state: shaped}, Options{})
	for accept, yes := range map[string]bool{"": false, "*/*": false, "application/json": false, "application/yaml": true, "text/yaml;q=0.9": true, "application/json, text/yaml": false} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/openapi/a.Plain", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("accept", accept)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ OpenAPI string }
		err = yaml.NewDecoder(answer.Body).Decode(&doc)
		_ = answer.Body.Close()
		if kind := answer.Header.Get("content-type"); err != nil || doc.OpenAPI != "3.1.0" || (kind == "application/yaml") != yes {
			t.Errorf("accept %q: %s %+v %v", accept, kind, doc, err)
		}
	}
}

// TestOpenAPIHasMappings: operations of Mapping policies are paths, with what the definition says of their method.
func TestOpenAPIHasMappings(t *testing.T) {
	mapping := model.Mapping{
		PolicyMeta: model.PolicyMeta{Name: "m", Service: "a.Unknown"},
		Methods:    []model.MappedMethod{{Name: "find", Parameters: []model.MappedParameter{{Name: "id", Type: "long"}}, Returns: "java.lang.String"}},
		Operations: []model.MappedOperation{{Verb: "GET", Path: "/things/{id}", Method: "find"}},
	}
	policies := func() policystore.State { return policystore.NewState(policystore.Item{Good: mapping}) }
	_, url := serve(t, fake{state: shaped}, Options{Policies: policies})
	status, body := get(t, url+"/openapi/a.Unknown")
	if status != http.StatusOK || !strings.Contains(body, `"/things/{id}"`) || !strings.Contains(body, `"String find(long id)"`) {
		t.Errorf("%d %s", status, body)
	}
}
