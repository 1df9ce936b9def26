package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
)

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
			golden.Compare(t, strings.TrimSuffix(file, ".yaml")+".txt", out.String())
		})
	}
}
