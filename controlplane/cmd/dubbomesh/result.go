package main

import (
	"encoding/json"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// result is what became of one policy, as -o json and -o yaml of every command that checks or changes policies show it. Its
// fields are a contract: they are added, not renamed.
type result struct {
	Kind     model.Kind          `json:"kind"`
	Name     string              `json:"name"`
	File     string              `json:"file,omitempty"` // that it was read from
	Outcome  policystore.Outcome `json:"outcome"`
	Revision int64               `json:"revision,omitempty"` // of etcd, at which it stands or is gone
	Verdict  policystore.Verdict `json:"verdict,omitempty"`  // of a control plane, with --wait
	Problems []policy.Problem    `json:"problems,omitempty"` // with line and column; those with "warning" do not keep it from being used
	Notes    []string            `json:"notes,omitempty"`    // what it names that there is not, and the like
	Rollout  *api.Rollout        `json:"rollout,omitempty"`  // how far Envoys are, with --wait
	Error    string              `json:"error,omitempty"`    // why it was not written, or is not known to be in force
	Policy   any                 `json:"policy,omitempty"`   // that was made, of import
}

// The outcomes beside those of the policy store, which are created, configured, unchanged and deleted.
const (
	valid        policystore.Outcome = "valid"        // checked; nothing is written
	invalid      policystore.Outcome = "invalid"      // it has a mistake; nothing is written
	failed       policystore.Outcome = "failed"       // it was not written or deleted
	made         policystore.Outcome = "made"         // of a rule of another mesh; nothing is written
	notExpressed policystore.Outcome = "notExpressed" // a rule of another mesh of which something is in no policy
)

// checked are the results of reading policies.
func checked(list []policy.Parsed) []*result {
	results := make([]*result, len(list))
	for i, p := range list {
		results[i] = &result{Kind: p.Kind, Name: p.Name, File: p.File, Outcome: valid, Problems: p.Problems}
		if len(p.Errors()) > 0 {
			results[i].Outcome = invalid
		}
	}
	return results
}

// resultFlag adds -o to a command that checks or changes policies, and refuses wrong flags before anything is done.
func resultFlag(cmd *cobra.Command) {
	outputFlag(cmd)
	cmd.Flags().Lookup("output").Usage = "table (plain text), json or yaml"
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := checkWait(cmd); err != nil {
			return err
		}
		return checkOutput(cmd, args)
	}
}

// plain reports whether what a command did is told as text.
func plain(cmd *cobra.Command) bool {
	format, _ := cmd.Flags().GetString("output")
	return format == formats[0] || format == ""
}

// tell says what a command has done, unless results are shown in its place.
func tell(cmd *cobra.Command, format string, args ...any) {
	if plain(cmd) {
		say(cmd, format, args...)
	}
}

// showResults prints what became of policies when -o asks for that. err is the command's own, which comes first.
func showResults(cmd *cobra.Command, results []*result, err error) error {
	if plain(cmd) {
		return err
	}
	if shown := show(cmd, results, table[*result]{}); err == nil {
		err = shown
	}
	return err
}

// decoded is a YAML or JSON text as a value; nil when it is neither.
func decoded(text string) (value any) {
	if _, err := document.Parse([]byte(text), policy.MaxBytes); err != nil {
		return nil
	}
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil || json.Unmarshal(asJSON, &value) != nil {
		return nil
	}
	return value
}
