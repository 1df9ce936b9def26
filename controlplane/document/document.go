// Package document reads YAML and JSON that others wrote, of which nothing can be expected: bounded in size and depth, never
// panicking, with the position of everything.
package document

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxDepth is how deep a document may nest: brackets, or dashes that begin a line. The YAML parser recurses, and takes
// time that grows with the square of some inputs, so that depth and size have to be bounded.
const MaxDepth = 64

// Parse parses one YAML or JSON document. An empty document gives a nil node.
func Parse(text []byte, limit int) (node ast.Node, err error) {
	// The text comes from outside: a fault in the YAML parser is an error of this document, not the end of the process.
	defer func() {
		if p := recover(); p != nil {
			node, err = nil, fmt.Errorf("this YAML cannot be parsed (%v); write one mapping as in the documentation", p)
		}
	}()
	if err := checkText(text, limit); err != nil {
		return nil, err
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntaxError(err)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if node != nil {
			return nil, Errorf(doc.Body, "a second document starts here; write one document")
		}
		node = doc.Body
	}
	return node, nil
}

// checkText refuses what the YAML parser would accept as one long string or could not take at all.
func checkText(text []byte, limit int) error {
	if len(text) > limit {
		return fmt.Errorf("%d bytes are too many; at most %d are read", len(text), limit)
	}
	if !utf8.Valid(text) {
		valid := strings.ToValidUTF8(string(text), "\uFFFD")
		i := 0
		for i < len(text) && text[i] == valid[i] {
			i++
		}
		return placed(text, i, "not UTF-8; write YAML or JSON in UTF-8")
	}
	brackets, dashes, margin := 0, 0, true // dashes and the like open a list or mapping each, at the margin of a line
	chain := 0                             // dashes with nothing but blanks between them, wherever they stand
	for i, c := range text {
		switch {
		case c == ' ' && i > 0 && text[i-1] == '-':
			chain++
		case c != ' ' && c != '-':
			chain = 0
		}
		switch c {
		case 0:
			return placed(text, i, "a NUL byte; write YAML or JSON text")
		case '\n':
			dashes, margin = 0, true
			continue
		case ' ':
			continue
		case '-', '?', ':':
			if margin {
				dashes++
			}
		case '{', '[':
			brackets++
		case '}', ']':
			brackets--
		}
		margin = margin && (c == '-' || c == '?' || c == ':')
		if max(brackets, dashes, chain) > MaxDepth {
			return placed(text, i, fmt.Sprintf("nested deeper than %d", MaxDepth))
		}
	}
	return nil
}

// placed is an error with the line and column of a byte.
func placed(text []byte, i int, message string) error {
	before := string(text[:i])
	line := strings.Count(before, "\n")
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("%d:%d: %s", line+1, column+1, message)
}

// syntaxError shortens the parser's error to line:column and message.
func syntaxError(err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil {
		p := y.GetToken().Position
		message := y.GetMessage()
		if strings.Contains(message, "'\t'") {
			message = "a tab; YAML is indented by spaces"
		}
		return fmt.Errorf("%d:%d: %s", p.Line, p.Column, message)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(first)
}

// Position returns the line and column of a node, both from 1.
func Position(n ast.Node) (line, column int) {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1, 1
	}
	p := n.GetToken().Position
	return p.Line, p.Column
}

// Errorf is an error at a node.
func Errorf(n ast.Node, format string, args ...any) error {
	line, column := Position(n)
	return fmt.Errorf("%d:%d: %s", line, column, fmt.Sprintf(format, args...))
}

// Scalar returns the text of a plain, quoted or block scalar; null is no scalar.
func Scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		if n.Value == nil {
			return "", true
		}
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	case *ast.MappingNode:
		return unspaced(n)
	}
	return "", false
}

// unspaced returns the text of a:b in a list within braces, which is a scalar (YAML 1.2, 7.3.3) that the parser takes for a
// mapping.
func unspaced(n *ast.MappingNode) (string, bool) {
	if len(n.Values) != 1 || n.GetToken().Type != token.MappingValueType {
		return "", false
	}
	pair := n.Values[0]
	key, plain := pair.Key.(*ast.StringNode)
	value, scalar := Scalar(pair.Value)
	colon, next := pair.GetToken().Position, pair.Value.GetToken()
	if !plain || !scalar || next.Type != token.StringType && next.Type != token.IntegerType || next.Position.Line != colon.Line || next.Position.Column != colon.Column+1 {
		return "", false
	}
	return key.Value + ":" + value, true
}

// Describe names a node for an error.
func Describe(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode, *ast.MergeKeyNode:
		return "a YAML anchor, alias or tag, which is not read here"
	default:
		if text, ok := Scalar(n); ok {
			return Quote(text)
		}
		return "something else"
	}
}

// Quote quotes text from outside, shortened so that an error stays one readable line.
func Quote(text string) string {
	const most = 80
	if len(text) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		return strconv.Quote(text[:cut]) + "…"
	}
	return strconv.Quote(text)
}
