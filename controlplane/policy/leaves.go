package policy

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// Leaf is a value of a policy that holds no others, and where it stands.
type Leaf struct {
	Field  string // rules[0].match.path.regex, as it is written
	Text   string // as it is written, without quotes
	Line   int    // from 1
	Column int    // from 1
}

// Leaves lists the values of a policy's text, from top to bottom; none of what cannot be read.
func Leaves(text []byte) (out []Leaf) {
	root, err := document.Parse(lineBreaks(text), MaxBytes)
	if err != nil || root == nil {
		return nil
	}
	return leaves(out, "", root)
}

func leaves(out []Leaf, path string, n ast.Node) []Leaf {
	if all, mapping := entries(n); mapping {
		for _, e := range all {
			if key, ok := document.Scalar(e.Key); ok {
				out = leaves(out, below(path, key), e.Value)
			}
		}
		return out
	}
	if list, ok := n.(*ast.SequenceNode); ok {
		for i, item := range list.Values {
			out = leaves(out, indexed(path, i), item)
		}
		return out
	}
	text, ok := document.Scalar(n)
	if !ok {
		return out
	}
	line, column := document.Position(beginning(n))
	return append(out, Leaf{Field: path, Text: text, Line: line, Column: column})
}
