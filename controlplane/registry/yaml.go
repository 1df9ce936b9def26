package registry

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// The YAML parser recurses, and takes time that grows with the square of some inputs: within these bounds the worst that
// anybody can write into etcd (which itself takes 1.5 MiB) costs a fifth of a second.
const (
	maxRegistration = 16 << 10 // bytes
	maxFile         = 4 << 20  // bytes; a file is its operator's
	maxDepth        = 64       // brackets, or dashes that begin a line
)

// parseYAML parses one YAML or JSON document. An empty document gives a nil node.
func parseYAML(text []byte, limit int) (node ast.Node, err error) {
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
			return nil, fault(doc.Body, "a second document starts here; write one document")
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
		return errors.New("not UTF-8 text; write YAML or JSON")
	}
	brackets, dashes, margin := 0, 0, true // dashes and the like open a list or mapping each, at the margin of a line
	for i, c := range text {
		switch c {
		case 0:
			return fmt.Errorf("byte %d is NUL; write YAML or JSON text", i+1)
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
		if max(brackets, dashes) > maxDepth {
			return fmt.Errorf("byte %d: nested deeper than %d", i+1, maxDepth)
		}
	}
	return nil
}

// syntaxError shortens the parser's error to line:column and message.
func syntaxError(err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil {
		p := y.GetToken().Position
		return fmt.Errorf("%d:%d: %s", p.Line, p.Column, y.GetMessage())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(first)
}

// position returns the line and column of a node, both from 1.
func position(n ast.Node) (line, column int) {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1, 1
	}
	p := n.GetToken().Position
	return p.Line, p.Column
}

// fault is an error at a node.
func fault(n ast.Node, format string, args ...any) error {
	line, column := position(n)
	return fmt.Errorf("%d:%d: %s", line, column, fmt.Sprintf(format, args...))
}

// field is one entry of a mapping.
type field struct {
	name  string
	key   ast.Node
	value ast.Node
}

// fields returns the entries of a mapping in the order in which they are written.
func fields(n ast.Node) ([]field, error) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil:
		return nil, nil
	case *ast.NullNode:
		return nil, nil
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, fault(n, "expected fields such as \"address: 10.0.0.5\", found %s", describe(n))
	}
	out := make([]field, 0, len(values))
	for _, v := range values {
		name, ok := scalar(v.Key)
		if !ok {
			return nil, fault(v.Key, "a field's name is plain text, found %s", describe(v.Key))
		}
		out = append(out, field{name: name, key: v.Key, value: v.Value})
	}
	return out, nil
}

// scalar returns the text of a plain, quoted or block scalar; null is no scalar.
func scalar(n ast.Node) (string, bool) {
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
	}
	return "", false
}

// describe names a node for an error.
func describe(n ast.Node) string {
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
		if text, ok := scalar(n); ok {
			return quote(text)
		}
		return "something else"
	}
}

// quote quotes text from outside, shortened so that an error stays one readable line.
func quote(text string) string {
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

// text reads a field that is a string.
func (f field) text() (string, error) {
	if _, null := f.value.(*ast.NullNode); null || f.value == nil {
		return "", nil
	}
	s, ok := scalar(f.value)
	if !ok {
		return "", fault(f.value, "%s must be text, found %s", f.name, describe(f.value))
	}
	return s, nil
}

// number reads a field that is an integer between low and high.
func (f field) number(low, high uint32) (uint32, error) {
	s, ok := scalar(f.value)
	if !ok {
		return 0, fault(f.value, "%s must be an integer from %d to %d, found %s", f.name, low, high, describe(f.value))
	}
	_, quoted := f.value.(*ast.StringNode)
	v, err := strconv.ParseUint(s, 10, 32)
	switch {
	case quoted && err == nil:
		return 0, fault(f.value, "%s must be an integer; write %s without quotes", f.name, s)
	case err != nil, uint32(v) < low, uint32(v) > high:
		return 0, fault(f.value, "%s must be an integer from %d to %d, found %s", f.name, low, high, quote(s))
	}
	return uint32(v), nil
}

// oneOf reads a field that is one of a few words.
func (f field) oneOf(words []string) (string, error) {
	s, err := f.text()
	if err != nil {
		return "", err
	}
	for _, w := range words {
		if s == w {
			return s, nil
		}
	}
	return "", fault(f.value, "%s %s is unknown; write one of %s", f.name, quote(s), strings.Join(words, ", "))
}

// unknown is the error for a field that does not exist.
func (f field) unknown(known []string) error {
	if near := nearest(f.name, known); near != "" {
		return fault(f.key, "unknown field %s; did you mean %q?", quote(f.name), near)
	}
	return fault(f.key, "unknown field %s; the fields are %s", quote(f.name), strings.Join(known, ", "))
}
