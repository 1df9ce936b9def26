package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
