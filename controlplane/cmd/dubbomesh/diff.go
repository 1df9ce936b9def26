package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/plan"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// errDiffers is the exit code of diff when there is a difference.
var errDiffers = errors.New("there are differences")

func newDiff() *cobra.Command {
	cmd := looking(&cobra.Command{
		Use:   "diff -f <file> | <kind/name> --revision <n>",
		Short: "Show what policies would change in the mesh, without applying them",
		Long: "Translate the mesh with the policies of the files and without them, and list the resources of Envoy that would be added,\n" +
			"changed or removed, the Envoys that would be reached, and what is probably not meant. With --lines, show by lines what\n" +
			"would change in the policies themselves; with --revision, what stands in etcd against an earlier revision, as\n" +
			"`dubbomesh rollback --revision` would bring it back.\n\n" +
			"With --offline no control plane is asked: the services stand in files in the form of the file source (--services), the\n" +
			"policies that there are in others (--base); settings come from --config.\n\n" +
			"Exit codes: 0 nothing would change, 1 something would, 2 it cannot be told.",
		Example: "  dubbomesh diff -f policies/ --verbose\n  dubbomesh diff -f policies/ --lines\n" +
			"  dubbomesh diff -f policies/ --offline --services services.yaml --validate-envoy\n  dubbomesh diff traffic/hello --revision 42",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := diff(cmd, args)
			if err != nil && !errors.Is(err, errDiffers) {
				return exitError{err, 2}
			}
			return err
		},
	})
	fileFlag(cmd)
	planFlags(cmd)
	cmd.Flags().Bool("lines", false, "compare the policies by lines with those in etcd")
	cmd.Flags().Int64("revision", 0, "compare with the policy as it was at this revision")
	_ = cmd.RegisterFlagCompletionFunc("revision", completeRevisions)
	settings.Flags(cmd.Flags(), settings.EtcdGroup)
	return cmd
}

func diff(cmd *cobra.Command, args []string) error {
	files, _ := cmd.Flags().GetStringSlice("filename")
	revision, _ := cmd.Flags().GetInt64("revision")
	if (len(args) > 0) == (len(files) > 0) || (len(args) > 0) != (revision > 0) {
		return usageError{errors.New("write either -f, or kind/name and --revision")}
	}
	if lines, _ := cmd.Flags().GetBool("lines"); !lines && len(files) > 0 {
		return diffMesh(cmd)
	}
	return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
		wanted, err := wantedTexts(ctx, cmd, client, c.Etcd.Prefix, args, revision)
		if err != nil {
			return err
		}
		return showDifferences(ctx, cmd, client, c.Etcd.Prefix, wanted)
	})
}

// wantedText is a policy as it would be.
type wantedText struct {
	ref  policyRef
	text string
}

func wantedTexts(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, prefix string, args []string, revision int64) ([]wantedText, error) {
	if len(args) == 0 {
		list, err := readPolicies(cmd)
		var wanted []wantedText
		for _, p := range list {
			wanted = append(wanted, wantedText{policyRef{p.Kind, p.Name}, p.Text})
		}
		return wanted, err
	}
	ref, err := parseRef(args[0], false)
	if err != nil {
		return nil, err
	}
	changes, err := policystore.History(ctx, client, prefix, ref.kind, ref.name)
	if err != nil {
		return nil, err
	}
	one, err := changeAt(ref, changes, revision)
	return []wantedText{{ref, one.Text}}, err
}

// difference is how a policy would differ from what stands in etcd, as -o json and yaml show it.
type difference struct {
	Kind   model.Kind  `json:"kind"`
	Name   string      `json:"name"`
	Action plan.Action `json:"action"` // added or changed
	Before string      `json:"before,omitempty"`
	After  string      `json:"after"`
	lines  string
}

// showDifferences prints how policies differ from what stands in etcd.
func showDifferences(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, prefix string, wanted []wantedText) error {
	list := []difference{}
	for _, w := range wanted {
		have, err := policystore.List(ctx, client, prefix, w.ref.kind, w.ref.name)
		if err != nil {
			return err
		}
		d := difference{Kind: w.ref.kind, Name: w.ref.name, Action: plan.Added, After: w.text}
		if len(have) > 0 {
			d.Action, d.Before = plan.Changed, have[0].Text
		}
		if d.lines = showLines(compareLines(d.Before, d.After)); d.lines != "" {
			list = append(list, d)
		}
	}
	if plain(cmd) {
		for _, d := range list {
			say(cmd, "%s/%s would be %s:\n%s", d.Kind, d.Name, became[d.Action], strings.TrimRight(d.lines, "\n"))
		}
		if len(list) == 0 {
			cmd.PrintErrln("nothing would change")
		}
	} else if err := show(cmd, list, table[difference]{}); err != nil {
		return err
	}
	if len(list) > 0 {
		return errDiffers
	}
	return nil
}

// became says in a sentence what an action does.
var became = map[plan.Action]string{plan.Added: "created", plan.Changed: "changed"}
