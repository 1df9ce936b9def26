package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// TestMetadata: what a Dubbo Java provider writes of its services into etcd becomes definitions and OpenAPI documents, and
// what is written by hand does, and comes first.
func TestMetadata(t *testing.T) {
	m := startMesh(t)
	p := peers[2].start(t, "reporting", "--metadata", m.etcdAddress)
	m.register(t, echoService, p.address)

	reported := m.awaitDefinition(t, echoService, func(d api.Definition) bool { return d.Application == "demo-provider" })
	want := config.Method{Name: "saveUser", Parameters: []config.Parameter{{Type: "org.dubbomesh.demo.User"}}, Returns: "org.dubbomesh.demo.User"}
	if !slices.ContainsFunc(reported.Methods, func(o config.Method) bool { return cmp.Equal(o, want) }) {
		t.Errorf("no method %+v among %+v", want, reported.Methods)
	}
	if d := cmp.Diff(config.Class{Enum: []string{"MEMBER", "ADMIN"}}, reported.Classes["org.dubbomesh.demo.Role"]); d != "" {
		t.Error(d)
	}
	fields := reported.Classes["org.dubbomesh.demo.User"].Fields
	if want := (config.Parameter{Name: "addresses", Type: "java.util.List<org.dubbomesh.demo.Address>"}); !slices.Contains(fields, want) {
		t.Errorf("no field %+v among %+v", want, fields)
	}
	if key := "/dubbo/metadata/" + echoService + "/provider/demo-provider"; reported.Source != key {
		t.Errorf("source %q, want %q", reported.Source, key)
	}
	if paths := m.openAPI(t, echoService); paths["/"+echoService+"/saveUser"] == nil {
		t.Errorf("paths %v", paths)
	}

	// The provider itself refuses a Date in this form: with its type known it is sent as one.
	const user = `{"id":7,"name":"Eve","role":"MEMBER","created":"2024-02-29T13:14:15Z","addresses":[{"city":"Rome","street":"Via 2"}]}`
	eventually(t, "objects are sent with their types", func() error {
		status, _, body, err := m.call(t.Context(), echoService, "saveUser", user)
		if err == nil && (status != http.StatusOK || !strings.Contains(string(body), `"2024-02-29T13:14:15.000Z"`)) {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})

	m.put(t, "/dubbomesh/definitions/"+echoService, `methods: [{name: echo, parameters: [{name: text, type: java.lang.String}]}]`)
	m.awaitDefinition(t, echoService, func(d api.Definition) bool { return d.Application == "" })
	if paths := m.openAPI(t, echoService); len(paths) != 1 {
		t.Errorf("what was written by hand does not come first: paths %v", paths)
	}
	m.remove(t, "/dubbomesh/definitions/"+echoService)
	m.awaitDefinition(t, echoService, func(d api.Definition) bool { return d.Application != "" && !d.Overruled })
	for _, problem := range m.problems(t) {
		t.Errorf("a problem: %+v", problem)
	}
}

// awaitDefinition waits until a definition of the service is listed that fits.
func (m *mesh) awaitDefinition(t *testing.T, service string, fits func(api.Definition) bool) api.Definition {
	t.Helper()
	var found api.Definition
	eventually(t, "a definition of "+service, func() error {
		var list []api.Definition
		if err := get("http://"+m.apiAddress+"/api/definitions?service="+service, &list); err != nil {
			return err
		}
		i := slices.IndexFunc(list, fits)
		if i < 0 {
			return fmt.Errorf("none fits among %+v", list)
		}
		found = list[i]
		return nil
	})
	return found
}

// openAPI returns the paths of a service's document.
func (m *mesh) openAPI(t *testing.T, service string) map[string]any {
	t.Helper()
	answer, err := http.Get("http://" + m.apiAddress + "/openapi/" + service)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal(text, &doc); err != nil || answer.StatusCode != http.StatusOK || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%s %v: %.300s", answer.Status, err, text)
	}
	return doc.Paths
}

// described is what every peer has to do alike once Echo is defined by hand: no request says a type.
var described = []exchange{
	{name: "long", service: echoService, method: "add", body: `[9007199254740993, -1]`, status: 200, want: `9007199254740992`},
	{name: "object out", service: echoService, method: "getUser", body: `[1]`, status: 200, want: fmt.Sprintf(ann, `"ADMIN"`)},
	{name: "object in and out", service: echoService, method: "saveUser",
		body:   `{"id":7,"name":"Eve","role":"MEMBER","created":"2024-02-29T13:14:15Z","home":{"city":"Oslo","street":"Kai 1"},"addresses":[{"city":"Rome","street":"Via 2"}],"attributes":{"a":"b"}}`,
		status: 200,
		want:   `{"id":7,"name":"Eve","role":"MEMBER","active":false,"balance":0.0,"created":"2024-02-29T13:14:15.000Z","home":{"city":"Oslo","street":"Kai 1"},"addresses":[{"city":"Rome","street":"Via 2"}],"attributes":{"a":"b"}}`},
	{name: "wrong shape", service: echoService, method: "saveUser", body: `{"id":"seven"}`, status: 400, want: `{"type":"urn:dubbomesh:bad-request"}`},
	{name: "unknown constant", service: echoService, method: "saveUser", body: `{"role":"BOSS"}`, status: 400, want: `{"type":"urn:dubbomesh:bad-request"}`},
}

// TestDefinedByHand: a definition makes the most of providers that have no metadata report in etcd.
func TestDefinedByHand(t *testing.T) {
	text, err := os.ReadFile(repository("examples", "registration", "definition.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := startMesh(t)
	m.put(t, "/dubbomesh/definitions/"+echoService, string(text))
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			provider := p.start(t, "one")
			registration := m.register(t, echoService, provider.address)
			defer registration.stop(t)
			eventually(t, "the provider answers", func() error { _, err := m.whoami(t.Context()); return err })
			for _, x := range described {
				t.Run(x.name, func(t *testing.T) { m.exchange(t, x) })
			}
		})
	}
}
