package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/plan"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// planFlags adds what diff needs to tell what policies would change in the mesh.
func planFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolP("verbose", "v", false, "show every field that differs")
	f.Bool("prune", false, "as if policies that are not in the files were deleted, which delete does and apply never")
	f.Bool("offline", false, "ask no control plane; needs --services")
	f.StringSlice("services", nil, "file with services and their instances, for --offline; may be repeated")
	f.StringSlice("base", nil, "file or folder with the policies that there are, for --offline; may be repeated")
	f.Bool("validate-envoy", false, "have Envoy check the outcome (envoy --mode validate)")
	f.String("envoy", envoyDefault(), "Envoy for --validate-envoy, a path or a name on the PATH (or ENVOY=<path>)")
	f.String("module", besideProgram("libdubbo.so"), "Envoy module that speaks Dubbo, for --validate-envoy")
}

// diffMesh prints what policies would change in the mesh; errDiffers when that is anything.
func diffMesh(cmd *cobra.Command) error {
	offline, _ := cmd.Flags().GetBool("offline")
	for _, name := range []string{"services", "base"} {
		if cmd.Flags().Changed(name) && !offline {
			return usageError{fmt.Errorf("--%s goes with --offline; without it the control plane knows", name)}
		}
	}
	list, err := readPolicies(cmd)
	if err != nil {
		return err
	}
	work := planLive
	if offline {
		work = planOffline
	}
	planned, err := work(cmd, list)
	if err != nil {
		return err
	}
	if err := showPlan(cmd, planned.Plan); err != nil {
		return err
	}
	if check, _ := cmd.Flags().GetBool("validate-envoy"); check {
		if err := validateEnvoy(cmd, planned.Static); err != nil {
			return err
		}
	}
	if !planned.Empty() {
		return errDiffers
	}
	return nil
}

// planLive asks the control plane.
func planLive(cmd *cobra.Command, list []policy.Parsed) (api.Planned, error) {
	client, err := control(cmd)
	if err != nil {
		return api.Planned{}, err
	}
	var asked api.PlanRequest
	asked.Prune, _ = cmd.Flags().GetBool("prune")
	asked.Static, _ = cmd.Flags().GetBool("validate-envoy")
	for _, p := range list {
		asked.Policies = append(asked.Policies, api.Document{File: p.File, Text: p.Text})
	}
	return client.Plan(cmd.Context(), asked)
}

// showPlan prints a plan as -o says. Warnings go to standard error where the plan is for people.
func showPlan(cmd *cobra.Command, p plan.Plan) error {
	if format, _ := cmd.Flags().GetString("output"); format != "table" {
		return showOne(cmd, p)
	}
	for _, w := range p.Warnings {
		cmd.PrintErrln("warning: " + printable(w.String()))
	}
	if p.Empty() {
		cmd.PrintErrln("nothing would change")
		return nil
	}
	var rows []planRow
	for _, c := range p.Policies {
		rows = append(rows, planRow{c.Action, "policy", c.Policy, ""})
	}
	for _, r := range p.Resources {
		detail := ""
		if r.Action == plan.Changed {
			detail = count(len(r.Fields), "field")
		}
		rows = append(rows, planRow{r.Action, r.Type, r.Name, detail})
	}
	if err := planTable.write(cmd.OutOrStdout(), rows); err != nil {
		return err
	}
	if verbose, _ := cmd.Flags().GetBool("verbose"); verbose {
		for _, r := range p.Resources {
			writeFields(cmd.OutOrStdout(), r)
		}
	}
	for _, g := range p.Groups {
		say(cmd, "%d of %s in group %s would be reached", g.Touched, countProxies(g.Proxies), printable(g.Name))
	}
	return nil
}

type planRow struct {
	action             plan.Action
	kind, name, detail string
}

var planTable = table[planRow]{
	header: []string{"", "TYPE", "NAME", "DIFFERENCE"},
	row:    func(r planRow) []string { return []string{sign[r.action], r.kind, r.name, r.detail} },
}

var sign = map[plan.Action]string{plan.Added: "+", plan.Changed: "~", plan.Removed: "-"}

func countProxies(n int) string {
	if n == 1 {
		return "1 proxy"
	}
	return fmt.Sprintf("%d proxies", n)
}

// writeFields prints every field that differs, in a line of its own for each side.
func writeFields(out io.Writer, r plan.Resource) {
	_, _ = fmt.Fprintf(out, "\n%s %s %s\n", sign[r.Action], r.Type, printable(r.Name))
	for _, f := range r.Fields {
		path := ""
		if f.Path != "" {
			path = printable(f.Path) + ": "
		}
		if f.Action != plan.Added {
			_, _ = fmt.Fprintf(out, "  - %s%s\n", path, fieldText(f.Before))
		}
		if f.Action != plan.Removed {
			_, _ = fmt.Fprintf(out, "  + %s%s\n", path, fieldText(f.After))
		}
	}
}

func fieldText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.Map(visible, string(text))
}

var errNoServices = errors.New("--services is missing: name a file with services and their instances")
