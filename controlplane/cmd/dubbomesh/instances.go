package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

func newInstances() *cobra.Command {
	return looking(&cobra.Command{
		Use:               "instances [service]",
		Short:             "List the instances of a service, or of all",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: complete(serviceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := control(cmd)
			if err != nil {
				return err
			}
			list, err := client.Instances(cmd.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			return show(cmd, list, instancesTable.noting(cmd, client, len(list)))
		},
	})
}

var instancesTable = table[api.Instance]{
	header: []string{"SERVICE", "ADDRESS", "PROTOCOL", "WEIGHT", "STATUS", "GROUP", "VERSION", "ZONE", "LABELS", "SOURCE"},
	none:   "no instance is registered; `dubbomesh register --help` shows how",
	row: func(in api.Instance) []string {
		status := in.Status
		if in.Protected {
			status += " (kept)"
		}
		return []string{in.Service, in.Address, in.Protocol, weightOf(in), status, in.Group, in.Version, in.Zone, labels(in.Labels), in.Source}
	},
}

// weightOf shows a weight, and of an override what it stands in for.
func weightOf(in api.Instance) string {
	if in.Registered == nil {
		return fmt.Sprint(in.Weight)
	}
	return fmt.Sprintf("%d (override; registered %d)", in.Weight, *in.Registered)
}

func labels(set map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		pairs = append(pairs, name+"="+set[name])
	}
	return strings.Join(pairs, ",")
}
