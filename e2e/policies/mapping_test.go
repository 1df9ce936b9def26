package policies

import (
	"encoding/json"
	"strings"
	"testing"
)

// mappingREST calls every operation, also with what it cannot take, and holds them against the OpenAPI document.
func mappingREST(t *testing.T, m *mesh) {
	for _, c := range []struct {
		verb, path, body string
		status           int
		part             string // of the answer
	}{
		{"GET", "/people/1", "", 200, `{"id":1,"name":"Ann","role":"ADMIN"`},
		{"GET", "/people/2/name", "", 200, `"Bóbó 🐟"`},
		{"GET", "/people/99", "", 200, `null`},
		{"GET", "/people/x", "", 400, "path variable id"},
		{"DELETE", "/people/1", "", 405, "urn:dubbomesh:method-not-allowed"},
		{"PUT", "/people", `{"id":7,"name":"Eve","role":"MEMBER"}`, 201, `"name":"Eve"`},
		{"PUT", "/people", `{"role":"BOSS"}`, 400, `(at \"/role\")`},
		{"GET", "/sum?a=2", "", 200, "42"},
		{"GET", "/sum?a=2&b=3", "", 200, "5"},
		{"GET", "/sum?b=3", "", 400, "query parameter a"},
		{"DELETE", "/luck?message=no", "", 409, `{"luck":"none"}`},
		{"POST", "/" + dubboService + "/fail", `["no"]`, 422, "urn:dubbomesh:exception"},
		{"POST", "/" + dubboService + "/getUser", `1`, 200, `"name":"Ann"`},
	} {
		a := m.send(t, c.verb, c.path, c.body)
		if a.status != c.status || !strings.Contains(a.body, c.part) {
			t.Errorf("%s %s: %d %s, want %d with %s", c.verb, c.path, a.status, a.body, c.status, c.part)
		}
	}
	var described struct {
		Paths map[string]map[string]struct {
			Responses map[string]json.RawMessage
		}
	}
	if err := m.get("/openapi/"+dubboService, &described); err != nil {
		t.Fatal(err)
	}
	for operation, status := range map[string]string{
		"get /people/{id}": "200", "get /people/{id}/name": "200", "put /people": "201", "get /sum": "200", "delete /luck": "409",
		"post /" + dubboService + "/fail": "422",
	} {
		verb, path, _ := strings.Cut(operation, " ")
		if _, is := described.Paths[path][verb].Responses[status]; !is {
			t.Errorf("the document of %s has no answer %s: %v", operation, status, described.Paths[path][verb])
		}
	}
	// A Dubbo consumer calls as ever.
	s := m.consumer()
	s.always(t, 60, s.names())
}
