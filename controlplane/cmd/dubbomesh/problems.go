package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

func newProblems() *cobra.Command {
	return looking(&cobra.Command{
		Use:   "problems",
		Short: "List what is registered but cannot be used, and why",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := control(cmd)
			if err != nil {
				return err
			}
			list, err := client.Problems(cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd, list, problemsTable)
		},
	})
}

var problemsTable = table[model.Problem]{
	header: []string{"SINCE", "IN FORCE", "WHERE", "WHY"},
	none:   "no problems",
	row: func(p model.Problem) []string {
		inForce := "nothing"
		if p.LastGood {
			inForce = "last good value"
		}
		since := ""
		if !p.Since.IsZero() {
			since = p.Since.Local().Format(time.DateTime)
		}
		return []string{since, inForce, p.Key, p.Reason}
	},
}
