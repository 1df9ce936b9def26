package registry

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// captured reads what was found in etcd: keys and values on alternate lines.
func captured(t *testing.T, file string) (events []etcdwatch.Event) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		events = append(events, etcdwatch.Event{Key: lines[i], Value: []byte(lines[i+1]), Revision: int64(i + 1)})
	}
	return events
}

// TestCapturedMetadata reads what the metadata report of Dubbo 2.7.23 wrote into etcd, and what the definition builder of
// 3.3.6 makes of the same interfaces (it has no report for etcd, but older and other versions of 3 do).
func TestCapturedMetadata(t *testing.T) {
	for _, name := range []string{"metadata-dubbo-2.7.23", "metadata-dubbo-3.3.6"} {
		t.Run(name, func(t *testing.T) {
			src := newEtcdSource(kindMetadata, "/dubbo/metadata/", parseMetadata, nil, nil, nil)
			var all []model.Definition
			for _, e := range captured(t, "testdata/"+name+".txt") {
				it := src.item(e)
				if it.err != nil || len(it.record.notices) > 0 {
					t.Fatalf("%s: %v %v", e.Key, it.err, it.record.notices)
				}
				d := it.record.shape.definition
				d.Source = e.Key
				all = append(all, d)
			}
			got, err := json.MarshalIndent(all, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "testdata/"+name+".golden.json", string(got)+"\n")
		})
	}
}

// TestVersionsAgree: what 2.7 reports of an interface and what 3 reports is the same shape.
func TestVersionsAgree(t *testing.T) {
	shapes := map[string]map[string]model.Definition{}
	for _, name := range []string{"metadata-dubbo-2.7.23", "metadata-dubbo-3.3.6"} {
		shapes[name] = map[string]model.Definition{}
		for _, e := range captured(t, "testdata/"+name+".txt") {
			r, err := parseMetadata(strings.TrimPrefix(e.Key, "/dubbo/metadata/"), e.Value)
			if err != nil {
				t.Fatal(err)
			}
			shapes[name][r.service] = r.shape.definition
		}
	}
	for service, newer := range shapes["metadata-dubbo-3.3.6"] {
		older := shapes["metadata-dubbo-2.7.23"][service]
		if d := cmp.Diff(older, newer, cmpopts.IgnoreFields(model.Definition{}, "Group", "Version")); d != "" {
			t.Errorf("%s (-2.7 +3):\n%s", service, d)
		}
	}
}

func TestMetadataKeys(t *testing.T) {
	const value = `{"methods":[{"name":"of","parameterTypes":["int"],"returnType":"int"}]`
	for _, tc := range []struct{ key, value, want string }{
		{"a.B/provider/app", value + `}`, "a.B||"},
		{"a.B/1.0/provider/app", value + `}`, "a.B||1.0"},
		{"a.B/blue/provider/app", value + `}`, "a.B|blue|"},
		{"a.B/blue/provider/app", value + `,"parameters":{"interface":"a.B","version":"blue"}}`, "a.B||blue"},
		{"a.B/1.0/blue/provider/app", value + `}`, "a.B|blue|1.0"},
		{"a.B/0.0.0/provider/app", value + `}`, "a.B||"},
		{"a.B/1.0/te/am/provider/app", value + `}`, "a.B|te/am|1.0"},
		{"a.B%24C/provider/app", value + `}`, "a.B$C||"},
		{"a.B/consumer/app", `{"side":"consumer"}`, ""},
		{"app/46624248250", `{"app":"x"}`, ""},
		{"a.B/1.0/provider/dubbo/3", `dubbo%3A%2F%2F`, ""},
	} {
		r, err := parseMetadata(tc.key, []byte(tc.value))
		if err != nil {
			t.Errorf("%s: %v", tc.key, err)
			continue
		}
		got := ""
		if r.shape != nil {
			d := r.shape.definition
			got = d.Service + "|" + d.Group + "|" + d.Version
			if d.Application != "app" {
				t.Errorf("%s: application %q", tc.key, d.Application)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.key, got, tc.want)
		}
	}
}

