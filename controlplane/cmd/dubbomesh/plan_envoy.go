package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/envoy"
)

// validating bounds how long Envoy may take to check a configuration.
const validating = 2 * time.Minute

// validateEnvoy has a real Envoy check static resources.
func validateEnvoy(cmd *cobra.Command, static []byte) error {
	name, _ := cmd.Flags().GetString("envoy")
	path, err := exec.LookPath(name)
	if err != nil {
		return noEnvoy(name)
	}
	module, _ := cmd.Flags().GetString("module")
	if module, err = filepath.Abs(module); err == nil {
		_, err = os.Stat(module)
	}
	if err != nil {
		return fmt.Errorf("the Envoy module: %w; --module says where it is", err)
	}
	text, err := staticBootstrap(static, module)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "dubbomesh-plan-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	run := exec.CommandContext(cmd.Context(), path, "--mode", "validate", "--log-level", "error", "-c", file)
	run.Env = append(os.Environ(), "ENVOY_DYNAMIC_MODULES_SEARCH_PATH="+filepath.Dir(module))
	run.WaitDelay = time.Second
	note, err := judge(run, file)
	if err != nil {
		return err
	}
	cmd.PrintErrln("Envoy takes the outcome; TLS and log files of the proxies' machines were not looked at" + note)
	return nil
}

// judge runs an Envoy that checks a file. What it says of the file on standard output, once all of it is loaded, is what counts: a
// crash after that is a note. Envoy 1.39 ends so when it takes down statistics that access loggers share (sharing_name), which is
// how metrics.tags of a Telemetry are counted; an Envoy that serves keeps them.
func judge(run *exec.Cmd, file string) (note string, err error) {
	var said, log bytes.Buffer
	run.Stdout, run.Stderr = &said, &log
	if err := run.Start(); err != nil {
		return "", fmt.Errorf("envoy cannot be started: %w", err)
	}
	timer := time.AfterFunc(validating, func() { _ = run.Process.Kill() })
	defer timer.Stop()
	err = run.Wait()
	if err == nil {
		return "", nil
	}
	taken := slices.Contains(strings.Split(said.String(), "\n"), "configuration '"+file+"' OK")
	if code := run.ProcessState.ExitCode(); taken && (code < 0 || code > 128) { // by a signal, or a shell around it says so
		return fmt.Sprintf("; it crashed (%v) once it had said so, when it put away what it had loaded", err), nil
	}
	return "", fmt.Errorf("envoy refuses the outcome (%w):\n%s", err, strings.TrimSpace(said.String()+log.String()))
}

// noEnvoy says how to name an Envoy: one that was fetched into the folder of this program's sources, if there is one.
func noEnvoy(name string) error {
	example := "/path/to/envoy"
	if found, err := filepath.Glob(besideProgram("../.tools/envoy-*/envoy")); err == nil && len(found) > 0 {
		example = found[len(found)-1]
	}
	return usageError{fmt.Errorf("there is no Envoy at %q: write --envoy %s, or ENVOY=%[2]s before the command; in the repository `make envoy` fetches one into .tools", name, example)}
}

// staticBootstrap is the gateway's bootstrap with resources in it in place of a control plane.
func staticBootstrap(static []byte, module string) ([]byte, error) {
	var b struct {
		Node       any              `yaml:"node" json:"node"`
		Static     json.RawMessage  `yaml:"-" json:"static_resources"`
		Extensions []map[string]any `yaml:"bootstrap_extensions" json:"bootstrap_extensions"`
		Runtime    any              `yaml:"layered_runtime" json:"layered_runtime"`
	}
	if err := yaml.Unmarshal(envoy.Bootstrap, &b); err != nil {
		return nil, fmt.Errorf("bootstrap of Envoy: %w", err)
	}
	b.Static = static
	for _, e := range b.Extensions {
		typed, _ := e["typed_config"].(map[string]any)
		if c, ok := typed["dynamic_module_config"].(map[string]any); ok {
			c["module"] = map[string]any{"local": map[string]any{"filename": module}}
		}
	}
	return json.Marshal(b)
}
