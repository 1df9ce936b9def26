package policy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not current (-update writes it anew):\n%s", file, diff)
	}
}

// TestBadFiles holds what is said of bad files against goldens. A new case is a new file.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			bad := 0
			for _, p := range Parse(filepath.Base(file), text) {
				if (p.Policy == nil) != (len(p.Errors()) > 0) {
					t.Errorf("%s: a policy %v with errors %v", p.ID(), p.Policy, p.Errors())
				}
				bad += len(p.Problems)
				for _, problem := range p.Problems {
					out.WriteString(problem.Report(p.File, text) + "\n")
				}
			}
			if bad == 0 {
				t.Error("nothing is wrong with it")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", out.String())
		})
	}
}
