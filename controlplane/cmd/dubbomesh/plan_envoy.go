package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	timer := time.AfterFunc(validating, func() { _ = run.Process.Kill() })
	defer timer.Stop()
	if out, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("envoy refuses the outcome (%w):\n%s", err, strings.TrimSpace(string(out)))
	}
	cmd.PrintErrln("Envoy takes the outcome; TLS and log files of the proxies' machines were not looked at")
	return nil
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
