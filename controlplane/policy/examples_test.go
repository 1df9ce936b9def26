package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// TestExamples reads the examples without a complaint, and holds what was read against goldens: a good file a kind.
func TestExamples(t *testing.T) {
	used := map[string]bool{}
	for _, kind := range model.Kinds {
		file := "../../examples/policies/" + strings.ToLower(string(kind)) + ".yaml"
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var read []any
		for _, p := range Parse(filepath.Base(file), text) {
			for _, problem := range p.Problems {
				// A type that only a provider knows, a name that only a certificate says, and what waits for its feature.
				told := func(words string) bool { return strings.Contains(problem.Message, words) }
				if !problem.Warning || !told("metadata") && !told("clientCa") && !told("not in force yet") {
					t.Error(problem.Report(file, text))
				}
			}
			if p.Policy == nil || p.Kind != kind {
				t.Fatalf("%s is not read as a %s", p.ID(), kind)
			}
			use(reflect.ValueOf(p.Policy), used)
			read = append(read, p.Policy)
		}
		golden.Compare(t, "testdata/"+strings.ToLower(string(kind))+".good.json", writeJSON(t, read))
	}
	var missing []string
	for _, fields := range structs {
		for _, f := range fields {
			if name := f.owner.Name() + "." + f.name; !used[name] && f.typ.Kind() != reflect.Bool {
				missing = append(missing, name)
			}
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("no example has %s", strings.Join(missing, ", "))
	}
}

// use notes which fields are set.
func use(v reflect.Value, used map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			use(v.Elem(), used)
		}
	case reflect.Slice:
		for i := range v.Len() {
			use(v.Index(i), used)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			use(v.MapIndex(key), used)
		}
	case reflect.Struct:
		for _, f := range structs[v.Type()] {
			if field := v.FieldByIndex(f.index); !field.IsZero() {
				used[f.owner.Name()+"."+f.name] = true
				use(field, used)
			}
		}
	}
}

// TestJSONIsReadLikeYAML writes every example as JSON and reads it again.
func TestJSONIsReadLikeYAML(t *testing.T) {
	files, err := filepath.Glob("../../examples/policies/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range Parse(file, text) {
			fields := map[string]any{}
			encoded, err := json.Marshal(p.Policy)
			if err != nil || json.Unmarshal(encoded, &fields) != nil {
				t.Fatal(err)
			}
			fields["kind"] = p.Kind
			again := Parse(file, []byte(writeJSON(t, fields)))
			if len(again) != 1 || again[0].Err() != nil || !reflect.DeepEqual(again[0].Policy, p.Policy) {
				t.Errorf("%s is read otherwise from JSON: %v\n%s", p.ID(), again[0].Err(), writeJSON(t, fields))
			}
		}
	}
}

// TestWindowsLineBreaks reads an example with other line breaks: nothing else is different, not even the places of mistakes.
func TestWindowsLineBreaks(t *testing.T) {
	for _, file := range []string{"../../examples/policies/traffic.yaml", "testdata/route.bad.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plain, windows := Parse(file, text), Parse(file, []byte("\ufeff"+strings.ReplaceAll(string(text), "\n", "\r\n")))
		if !reflect.DeepEqual(plain, windows) {
			t.Errorf("%s is read otherwise: %+v\n%+v", file, plain, windows)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("../../examples/policies/*.yaml")
	bad, _ := filepath.Glob("testdata/*.bad.yaml")
	for _, file := range append(files, bad...) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range splitDocuments(text) {
			f.Add(part.text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, p := range append(Parse("f", text), ParseKey("Traffic", "a", text)) {
			if (p.Policy == nil) != (p.Err() != nil) {
				t.Errorf("a policy %v and the error %v", p.Policy, p.Err())
			}
			for _, problem := range p.Problems {
				_ = problem.Report("f", text)
			}
		}
	})
}
