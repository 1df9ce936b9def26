package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// portable is a policy's text as `apply -f` takes it, one document with kind and name, which a key makes dispensable; what was
// written is kept as it is besides, with its comments. What is no policy's key becomes a comment.
func portable(s policystore.Stored) string {
	if !slices.Contains(model.Kinds, s.Kind) || s.Name == "" || strings.Contains(s.Name, "/") {
		return commented(fmt.Sprintf("%s/%s is no policy's key:\n%s", s.Kind, s.Name, s.Text))
	}
	text := oneDocument(s.Text)
	fields, _ := decoded(text).(map[string]any)
	root, err := document.Parse([]byte(text), policy.MaxBytes)
	if fields == nil || root == nil || err != nil {
		return text
	}
	said := []string{} // what the text leaves out, as JSON, which is YAML
	for _, field := range []struct{ name, value string }{{"kind", string(s.Kind)}, {"name", s.Name}} {
		if _, has := fields[field.name]; !has {
			said = append(said, field.name, field.value)
		}
	}
	whole := completed(text, root, said, len(fields) == 0)
	if again := policy.Parse("", []byte(whole)); len(again) == 1 && len(again[0].Errors()) <= len(policy.ParseKey(string(s.Kind), s.Name, []byte(s.Text)).Errors()) {
		return whole
	}
	fields["kind"], fields["name"] = s.Kind, s.Name
	if anew, err := yaml.Marshal(fields); err == nil {
		return string(anew)
	}
	return text
}

// commented makes comments of lines.
func commented(text string) string {
	return "# " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n# ") + "\n"
}

// oneDocument is a text without what begins and ends documents.
func oneDocument(text string) string {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	directives := strings.HasPrefix(text, "%")
	var out strings.Builder
	for line := range strings.Lines(text) {
		rest, marks := strings.CutPrefix(line, "---")
		blank := strings.TrimSpace(rest) == ""
		switch {
		case directives && strings.HasPrefix(line, "%"), strings.TrimRight(line, " \t\n") == "...":
			continue
		case marks && blank:
			directives = false
			continue
		case marks && (rest[0] == ' ' || rest[0] == '\t'):
			directives = false
			line = "   " + rest
		}
		out.WriteString(line)
	}
	return strings.TrimLeft(out.String(), "\n")
}

// completed adds fields, names and values one after the other, at the beginning of a mapping.
func completed(text string, root ast.Node, fields []string, empty bool) string {
	if len(fields) == 0 {
		return text
	}
	line, column := document.Position(root)
	if m, is := root.(*ast.MappingNode); is && m.IsFlowStyle {
		var add []string
		for i := 0; i < len(fields); i += 2 {
			add = append(add, fmt.Sprintf("%q: %s", fields[i], quoted(fields[i+1])))
		}
		said := strings.Join(add, ", ")
		if !empty {
			said += ", "
		}
		lines := strings.SplitAfter(text, "\n")
		at := []rune(lines[line-1])
		lines[line-1] = string(at[:column]) + said + string(at[column:])
		return strings.Join(lines, "")
	}
	margin := ""
	for _, first := range strings.Split(text, "\n") { // which stands as far in as all others
		if rest := strings.TrimLeft(first, " "); rest != "" && rest[0] != '#' {
			margin = first[:len(first)-len(rest)]
			break
		}
	}
	var above strings.Builder
	for i := 0; i < len(fields); i += 2 {
		_, _ = fmt.Fprintf(&above, "%s%s: %s\n", margin, fields[i], fields[i+1])
	}
	return above.String() + text
}

func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// unit is what is read as a file with policies.
type unit struct {
	name string
	text []byte
}

// unitsOf takes apart what `get -o json` prints, and other lists in JSON; everything else is one unit.
func unitsOf(file string, text []byte) []unit {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	var items []json.RawMessage
	switch {
	case bytes.HasPrefix(trimmed, []byte("{")) && json.Valid(trimmed):
		return []unit{{file, listed(trimmed, text)}}
	case !bytes.HasPrefix(trimmed, []byte("[")) || json.Unmarshal(trimmed, &items) != nil:
		return []unit{{file, text}}
	}
	units := make([]unit, len(items))
	for i, item := range items {
		units[i] = unit{fmt.Sprintf("%s item %d", file, i+1), listed(item, item)}
	}
	return units
}

// listed is the text of a policy as `get -o json` shows it: as it was written, unless its fields were edited. What is
// something else is left as it is.
func listed(item, otherwise []byte) []byte {
	var v struct {
		Kind     model.Kind
		Name     string
		Revision int64
		Policy   any
		Text     string
	}
	if json.Unmarshal(item, &v) != nil || v.Revision == 0 || v.Name == "" || v.Policy == nil && v.Text == "" {
		return otherwise
	}
	s := policystore.Stored{Kind: v.Kind, Name: v.Name, Text: v.Text}
	if v.Policy != nil && !reflect.DeepEqual(decoded(v.Text), v.Policy) {
		var raw struct{ Policy json.RawMessage }
		_ = json.Unmarshal(item, &raw) // which has just been read
		s.Text = string(raw.Policy)
		if lines, err := yaml.JSONToYAML(raw.Policy); err == nil {
			s.Text = string(lines)
		}
	}
	return []byte(portable(s))
}
