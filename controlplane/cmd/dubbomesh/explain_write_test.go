package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/explain"
)

func TestWhatIsLongIsShownWhole(t *testing.T) {
	far := `{"requests":1,"match":[{"headers":{"x-tenant":{"exact":"` + strings.Repeat("t", 200) + `"}}}]}`
	var out strings.Builder
	writeSettings(&out, explain.Route{Settings: []explain.Setting{
		{Field: "rateLimit", Value: "[…]", From: "Traffic/a", Applies: explain.Yes, Each: []explain.Part{{Value: `{"requests":9}`, Applies: explain.No}, {Value: far, Applies: explain.Yes}}},
		{Field: "retry", Value: far, From: "Traffic/a"},
		{Field: "timeout", Value: "1s", From: "Traffic/a", Overridden: []string{"Traffic/" + strings.Repeat("b", 200), "Mesh/all"}},
	}})
	want := `  SETTING    VALUE    FROM       BEFORE
  rateLimit  (below)  Traffic/a  -
  retry      (below)  Traffic/a  -
  timeout    1s       Traffic/a  Traffic/` + strings.Repeat("b", 200) + `, Mesh/all
  rateLimit of Traffic/a:
    {"requests":9} (not for this request)
    ` + far + ` (for this request)
  retry of Traffic/a:
    ` + far + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhoHasWonIsShown(t *testing.T) {
	var out strings.Builder
	writeExplanation(&out, explain.Explanation{
		Request: "GET a/users/7", Gateway: &explain.Gateway{Port: 8080, Policy: "Gateway/edge", Overridden: []string{"Gateway/other"}},
		Routes: []explain.Route{{
			Service: "s", Method: "find", Operation: "GET /users/{id}", Mapping: &explain.Mapping{Policy: "Mapping/a", Overridden: []string{"Mapping/b"}},
			Place: "routes[0]", VirtualHost: "*", Percent: 100, Exposed: &explain.Exposed{By: "Gateway/edge expose[0]"},
			Lane: &explain.Lane{Policy: "Lane/gray", Name: "v3", How: "enters", Falls: "base", Overridden: []string{"Lane/z"}, Not: []string{"Lane/y: its match does not fit"}},
		}},
	})
	want := `GET a/users/7
port       8080 of Gateway/edge, before Gateway/other

route      routes[0] of virtual host *
exposed    by Gateway/edge expose[0]
rule       none of a policy
lane       enters Lane/gray (v3), in which the service has no instance: it falls back to base, before Lane/z
  not      Lane/y: its match does not fit
service    s.find
operation  GET /users/{id} of Mapping/a, before Mapping/b
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
