package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/plan"
	"github.com/dubbomesh/dubbomesh/controlplane/plane"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
)

// planOffline takes everything from files.
func planOffline(cmd *cobra.Command, list []policy.Parsed) (out api.Planned, err error) {
	settings, err := load(cmd)
	if err != nil {
		return out, err
	}
	c := plan.Change{Options: plane.TranslateOptions(settings)}
	if c.Snapshot, err = readServices(cmd); err != nil {
		return out, err
	}
	if c.Before, err = readBase(cmd); err != nil {
		return out, err
	}
	prune, _ := cmd.Flags().GetBool("prune")
	c.After = plan.Overlay(c.Before, policiesOf(list), prune)
	made, resources := plan.Make(c)
	out.Plan = made
	if check, _ := cmd.Flags().GetBool("validate-envoy"); check {
		out.Static, err = plan.Static(resources)
	}
	return out, err
}

// readServices reads the files of --services. Instances that cannot be used are told of, and fail the command.
func readServices(cmd *cobra.Command) (snap model.Snapshot, err error) {
	files, _ := cmd.Flags().GetStringSlice("services")
	if len(files) == 0 {
		return snap, errNoServices
	}
	bad := 0
	for _, file := range files {
		services, problems, err := registry.ReadFile(file)
		if err != nil {
			return snap, fmt.Errorf("--services: %s: %w", file, err)
		}
		for _, p := range problems {
			cmd.PrintErrf("%s: %s\n", p.Key, p.Reason)
		}
		bad += len(problems)
		for _, s := range services {
			if _, twice := snap.Service(s.Name); twice {
				return snap, fmt.Errorf("--services: %s has service %s, which another file has, too; keep it in one", file, s.Name)
			}
			snap.Services = append(snap.Services, s)
		}
		slices.SortFunc(snap.Services, func(a, b model.Service) int { return cmp.Compare(a.Name, b.Name) })
	}
	if bad > 0 {
		return snap, fmt.Errorf("--services: %s cannot be used", count(bad, "instance"))
	}
	return snap, nil
}

// readBase reads the policies of --base.
func readBase(cmd *cobra.Command) (list []model.Policy, err error) {
	paths, _ := cmd.Flags().GetStringSlice("base")
	for _, path := range paths {
		files, err := expand(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := readPolicyFile(cmd, file)
			if err != nil {
				return nil, err
			}
			parsed := policy.Parse(file, text)
			for _, p := range parsed {
				if err := p.Err(); err != nil {
					return nil, fmt.Errorf("--base: %s: %s: %w", file, p.ID(), err)
				}
			}
			list = append(list, policiesOf(parsed)...)
		}
	}
	return list, nil
}

func policiesOf(list []policy.Parsed) (out []model.Policy) {
	for _, p := range list {
		out = append(out, p.Policy)
	}
	return out
}
