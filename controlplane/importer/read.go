package importer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// mostBytes is the size of the largest document that is read.
const mostBytes = 8 << 20

// read takes the rules of a file.
func (k *known) read(d Document) error {
	for _, part := range documents(d.Text) {
		root, err := document.Parse([]byte(part.text), mostBytes)
		if err != nil {
			return fmt.Errorf("%s: %w", d.File, below(part.above, err))
		}
		if root == nil {
			continue
		}
		if err := k.add(root, report{file: d.File, above: part.above}); err != nil {
			return err
		}
	}
	return nil
}

// below moves the place of an error down by so many lines.
func below(lines int, err error) error {
	line, column, rest := 0, 0, ""
	if n, _ := fmt.Sscanf(err.Error(), "%d:%d:", &line, &column); n < 2 {
		return err
	}
	_, rest, _ = strings.Cut(err.Error(), ": ")
	return fmt.Errorf("%d:%d: %s", line+lines, column, rest)
}

// add takes a rule, or each of a List, as kubectl prints several.
func (k *known) add(root ast.Node, in report) error {
	rep := in
	r := rule{report: &rep}
	fields, _ := value(root).(map[string]any)
	if len(fields) == 0 && root.Type() != ast.NullType {
		line, column := rep.place(root)
		return fmt.Errorf("%s:%d:%d: it is no rule; only rules of Istio and OpenSergo are read", in.file, line, column)
	}
	r.top = r.object("", fields, root)
	r.kind = r.top.text("kind")
	if r.kind == "List" || r.kind == "VirtualServiceList" || r.kind == "DestinationRuleList" {
		return k.addList(root, in)
	}
	if own := slices.Contains(model.Kinds, model.Kind(r.kind)) && !r.top.has("apiVersion"); own || r.kind == "" {
		line, column := rep.place(root)
		why := "it has no kind"
		if own {
			why = r.kind + " is a policy already"
		}
		return fmt.Errorf("%s:%d:%d: %s; only rules of Istio and OpenSergo are read", in.file, line, column, why)
	}
	r.top.ignore("apiVersion", "status")
	if meta := r.top.child("metadata"); meta != nil {
		r.name, r.namespace = meta.text("name"), meta.text("namespace")
		r.created, _ = meta.fields["creationTimestamp"].(string)
		meta.ignore(meta.names()...)
	}
	r.of = r.kind + "/" + r.name
	if r.spec = r.top.child("spec"); r.spec == nil {
		if slices.Contains(Kinds, r.kind) {
			rep.add(root, "spec", "it is missing")
		}
		r.top.ignore(r.top.names()...)
		r.spec = r.object("spec", nil, root)
	}
	k.rules = append(k.rules, r)
	return nil
}

func (k *known) addList(root ast.Node, in report) error {
	var errs []error
	if list, ok := plain(memberOf(root, "items")).(*ast.SequenceNode); ok {
		for _, item := range list.Values {
			errs = append(errs, k.add(item, in))
		}
	}
	return errors.Join(errs...)
}

// piece is one document of a file.
type piece struct {
	text  string
	above int // how many lines of the file stand before it
}

// documents cuts a file at its lines of three dashes.
func documents(text string) []piece {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	var out []piece
	var current strings.Builder
	above, line := 0, 0
	for raw := range strings.Lines(text) {
		line++
		if trimmed := strings.TrimRight(raw, " \t\n"); trimmed == "---" || trimmed == "..." || strings.HasPrefix(trimmed, "--- #") {
			out = append(out, piece{current.String(), above})
			current.Reset()
			above = line
			continue
		}
		current.WriteString(raw)
	}
	return append(out, piece{current.String(), above})
}

// value is what a node says: mappings, lists, texts and nil. Aliases are not read.
func value(n ast.Node) any {
	n = plain(n)
	if text, ok := document.Scalar(n); ok {
		return text
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		out := make([]any, 0, len(n.Values))
		for _, item := range n.Values {
			out = append(out, value(item))
		}
		return out
	case *ast.MappingNode, *ast.MappingValueNode:
		out := map[string]any{}
		for _, e := range entries(n) {
			if key, ok := document.Scalar(e.Key); ok {
				out[key] = value(e.Value)
			} else {
				out[document.Describe(e.Key)] = nil // told of as a field that is not known
			}
		}
		return out
	}
	return nil
}

// plain is a node without its anchor or tag.
func plain(n ast.Node) ast.Node {
	switch m := n.(type) {
	case *ast.AnchorNode:
		return plain(m.Value)
	case *ast.TagNode:
		return plain(m.Value)
	}
	return n
}

// entries are those of a mapping.
func entries(n ast.Node) []*ast.MappingValueNode {
	switch m := plain(n).(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}

// memberOf is the value of a mapping's key; nil for none.
func memberOf(n ast.Node, name string) ast.Node {
	for _, e := range entries(n) {
		if key, ok := document.Scalar(e.Key); ok && key == name {
			return e.Value
		}
	}
	return nil
}
