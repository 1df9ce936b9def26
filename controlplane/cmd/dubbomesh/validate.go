package main

import (
	"github.com/spf13/cobra"
)

func newValidate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate -f <file>",
		Short: "Check policies without a mesh",
		Long: "Check policies as `dubbomesh apply` and the control plane do, without reaching either. Every mistake is told at once,\n" +
			"with file, line and column; the exit code is 1 when there is one.",
		Example: "  dubbomesh validate -f policies/\n  cat hello.yaml | dubbomesh validate -f -",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := readPolicies(cmd)
			if err == nil {
				for _, p := range list {
					tell(cmd, "%s is valid", p.ID())
				}
			}
			return showResults(cmd, checked(list), err)
		},
	}
	fileFlag(cmd)
	resultFlag(cmd)
	return cmd
}
