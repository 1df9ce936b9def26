package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/importer"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// fileFlag adds -f to a command.
func fileFlag(cmd *cobra.Command) {
	cmd.Flags().StringSliceP("filename", "f", nil, "file or folder with policies, - for standard input; may be repeated")
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
}

// errNoFiles is a usage error of a command that needs -f.
var errNoFiles = errors.New("-f is missing: name a file or a folder with policies, or - for standard input")

// maxPolicyFile bounds what is read of a file: what is larger is none with policies.
const maxPolicyFile = 64 << 20

// readPolicies reads the policies of -f. Problems are printed, each with its place; any error among them makes the command
// fail before it does anything, and the policies are returned with it.
func readPolicies(cmd *cobra.Command) ([]policy.Parsed, error) {
	paths, _ := cmd.Flags().GetStringSlice("filename")
	if len(paths) == 0 {
		return nil, usageError{errNoFiles}
	}
	units, err := readUnits(cmd, paths)
	if err != nil {
		return nil, err
	}
	var list []policy.Parsed
	first := map[string]string{}
	errs, bad := 0, 0
	for _, u := range units {
		for _, p := range policy.Parse(u.name, u.text) {
			if other, twice := first[p.ID()]; twice && other != u.name && p.Name != "" {
				p.Problems = append(p.Problems, policy.Problem{Line: p.Line, Column: 1, Message: p.ID() + " is in " + other + " too; keep one"})
			}
			first[p.ID()] = u.name
			for _, problem := range p.Problems {
				if problem.Field == "kind" && slices.Contains(importer.Kinds, string(p.Kind)) {
					problem.Message = fmt.Sprintf("%s is a rule of another mesh; make policies of it with `dubbomesh import -f %s`", p.Kind, u.name)
				}
				cmd.PrintErrln(problem.Report(u.name, u.text))
			}
			if n := len(p.Errors()); n > 0 {
				errs, bad = errs+n, bad+1
			}
			list = append(list, p)
		}
	}
	switch {
	case errs > 0:
		return list, fmt.Errorf("%s in %s", count(errs, "error"), count(bad, "policy"))
	case len(list) == 0:
		return nil, fmt.Errorf("there is no policy in %s", strings.Join(paths, ", "))
	}
	return list, nil
}

// readUnits reads the files that paths stand for.
func readUnits(cmd *cobra.Command, paths []string) (units []unit, err error) {
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
			units = append(units, unitsOf(file, text)...)
		}
	}
	return units, nil
}

// count writes 1 error, 2 errors, 2 policies, 2 Envoys.
func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "cy"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// expand lists the files that a path stands for: those below a folder with policies in them, by name.
func expand(path string) ([]string, error) {
	if path == "-" {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("-f: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no .yaml, .yml or .json file", path)
	}
	return files, err
}

func readPolicyFile(cmd *cobra.Command, file string) ([]byte, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("-f: %w", err)
		}
		defer func() { _ = opened.Close() }()
		in = opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPolicyFile))
	if err != nil {
		return nil, fmt.Errorf("-f: read %s: %w", file, err)
	}
	return text, nil
}

// policyRef is kind and name of a policy as commands take them.
type policyRef struct {
	kind model.Kind
	name string
}

// String is kind/name, or the kind alone.
func (r policyRef) String() string { return strings.TrimSuffix(string(r.kind)+"/"+r.name, "/") }

// parseRef reads kind/name, or, where a whole kind can be meant, kind. A kind may be written small and as a plural.
func parseRef(text string, whole bool) (policyRef, error) {
	word, name, has := strings.Cut(text, "/")
	kind, err := parseKind(word)
	if err != nil {
		return policyRef{}, usageError{err}
	}
	if (has && name == "") || (!has && !whole) {
		return policyRef{}, usageError{fmt.Errorf("%q names no policy: write %s/<name>", text, kind)}
	}
	return policyRef{kind, name}, nil
}

func parseKind(word string) (model.Kind, error) {
	var known []string
	for _, kind := range model.Kinds {
		known = append(known, string(kind))
		for _, spelling := range []string{string(kind), string(kind) + "s", strings.TrimSuffix(string(kind), "y") + "ies", string(kind) + "es"} {
			if strings.EqualFold(word, spelling) {
				return kind, nil
			}
		}
	}
	if near := nearest.Word(word, known); near != "" {
		return "", fmt.Errorf("%q is no kind of policy: did you mean %q?", word, near)
	}
	return "", fmt.Errorf("%q is no kind of policy: write one of %s", word, strings.Join(known, ", "))
}

// author is who makes a change, for the history.
func author(cmd *cobra.Command) policystore.Author {
	note, _ := cmd.Flags().GetString("note")
	who := "unknown"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		who += "@" + host
	}
	return policystore.Author{Who: who, Note: note}
}

func noteFlag(cmd *cobra.Command) {
	cmd.Flags().String("note", "", "why, for the history")
}
