package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// served is a service whose routes name a schema, which travels beside them.
type served struct {
	prefix string
	text   string // of the schema
	id     string
	extra  string // further headers of the route
}

const routesHead = `resources:
- "@type": type.googleapis.com/envoy.config.route.v3.RouteConfiguration
  name: routes
  virtual_hosts:
  - name: all
    domains: ["*"]
    routes:
`

// routesOf is a route configuration in a file, as Envoy reads it.
func routesOf(version string, services ...served) string {
	out := fmt.Sprintf("version_info: %q\n", version) + routesHead
	for _, s := range services {
		out += fmt.Sprintf("    - {match: {prefix: %q}, route: {cluster: cluster0}, request_headers_to_add: [{header: {key: %s, value: %q}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}%s]}\n", s.prefix, config.SchemaHeader, s.id, s.extra)
	}
	out += "  - name: schemas\n    domains: [\"schemas.dubbomesh.invalid\"]\n    routes:\n"
	for _, s := range services {
		out += fmt.Sprintf(`    - {match: {path: "/%s"}, direct_response: {status: 404}, typed_per_filter_config: {form: {"@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilterPerRoute, %s, filter_name: schema, filter_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: %q}}}}`+"\n", s.id, moduleConfig, s.text)
	}
	return out
}

// describe makes a served service with one method m of a type.
func describe(prefix, typ string, operations ...config.Operation) served {
	s := config.Schema{Service: "a.B", Methods: []config.Method{{Name: "m", Parameters: []config.Parameter{{Type: typ}}}}, Operations: operations}
	return served{prefix: prefix, text: string(s.Text()), id: s.ID()}
}

// tells answers how it was called: the type of the argument, or "generic".
func tells(p *hosttest.Peer, c hosttest.Call) {
	how := "generic"
	for _, descriptor := range []string{"Ljava/lang/String;", "Ljava/lang/CharSequence;"} {
		if !bytes.Contains(c.Body, []byte("$invoke")) && bytes.Contains(c.Body, []byte(descriptor)) {
			how = descriptor
		}
	}
	p.Send(hosttest.Frame(c.ID, how+" "+c.Argument))
}

// startSchemas starts an Envoy that reads its routes from a file, and returns what replaces the file.
func startSchemas(t *testing.T, first string) (*rig, func(string)) {
	t.Helper()
	return startSchemasFor(t, first, tells)
}

func startSchemasFor(t *testing.T, first string, b behaviour) (*rig, func(string)) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "routes.yaml")
	write := func(text string) {
		next := filepath.Join(dir, "next")
		if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil { // Envoy notices files that are moved to where it looks
			t.Fatal(err)
		}
	}
	write(first)
	text := bootstrap([]route{{prefix: "/", providers: []*provider{startProvider(t, b)}}})
	from, to := strings.Index(text, "          route_config:"), strings.Index(text, "  clusters:")
	text = text[:from] + fmt.Sprintf("          rds: {route_config_name: routes, config_source: {path_config_source: {path: %q, watched_directory: {path: %q}}}}\n", file, dir) + text[to:]
	e := testenvoy.Start(t, testenvoy.Options{Bootstrap: "node: {id: test, cluster: test}\n" + text})
	return &rig{e, e.ListenerURL("in")}, write
}

// m calls the method m under a prefix.
func (r *rig) m(t *testing.T, path, want string, headers ...string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, r.url+path, strings.NewReader(`["x"]`))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	got, err := send(t, request)
	if err != nil || got != ok(want) {
		t.Errorf("%s: got %+v, %v, want %s", path, got, err, want)
	}
}

// Routes bring their schemas with them: two services have two, another set of routes replaces them, and routes with a
// schema that cannot be read are refused as a whole.
func TestSchemasOfRoutes(t *testing.T) {
	text, sequence := describe("/text/", "java.lang.String"), describe("/sequence/", "java.lang.CharSequence")
	r, replace := startSchemas(t, routesOf("1", text, sequence))
	r.m(t, "/text/m", "Ljava/lang/String; x")
	r.m(t, "/sequence/m", "Ljava/lang/CharSequence; x")
	r.m(t, "/text/other", "generic ")                                           // the provider of the test reads no argument of a generic call with types
	r.m(t, "/text/m", "Ljava/lang/String; x", config.SchemaHeader, sequence.id) // the route's word counts

	swapped := describe("/text/", "java.lang.CharSequence")
	replace(routesOf("2", swapped))
	r.WaitStat("http.in.rds.routes.config_reload", func(n uint64) bool { return n == 2 })
	r.m(t, "/text/m", "Ljava/lang/CharSequence; x")

	bad := describe("/text/", "java.lang.String")
	bad.text = `{"service":"a.B","methods":[{"name":"m","parameters":[{"type":"int["}]}]}`
	replace(routesOf("3", bad))
	r.WaitStat("http.in.rds.routes.update_rejected", func(n uint64) bool { return n == 1 })
	if want := "schema: methods[0].parameters[0].type"; !strings.Contains(r.Log(), want) {
		t.Errorf("%q is not in the log", want)
	}
	r.m(t, "/text/m", "Ljava/lang/CharSequence; x")

	replace(routesOf("4"))
	r.WaitStat("http.in.rds.routes.config_reload", func(n uint64) bool { return n == 3 })
	replace(routesOf("5", served{prefix: "/text/", id: text.id, text: text.text}))
	r.WaitStat("http.in.rds.routes.config_reload", func(n uint64) bool { return n == 4 })
	r.m(t, "/text/m", "Ljava/lang/String; x")
	// A schema that no routes have any more is not found.
	r.m(t, "/text/m", "Ljava/lang/String; x", config.OperationHeader, "99")
}

// A route that says which operation it is makes a call of any request.
func TestOperationOfRoute(t *testing.T) {
	s := describe("/users/", "java.lang.String", config.Operation{Verb: "POST", Path: "/users/{id}", Method: "m", Parameters: []config.Binding{{From: config.FromPath, Name: "id", Type: "java.lang.String"}}})
	s.extra = fmt.Sprintf(`, {header: {key: %s, value: "0"}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}`, config.OperationHeader)
	r, _ := startSchemas(t, routesOf("1", s))
	r.m(t, "/users/a%20b", "Ljava/lang/String; a b")
}
