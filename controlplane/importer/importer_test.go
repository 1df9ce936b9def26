package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// A case is a file of rules; what becomes of it, and what does not, is beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, lost, err := Import([]Document{{filepath.Base(file), string(in)}})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range policy.Parse("out", []byte(text)) {
				if err := p.Err(); err != nil {
					t.Error(err)
				}
			}
			for _, l := range lost {
				text += "# " + l.String() + "\n"
			}
			golden.Compare(t, strings.Replace(file, ".in.", ".out.", 1), text)
		})
	}
}

func TestWhatIsNoRule(t *testing.T) {
	for _, text := range []string{"a: [", "name: x\n", "just text", "kind: Route\nname: a\n"} {
		if _, _, err := Import([]Document{{"f", text}}); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

// Nothing from outside makes it panic, and what it makes can be applied.
func FuzzImport(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.in.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, _, err := Import([]Document{{"f", in}})
		if err != nil {
			return
		}
		for _, p := range policy.Parse("out", []byte(text)) {
			if err := p.Err(); err != nil {
				t.Error(err)
			}
		}
	})
}

// A match never loses one of its conditions, nor a rule its last match: they would fit more requests than was meant.
func TestNothingFitsMore(t *testing.T) {
	rule := func(matches string) string {
		return "kind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a]\n  http:\n    - match: [" + matches + "]\n      route: [{destination: {host: first}}]\n    - route: [{destination: {host: last}}]\n"
	}
	for name, c := range map[string]struct {
		matches string
		stays   bool
	}{
		"one that is refused":         {`{uri: {regex: "("}, headers: {x: {exact: a}}}`, false},
		"all are refused":             {`{uri: {regex: "("}}, {headers: {"a b": {exact: a}}}, {uri: {prefix: x}}`, false},
		"one that cannot be asked":    {`{port: 80, uri: {prefix: /}}`, false},
		"no mapping":                  {`x`, false},
		"refused and not to be asked": {`{port: 80}, {uri: {regex: "("}}`, false},
		"one of them is good":         {`{port: 80}, {uri: {regex: "("}}, {uri: {prefix: /good}}`, true},
		"good":                        {`{uri: {prefix: /good}}`, true},
	} {
		text, lost, err := Import([]Document{{"f", rule(c.matches)}})
		if err != nil || !strings.Contains(text, "service: last") {
			t.Fatalf("%s: the other rule is gone: %v\n%s", name, err, text)
		}
		if stays := strings.Contains(text, "service: first"); stays != c.stays || stays && strings.Count(text, "prefix: /good") != 1 {
			t.Errorf("%s: the rule stays: %v, want %v\n%s%v", name, stays, c.stays, text, lost)
		}
	}
}

// What is lost names the line and column of its field, in whichever document of a file.
func TestPlaces(t *testing.T) {
	text := "# rules\n---\nkind: Sidecar\nspec: {}\n---\r\nkind: List\nitems:\n  - kind: DestinationRule\n    metadata: {name: a}\n    spec:\n      host: a\n      trafficPolicy:\n        connectionPool: {tcp: {connectTimeout: 1h}}\n        tunnel: {}\n"
	_, lost, err := Import([]Document{{"f.yaml", text}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range lost {
		place, _, _ := strings.Cut(l.String(), ": ")
		got = append(got, place+" "+l.Field)
	}
	want := []string{
		"f.yaml:3:1 ", "f.yaml:13:32 spec.trafficPolicy.connectionPool.tcp.connectTimeout", "f.yaml:14:9 spec.trafficPolicy.tunnel",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
