package testenvoy

import (
	"os"
	"path/filepath"
	"testing"
)

// find returns the file that the environment variable names or that lies at path below the repository's root.
func find(t testing.TB, variable, path, remedy string) string {
	t.Helper()
	file := os.Getenv(variable)
	if file == "" {
		file = filepath.Join(root(t), path)
	}
	file, err := filepath.Abs(file)
	if err == nil {
		_, err = os.Stat(file)
	}
	if err != nil {
		t.Fatalf("%v; run `%s` or set %s to its path", err, remedy, variable)
	}
	return file
}

// Root is the repository's root: the nearest folder upwards that holds go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod in this folder or above it: run the test inside the repository")
		}
		dir = parent
	}
}
