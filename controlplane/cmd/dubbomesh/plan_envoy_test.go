package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// TestPlanOfAllExamples is what docs/plan.md says of CI, with every example as the change and all of them as what there is.
func TestPlanOfAllExamples(t *testing.T) {
	const examples = "../../../examples/"
	files, err := filepath.Glob(examples + "policies/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	check := []string{
		"diff", "--offline", "--services", examples + "registration/services.yaml",
		"--validate-envoy", "--envoy", testenvoy.Binary(t), "--module", testenvoy.Module(t), "-f",
	}
	const taken = `.*Envoy takes the outcome; TLS and log files of the proxies' machines were not looked at[^\n]*\ndubbomesh: there are differences\n`
	for _, file := range append(files, examples+"policies/") {
		want(t, 1, ".*", taken, append(check, file)...)
	}
	one := write(t, hello)
	want(t, 1, ".*", taken, append(check, one, "--base", examples+"policies/")...)
}

// TestJudge holds an Envoy to what it says of the file, however it ends.
func TestJudge(t *testing.T) {
	const taken = "echo \"configuration '$0' OK\"; "
	for script, want := range map[string]string{
		taken:                         "",
		taken + "kill -SEGV $$":       "; it crashed (signal: segmentation fault) once it had said so, when it put away what it had loaded",
		taken + "exit 139":            "; it crashed (exit status 139) once it had said so, when it put away what it had loaded",
		taken + "echo no >&2; exit 1": "refused",
		taken + "exit 128":            "refused",
		"echo no >&2; exit 1":         "refused",
		"kill -SEGV $$":               "refused",
		"echo \"configuration '$0' OK\" >&2; kill -SEGV $$": "refused",
		"echo \"x: configuration '$0' OK\"; kill -SEGV $$":  "refused",
		"echo \"configuration 'x' OK\"; kill -SEGV $$":      "refused",
	} {
		note, err := judge(exec.CommandContext(t.Context(), "/bin/sh", "-c", script, "/a file.json"), "/a file.json")
		got := note
		if err != nil {
			got = "refused"
		}
		if got != want || err != nil && !strings.HasPrefix(err.Error(), "envoy refuses the outcome (") {
			t.Errorf("%s\n%q %v, want %q", script, note, err, want)
		}
	}
	if _, err := judge(exec.CommandContext(t.Context(), os.DevNull), "x"); err == nil || !strings.HasPrefix(err.Error(), "envoy cannot be started: ") {
		t.Error(err)
	}
}
