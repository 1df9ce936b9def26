package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

func newProxies() *cobra.Command {
	return looking(&cobra.Command{
		Use:   "proxies",
		Short: "List the Envoys that are connected, and whether they accepted what they were sent",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := control(cmd)
			if err != nil {
				return err
			}
			list, err := client.Proxies(cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd, list, proxiesTable)
		},
	})
}

var proxiesTable = table[xds.Proxy]{
	header: []string{"PROXY", "CLUSTER", "VERSION", "SINCE", "CONFIGURATION"},
	none:   "no Envoy is connected; `envoy -c envoy/bootstrap.yaml` connects one",
	row: func(p xds.Proxy) []string {
		return []string{p.ID, p.Cluster, p.Build, p.Connected.Local().Format(time.DateTime), progress(p)}
	},
}

// progress sums up how far a proxy has come.
func progress(p xds.Proxy) string {
	if p.InSync {
		return "in sync"
	}
	var refused []string
	for _, t := range p.Types {
		if len(t.Refused) > 0 {
			refused = append(refused, fmt.Sprintf("refused %s %s: %s", t.Name, strings.Join(t.Refused, ","), t.LastNACK))
		}
	}
	if len(refused) == 0 {
		return "under way"
	}
	return strings.Join(refused, "; ")
}
