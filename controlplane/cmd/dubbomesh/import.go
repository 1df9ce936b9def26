package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/importer"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

func newImport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import -f <file>",
		Short: "Make policies of rules of Istio and OpenSergo",
		Long: "Read VirtualServices and DestinationRules of Istio, and fault tolerance, traffic router and traffic lane rules of\n" +
			"OpenSergo, and print policies that say the same. What cannot be expressed, or would be refused, is left out alone and\n" +
			"told on standard error, each field with its file, line and column. What Istio does where a rule says nothing (no\n" +
			"timeout, its retries, 404 for what no rule fits) is written down. Rules that name each other have to be read\n" +
			"together. Nothing is written: `dubbomesh diff -f -` shows what it would do.\n\n" +
			"Exit codes: 0 policies are printed, whatever was left out; 1 a file cannot be read; 2 a mistake in the call;\n" +
			"3 with --strict, when something was left out or assumed.",
		Example: "  dubbomesh import -f istio/ > policies.yaml\n  kubectl get virtualservice reviews -o yaml | dubbomesh import -f - | dubbomesh diff -f -",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			documents, err := readDocuments(cmd)
			if err != nil {
				return err
			}
			text, lost, err := importer.Import(documents)
			if err != nil {
				return err
			}
			for _, l := range lost {
				cmd.PrintErrln("not expressed: " + printable(l.String()))
			}
			for _, p := range policy.Parse("", []byte(text)) {
				for _, said := range warnings(p.Problems) {
					cmd.PrintErrln("warning: " + printable(p.ID()+": "+said))
				}
			}
			if plain(cmd) {
				if _, err = fmt.Fprint(cmd.OutOrStdout(), text); err != nil {
					return err
				}
			}
			if strict, _ := cmd.Flags().GetBool("strict"); strict && len(lost) > 0 {
				err = exitError{fmt.Errorf("%s not expressed", count(len(lost), "field")), 3}
			}
			return showResults(cmd, imported(text, lost), err)
		},
	}
	cmd.Flags().StringSliceP("filename", "f", nil, "file or folder with rules, - for standard input; may be repeated")
	cmd.Flags().Bool("strict", false, "end with exit code 3 when something was not expressed")
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	resultFlag(cmd)
	return cmd
}

// imported are the results of an import: the policies that were made, and the rules of which something is in none.
func imported(text string, lost []importer.Lost) (results []*result) {
	for _, p := range policy.Parse("", []byte(text)) {
		results = append(results, &result{Kind: p.Kind, Name: p.Name, Outcome: made, Problems: p.Problems, Policy: decoded(p.Text)})
	}
	var last *result
	for _, l := range lost {
		kind, name, _ := strings.Cut(l.Of, "/")
		if last == nil || last.File != l.File || string(last.Kind) != kind || last.Name != name {
			last = &result{Kind: model.Kind(kind), Name: name, File: l.File, Outcome: notExpressed}
			results = append(results, last)
		}
		last.Problems = append(last.Problems, policy.Problem{Line: l.Line, Column: l.Column, Field: l.Field, Message: l.Why})
	}
	return results
}

// readDocuments reads the files of -f.
func readDocuments(cmd *cobra.Command) (list []importer.Document, err error) {
	paths, _ := cmd.Flags().GetStringSlice("filename")
	if len(paths) == 0 {
		return nil, usageError{fmt.Errorf("-f is missing: name a file or a folder with rules, or - for standard input")}
	}
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
			list = append(list, importer.Document{File: file, Text: string(text)})
		}
	}
	return list, nil
}
