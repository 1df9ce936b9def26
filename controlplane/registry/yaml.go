package registry

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
)

// What is read at most: the worst that anybody can write into these bounds costs a fifth of a second.
const (
	maxRegistration = 16 << 10 // bytes
	maxFile         = 4 << 20  // bytes; a file is its operator's
)

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
		return nil, document.Errorf(n, "expected fields such as \"address: 10.0.0.5\", found %s", document.Describe(n))
	}
	out := make([]field, 0, len(values))
	for _, v := range values {
		name, ok := document.Scalar(v.Key)
		if !ok {
			return nil, document.Errorf(v.Key, "a field's name is plain text, found %s", document.Describe(v.Key))
		}
		out = append(out, field{name: name, key: v.Key, value: v.Value})
	}
	return out, nil
}

// text reads a field that is a string.
func (f field) text() (string, error) {
	if _, null := f.value.(*ast.NullNode); null || f.value == nil {
		return "", nil
	}
	s, ok := document.Scalar(f.value)
	if !ok {
		return "", document.Errorf(f.value, "%s must be text, found %s", f.name, document.Describe(f.value))
	}
	return s, nil
}

// number reads a field that is an integer between low and high.
func (f field) number(low, high uint32) (uint32, error) {
	s, ok := document.Scalar(f.value)
	if !ok {
		return 0, document.Errorf(f.value, "%s must be an integer from %d to %d, found %s", f.name, low, high, document.Describe(f.value))
	}
	_, quoted := f.value.(*ast.StringNode)
	v, err := strconv.ParseUint(s, 10, 32)
	switch {
	case quoted && err == nil:
		return 0, document.Errorf(f.value, "%s must be an integer; write %s without quotes", f.name, s)
	case err != nil, uint32(v) < low, uint32(v) > high:
		return 0, document.Errorf(f.value, "%s must be an integer from %d to %d, found %s", f.name, low, high, document.Quote(s))
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
	return "", document.Errorf(f.value, "%s %s is unknown; write one of %s", f.name, document.Quote(s), strings.Join(words, ", "))
}

// unknown is the error for a field that does not exist.
func (f field) unknown(known []string) error {
	if near := nearest.Word(f.name, known); near != "" {
		return document.Errorf(f.key, "unknown field %s; did you mean %q?", document.Quote(f.name), near)
	}
	return document.Errorf(f.key, "unknown field %s; the fields are %s", document.Quote(f.name), strings.Join(known, ", "))
}
