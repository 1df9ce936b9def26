package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

func newConfig() *cobra.Command {
	cmd := looking(&cobra.Command{
		Use:               "config <proxy>",
		Short:             "Show what an Envoy was sent (-o json and yaml with all details)",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(proxyNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, _ := cmd.Flags().GetString("type")
			if kind != "" && !slices.Contains(api.Types, kind) {
				return usageError{fmt.Errorf("type is %q: write one of %s", kind, strings.Join(api.Types, ", "))}
			}
			client, err := control(cmd)
			if err != nil {
				return err
			}
			list, err := client.Config(cmd.Context(), args[0], kind)
			if err != nil {
				return err
			}
			return show(cmd, list, resourcesTable)
		},
	})
	cmd.Flags().String("type", "", "only "+strings.Join(api.Types, ", "))
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(api.Types, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var resourcesTable = table[api.Resource]{
	header: []string{"TYPE", "NAME"},
	none:   "the proxy was sent nothing of that type",
	row:    func(r api.Resource) []string { return []string{r.Type, r.Name} },
}
