package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newGet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "get [kind[/name]]...",
		Short: "List policies and what became of them",
		Long: "List policies as they stand in etcd, with what the control plane says of them: all, those of a kind, or one.\n" +
			"NOTE has what `dubbomesh status` warns of too, where a control plane answers at --api.\n" +
			"`dubbomesh apply -f -` takes what -o yaml and -o json print: what was written, with comments, where `policy` in JSON was\n" +
			"not edited. Keys that are no policies' are comments in YAML.",
		Example:           "  dubbomesh get\n  dubbomesh get traffic\n  dubbomesh get traffic/hello -o yaml",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeRefs,
		PreRunE:           checkOutput,
		RunE: func(cmd *cobra.Command, args []string) error {
			refs := []policyRef{{}}
			for i, arg := range args {
				ref, err := parseRef(arg, true)
				if err != nil {
					return err
				}
				refs = append(refs[:i], ref)
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				var list []policystore.Stored
				for _, ref := range refs {
					found, err := policystore.List(ctx, client, c.Etcd.Prefix, ref.kind, ref.name)
					if err != nil {
						return err
					}
					if ref.name != "" && len(found) == 0 {
						return fmt.Errorf("%s: %w; `dubbomesh get %s` lists what there is", ref, policystore.ErrNotFound, ref.kind)
					}
					list = append(list, found...)
				}
				return showPolicies(cmd, list, c.API.Listen)
			})
		},
	}
	outputFlag(cmd)
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup)
	return cmd
}

// showPolicies prints policies: as YAML what was written, as JSON that together with the status and what the control plane at
// an address knows besides.
func showPolicies(cmd *cobra.Command, list []policystore.Stored, control string) error {
	format, _ := cmd.Flags().GetString("output")
	if format != "yaml" {
		views := make([]policyView, len(list))
		for i, s := range list {
			views[i] = viewOf(s)
		}
		if len(views) > 0 {
			know(cmd, views, control)
		}
		return show(cmd, views, policiesTable)
	}
	for i, s := range list {
		if i > 0 {
			say(cmd, "---")
		}
		say(cmd, "%s", strings.TrimRight(strings.Map(visibleOrTab, portable(s)), "\n"))
	}
	return nil
}

// visibleOrTab is visible, but for tabs, which a policy may have.
func visibleOrTab(r rune) rune {
	if r == '\t' {
		return r
	}
	return visible(r)
}

// knowing bounds how long `get` waits for what only a control plane knows.
const knowing = 2 * time.Second

// know adds what only a control plane knows: warnings about what the mesh has now. One that does not answer, or has judged
// other versions, adds nothing.
func know(cmd *cobra.Command, views []policyView, control string) {
	ctx, cancel := context.WithTimeout(cmd.Context(), knowing)
	defer cancel()
	all, err := api.NewClient(control).Policies(ctx, "")
	if err != nil {
		cmd.PrintErrf("no control plane answers at %s: what is wrong with these policies in the mesh of now is not shown; --api says where else to ask\n", control)
		return
	}
	for i := range views {
		v := &views[i]
		at := slices.IndexFunc(all, func(p api.Policy) bool {
			return string(p.Kind) == v.Kind && p.Name == v.Name && p.Revision == v.Revision && p.Verdict == policystore.Accepted
		})
		if at >= 0 {
			v.Notes, v.leftOut = all[at].Notes, all[at].LeftOut
		}
	}
}

// policyView is a policy as -o json shows it.
type policyView struct {
	Kind     string              `json:"kind"`
	Name     string              `json:"name"`
	Revision int64               `json:"revision"`
	Status   *policystore.Status `json:"status"`          // null as long as no control plane has judged it
	Notes    []string            `json:"notes,omitempty"` // of the control plane, about what the mesh has now
	Policy   any                 `json:"policy,omitempty"`
	Text     string              `json:"text"` // as it was written
	service  string
	current  bool
	paused   bool
	leftOut  bool // a part of it has no effect
}

func viewOf(s policystore.Stored) policyView {
	v := policyView{Kind: string(s.Kind), Name: s.Name, Revision: s.Revision, Status: s.Status, current: s.Current()}
	v.Text, v.Policy = s.Text, decoded(s.Text)
	fields, _ := v.Policy.(map[string]any)
	v.service, _ = fields["service"].(string)
	v.paused, _ = fields["paused"].(bool)
	return v
}

var policiesTable = table[policyView]{
	header: []string{"POLICY", "SERVICE", "STATE", "IN FORCE", "NOTE"},
	none:   "there are no policies; `dubbomesh apply --help` shows how to write one",
	row: func(v policyView) []string {
		state, inForce, note := "not judged yet", "", ""
		if v.current {
			state, note = string(v.Status.Verdict), firstError(*v.Status)
			for _, said := range [][]string{v.Notes, warnings(v.Status.Problems)} {
				if note == "" {
					note = strings.Join(said, "; ")
				}
			}
		}
		if v.Status != nil && v.Status.LastGood != nil {
			inForce = fmt.Sprintf("revision %d", v.Status.LastGood.Revision)
			if v.current && v.Status.Verdict == policystore.Accepted {
				inForce = "yes"
			}
		}
		if v.current && inForce == "" {
			inForce = "no"
		}
		switch {
		case !v.current:
		case v.paused:
			inForce = "paused"
		case !policy.Effective(model.Kind(v.Kind)):
			inForce = "not yet"
		case v.leftOut:
			inForce = "in part"
		}
		return []string{v.Kind + "/" + v.Name, v.service, state, inForce, note}
	},
}

// completeRefs offers kinds and, after a slash, the names of policies.
func completeRefs(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return refs(cmd, typed, true), cobra.ShellCompDirectiveNoFileComp
}
