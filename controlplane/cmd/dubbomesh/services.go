package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// looking is a command that asks the control plane's API.
func looking(cmd *cobra.Command) *cobra.Command {
	settings.Flags(cmd.Flags(), settings.APIGroup)
	outputFlag(cmd)
	cmd.PreRunE = checkOutput
	return cmd
}

// noting makes an empty table point at the problems there are, because they may be why it is empty.
func (t table[T]) noting(cmd *cobra.Command, client *api.Client, items int) table[T] {
	if items > 0 {
		return t
	}
	if problems, err := client.Problems(cmd.Context()); err == nil && len(problems) > 0 {
		t.none = fmt.Sprintf("nothing usable is registered; `dubbomesh problems` shows why (%d)", len(problems))
	}
	return t
}

func newServices() *cobra.Command {
	return looking(&cobra.Command{
		Use:   "services",
		Short: "List the services that are registered",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := control(cmd)
			if err != nil {
				return err
			}
			list, err := client.Services(cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd, list, servicesTable.noting(cmd, client, len(list)))
		},
	})
}

var servicesTable = table[api.Service]{
	header: []string{"SERVICE", "PROTOCOLS", "SERVING", "WEIGHT", "NOTE"},
	none:   "nothing is registered; `dubbomesh register --help` shows how",
	row: func(s api.Service) []string {
		note := ""
		if s.Protected {
			note = "kept: most of its instances vanished at once"
		}
		return []string{s.Name, strings.Join(s.Protocols, ","), fmt.Sprintf("%d/%d", s.Serving, s.Instances), fmt.Sprint(s.Weight), note}
	},
}