func TestMalformedMetadata(t *testing.T) {
	for _, tc := range []struct{ key, value, want string }{
		{"a.B/provider/app", ``, "no service definition"},
		{"a.B/provider/app", `[1]`, "no service definition"},
		{"a.B/provider/app", `{"methods":"x"}`, "/methods"},
		{"a.B/provider/app", `{}`, `no "methods"`},
		{"a.B/provider/app", `{"methods":[{"name":"of","parameterTypes":["in t"]}]}`, `parameter 0 of method "of"`},
		{"a.B/provider/app", `{"methods":[{"name":"of","parameterTypes":["ptr"]}]}`, `"ptr" is no Java type`},
		{"a.B/provider/app", `{"methods":[{"name":"of","parameterTypes":["void"]}]}`, `"void" is no Java type`},
		{"a.B/provider/app", `{"methods":[{"name":"of","returnType":"a..B"}]}`, `result of method "of"`},
		{"a.B/provider/app", `{"methods":[{"name":"a b"}]}`, `"a b" is no name of a Java method`},
		{"a.B/provider/app", `{"methods":[],"types":[{"type":"a.C","properties":{"x":{"type":"?!"}}}]}`, `field "x" of a.C`},
		{"a.B/provider/app", `{"methods":[],"types":[{"type":"a.C","properties":{"x y":{"type":"int"}}}]}`, `"x y" is no Java name`},
		{"a%zz/provider/app", `{"methods":[]}`, "percent-encoded"},
		{"a b/provider/app", `{"methods":[]}`, "blank"},
		{"a/provider/", `{"methods":[]}`, "application is empty"},
		{"a.B/provider/app", `{"methods":[` + strings.Repeat(" ", maxMetadata) + `]}`, "too many"},
		{"a.B/provider/app", `{"methods":[],"types":` + strings.Repeat(`[{"items":`, 20000), "no service definition"},
	} {
		_, err := parseMetadata(tc.key, []byte(tc.value))
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 2000 {
			t.Errorf("%s %.100s: %.300v, want one line with %q", tc.key, tc.value, err, tc.want)
		}
	}
	r, err := parseMetadata("a.B/provider/app", []byte(`{"methods":[{"name":"Of","parameterTypes":["int"]}],"parameters":{"release":"dubbo-golang-1.5.9"}}`))
	if err != nil || r.shape != nil || len(r.notices) != 1 {
		t.Errorf("a report of dubbo-go: %+v %v, want a notice and nothing else", r, err)
	}
}

// TestMetadataForms are forms that the captures do not have.
func TestMetadataForms(t *testing.T) {
	const value = `{
		"CanonicalName":"a.B", "unknown":{"x":1},
		"methods":[
			{"name":"of","parameterTypes":["[Ljava.lang.String;","[[I","java.util.Map<K,? extends V>","java.util.List<a.G<java.lang.String>.Inner>[]"],"returnType":"java.util.concurrent.CompletableFuture<java.util.List<T>>"},
			{"name":"of","parameterTypes":["java.lang.String[]","int[][]","java.util.Map","java.util.List[]"],"returnType":"java.lang.Object"},
			{"name":"none"}],
		"types":[
			{"type":"a.E","enum":["X","Y"],"properties":{}},
			{"type":"a.S","properties":{"a_b":{"type":"a.E","enum":["X"]},"c":{"$ref":"$.types[1].properties.a\\_b"},"lost":{"$ref":".."},"none":null,"twice":{"$ref":"$.types[2].items[0]"}}},
			{"type":"java.util.List<a.S>","items":[{"$ref":"$.types[1]"}]},
			{"$ref":"$.types[99]"}, {"$ref":"$"}, {"$ref":"$.types[x].y"}, {"$ref":"$.types[5]"}, null, "int"]}`
	r, err := parseMetadata("a.B/provider/app", []byte(value))
	if err != nil {
		t.Fatal(err)
	}
	want := model.Definition{
		Service: "a.B", Application: "app",
		Methods: []config.Method{
			{Name: "none"},
			{Name: "of", Parameters: []config.Parameter{
				{Type: "java.lang.String[]"}, {Type: "int[][]"},
				{Type: "java.util.Map<java.lang.Object,java.lang.Object>"}, {Type: "java.util.List[]"},
			}, Returns: "java.util.List<java.lang.Object>"},
		},
		Classes: map[string]config.Class{
			"a.E": {Enum: []string{"X", "Y"}},
			"a.S": {Fields: []config.Parameter{
				{Name: "a_b", Type: "a.E"}, {Name: "c", Type: "a.E"}, {Name: "lost", Type: object}, {Name: "none", Type: object}, {Name: "twice", Type: "a.S"},
			}},
		},
	}
	if d := cmp.Diff(want, r.shape.definition); d != "" {
		t.Error(d)
	}
}
