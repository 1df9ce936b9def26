package policy

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// beginning is the node that stands first in a mapping without braces, whose own token is the first colon.
func beginning(n ast.Node) ast.Node {
	switch m := n.(type) {
	case *ast.MappingValueNode:
		return m.Key
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return m.Values[0].Key
		}
	}
	return n
}

// width is how many characters of its line a node takes, as far as its first token goes.
func width(n ast.Node) int {
	if n == nil || n.GetToken() == nil {
		return 1
	}
	first, _, _ := strings.Cut(strings.TrimSpace(n.GetToken().Origin), "\n")
	return max(1, utf8.RuneCountInString(first))
}

// entries are those of a mapping; false when the node is none.
func entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// member is the value of a mapping's key.
func member(n ast.Node, name string) (ast.Node, bool) {
	all, _ := entries(n)
	for _, e := range all {
		if key, ok := document.Scalar(e.Key); ok && key == name {
			return e.Value, true
		}
	}
	return nil, false
}

func absent(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// plain reports whether a node can stand for a struct's short field.
func plain(n ast.Node) bool {
	_, ok := document.Scalar(n)
	return ok
}
