package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

func newDefinitions() *cobra.Command {
	return looking(&cobra.Command{
		Use:               "definitions [service]",
		Short:             "List what is known of the methods and classes of a service, or of all",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: complete(serviceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := control(cmd)
			if err != nil {
				return err
			}
			list, err := client.Definitions(cmd.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			return show(cmd, list, definitionsTable.noting(cmd, client, len(list)))
		},
	})
}

var definitionsTable = table[api.Definition]{
	header: []string{"SERVICE", "GROUP", "VERSION", "METHODS", "CLASSES", "FROM", "SOURCE"},
	none:   "no definition is known; docs/registration.md says how providers report theirs, and how one is written by hand",
	row: func(d api.Definition) []string {
		from := cmp.Or(d.Application, "by hand")
		if d.Overruled {
			from += " (overruled)"
		}
		return []string{d.Service, d.Group, d.Version, fmt.Sprint(len(d.Methods)), fmt.Sprint(len(d.Classes)), from, d.Source}
	},
}
