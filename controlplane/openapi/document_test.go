package openapi

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// TestDocuments: a new case is a new testdata/<name>.in.json, which is the text of a schema.
func TestDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got, err := Document(readSchema(t, file), Options{Server: "http://127.0.0.1:8080", Group: "blue", Version: "1.2.0"})
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, strings.Replace(file, ".in.", ".out.", 1), string(got))
			check(t, got)
			requireOpenAPI(t, got)
		})
	}
}

// requireOpenAPI holds a document against the schema that the OpenAPI Initiative publishes for 3.1 (2022-10-07).
func requireOpenAPI(t *testing.T, document []byte) {
	t.Helper()
	c := jsonschema.NewCompiler()
	schema, err := os.Open("testdata/openapi-3.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer schema.Close()
	text, err := jsonschema.UnmarshalJSON(schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("openapi", text); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("openapi")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(parsed); err != nil {
		t.Errorf("no OpenAPI 3.1 document: %v", err)
	}
}

func TestRequireOpenAPIRefuses(t *testing.T) {
	refused := &testing.T{}
	requireOpenAPI(refused, []byte(`{"openapi":"3.1.0","info":{"title":"x"},"paths":{}}`))
	if !refused.Failed() {
		t.Error("a document without a version of its own is taken for a good one")
	}
}

func readSchema(t *testing.T, file string) config.Schema {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := config.ParseSchema(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatCannotBeDescribed(t *testing.T) {
	if _, err := Document(config.Schema{Service: "no name"}, Options{}); err == nil {
		t.Error("a schema that the filter refuses has a document")
	}
}

// TestEndlessGenerics: a class that leads to ever more types makes a bounded document.
func TestEndlessGenerics(t *testing.T) {
	const class = "com.example.Node"
	text, err := Document(config.Schema{
		Service: "com.example.Endless",
		Methods: []config.Method{{Name: "get", Returns: class + "<java.lang.String>"}},
		Classes: map[string]config.Class{class: {Fields: []config.Parameter{
			{Name: "a", Type: class + "<java.util.List<T>>"}, {Name: "b", Type: class + "<" + class + "<T>>"}, {Name: "value", Type: "T"},
		}}},
	}, Options{})
	if err != nil || len(text) > 64<<10 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	check(t, text)
}

var variable = regexp.MustCompile(`\{([^}]*)\}`)

// check holds what OpenAPI asks for beyond its JSON schema: references lead somewhere, operations have names of their own,
// every variable of a path is a parameter and the other way round.
func check(t *testing.T, text []byte) {
	t.Helper()
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	shapes := map[string]string{}
	for path, item := range doc.Paths {
		shape := variable.ReplaceAllString(path, "{}")
		if other, ok := shapes[shape]; ok {
			t.Errorf("%s and %s are the same path", path, other)
		}
		shapes[shape] = path
		for verb, op := range item {
			if other, ok := ids[op.OperationID]; ok || op.OperationID == "" {
				t.Errorf("%s %s: operation ID %q is that of %q", verb, path, op.OperationID, other)
			}
			ids[op.OperationID] = path
			if len(op.Responses) < 2 {
				t.Errorf("%s %s: %d responses", verb, path, len(op.Responses))
			}
			var declared, named []string
			for _, p := range op.Parameters {
				if p.Schema == nil {
					t.Errorf("%s %s: parameter %s has no schema", verb, path, p.Name)
				}
				if p.In == "path" {
					declared = append(declared, p.Name)
				}
			}
			for _, v := range variable.FindAllStringSubmatch(path, -1) {
				named = append(named, v[1])
			}
			slices.Sort(declared)
			slices.Sort(named)
			if !slices.Equal(declared, named) {
				t.Errorf("%s %s: parameters %v, want %v", verb, path, declared, named)
			}
		}
	}
	legal := regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	for name := range doc.Components.Schemas {
		if !legal.MatchString(name) {
			t.Errorf("component %q", name)
		}
	}
	for _, ref := range regexp.MustCompile(`"\$ref": "([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
		_, schema := doc.Components.Schemas[strings.TrimPrefix(ref[1], schemaRef)]
		_, response := doc.Components.Responses[strings.TrimPrefix(ref[1], "#/components/responses/")]
		if !schema && !response {
			t.Errorf("%s leads nowhere", ref[1])
		}
	}
}
