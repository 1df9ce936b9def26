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
			return show(cmd, list, servicesTable)
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
