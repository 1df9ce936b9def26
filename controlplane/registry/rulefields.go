package registry

import (
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// flag reads a field that is true or false; empty is the default.
func (f field) flag(otherwise bool) (bool, error) {
	text, err := f.text()
	switch {
	case err != nil:
		return false, err
	case text == "":
		return otherwise, nil
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	}
	return false, document.Errorf(f.value, "%s must be true or false, found %s", f.name, document.Quote(text))
}

// items are the nodes of a list; none when the field is empty.
func (f field) items() ([]ast.Node, error) {
	switch n := f.value.(type) {
	case nil, *ast.NullNode:
		return nil, nil
	case *ast.SequenceNode:
		return n.Values, nil
	}
	return nil, document.Errorf(f.value, "%s must be a list, found %s", f.name, document.Describe(f.value))
}

// texts reads a field that is a list of texts.
func (f field) texts() (out []string, err error) {
	items, err := f.items()
	for _, n := range items {
		text, ok := document.Scalar(n)
		if !ok {
			return nil, document.Errorf(n, "%s must be a list of texts, found %s in it", f.name, document.Describe(n))
		}
		out = append(out, strings.TrimSpace(text))
	}
	return out, err
}

// mapping reads a field that maps texts to texts.
func (f field) mapping() (map[string]string, error) {
	entries, err := fields(f.value)
	out := map[string]string{}
	for _, e := range entries {
		if out[e.name], err = e.text(); err != nil {
			return nil, err
		}
	}
	return out, err
}

// each reads a field that is a list of mappings.
func (f field) each(read func(entries []field, at ast.Node) error) error {
	items, err := f.items()
	if err != nil {
		return err
	}
	for _, n := range items {
		entries, err := fields(n)
		if err != nil {
			return err
		}
		if err := read(entries, n); err != nil {
			return err
		}
	}
	return nil
}
