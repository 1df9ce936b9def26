package up

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// envoyScript runs scripts/envoy.sh with ENVOY set and dir first on the PATH.
func envoyScript(t *testing.T, envoy, dir string) (stdout, stderr string) {
	t.Helper()
	script := exec.CommandContext(t.Context(), "../../scripts/envoy.sh")
	script.Env = append(os.Environ(), "ENVOY="+envoy, "PATH="+dir+":"+os.Getenv("PATH"))
	var errs strings.Builder
	script.Stderr = &errs
	out, err := script.Output()
	if (err == nil) != (errs.Len() == 0) {
		t.Errorf("ENVOY=%s: %v with %q on standard error", envoy, err, errs.String())
	}
	return strings.TrimSpace(string(out)), errs.String()
}

func TestEnvoyScriptTakesPathsAndNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with space")
	program := filepath.Join(dir, "some-envoy")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho version: abc/1.39.3/Clean\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, envoy := range []string{program, "some-envoy"} {
		if out, errs := envoyScript(t, envoy, dir); out != program {
			t.Errorf("ENVOY=%s: %q %s", envoy, out, errs)
		}
	}
	for envoy, want := range map[string]string{
		"envoy-that-is-nowhere": "is not on the PATH",
		dir:                     "is not an executable file",
		"./Makefile":            "is not an executable file",
		"true":                  "is version ''",
	} {
		if out, errs := envoyScript(t, envoy, dir); out != "" || !strings.Contains(errs, want) {
			t.Errorf("ENVOY=%s: %q %s, want %q", envoy, out, errs, want)
		}
	}
}
