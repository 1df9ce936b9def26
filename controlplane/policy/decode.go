package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
)

// decoder fills a policy from a document and gathers all that is wrong with it.
type decoder struct {
	problems []Problem
	nodes    map[string]ast.Node // what stands where, by path: retry.backoff.base, rules[0].match[1], methods[report]
	given    map[string]string   // fields that may be left out, because the key has them
	unread   []string            // the paths of what could not be read
}

func (d *decoder) fail(at ast.Node, path, format string, args ...any) {
	at = beginning(at)
	line, column := document.Position(at)
	d.problems = append(d.problems, Problem{Line: line, Column: column, Width: width(at), Field: path, Message: fmt.Sprintf(format, args...)})
}

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

// positioned is an error text that begins with line:column.
var positioned = regexp.MustCompile(`^(\d+):(\d+): (?s:(.*))$`)

// whole makes a problem of what is wrong with a document as a whole.
func whole(err error) Problem {
	m := positioned.FindStringSubmatch(err.Error())
	if m == nil {
		return Problem{Message: err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	return Problem{Line: line, Column: column, Width: 1, Message: m[3]}
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

// join adds a field's name to a path.
func below(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// value decodes a node into whatever to is.
func (d *decoder) value(path string, n ast.Node, to reflect.Value, r rule) {
	d.nodes[path] = n
	switch to.Interface().(type) {
	case model.Duration, model.Percent, model.Size:
		d.quantity(path, n, to, r)
		return
	}
	switch to.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		d.value(path, n, to.Elem(), r)
	case reflect.Struct:
		d.structure(path, n, to)
	case reflect.Slice:
		d.list(path, n, to, r)
	case reflect.Map:
		d.mapping(path, n, to, r)
	case reflect.Interface:
		if v, ok := d.anything(path, n); ok && v != nil {
			to.Set(reflect.ValueOf(v))
		}
	case reflect.String:
		d.text(path, n, to, r)
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			to.SetBool(b.Value)
		} else {
			d.fail(n, path, "must be true or false, found %s", document.Describe(n))
		}
	default:
		d.number(path, n, to, r)
	}
}

// structure decodes a mapping with known fields, or the one field that a plain value stands for.
func (d *decoder) structure(path string, n ast.Node, to reflect.Value) {
	fields := structs[to.Type()]
	all, ok := entries(n)
	if !ok {
		if short, has := shortField(to.Type()); has && plain(n) {
			d.value(path, n, to.FieldByIndex(short.index), short.rule)
			return
		}
		d.fail(n, path, "must be a mapping with fields such as %s, found %s", strings.Join(names(fields)[:min(3, len(fields))], ", "), document.Describe(n))
		return
	}
	seen := map[string]bool{}
	for _, e := range all {
		name, ok := document.Scalar(e.Key)
		if !ok {
			d.fail(e.Key, path, "a field's name is plain text, found %s", document.Describe(e.Key))
			continue
		}
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		switch {
		case path == "" && name == "kind":
		case at < 0:
			d.fail(e.Key, below(path, name), "there is no such field; %s", suggest(name, names(fields)))
			seen[nearest.Word(name, names(fields))] = true // which is not missing, but misspelt
		case absent(e.Value): // as if it were not there
		default:
			seen[name] = true
			d.value(below(path, name), e.Value, to.FieldByIndex(fields[at].index), fields[at].rule)
		}
	}
	for _, f := range fields {
		if !f.rule.required || seen[f.name] {
			continue
		}
		if known := d.given[f.name]; path == "" && known != "" {
			to.FieldByIndex(f.index).SetString(known)
			continue
		}
		d.fail(n, below(path, f.name), "it is missing; write %s", example(f))
	}
	if name := d.given["name"]; path == "" && name != "" {
		if said := to.FieldByName("Name").String(); said != name {
			d.fail(d.nodes["name"], "name", "%s, but the key says %s; write one of the two at both places", document.Quote(said), document.Quote(name))
		}
	}
}

func suggest(name string, known []string) string {
	if near := nearest.Word(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "the fields are " + strings.Join(known, ", ")
}

// plain reports whether a node can stand for a struct's short field.
func plain(n ast.Node) bool {
	_, ok := document.Scalar(n)
	return ok
}

// list decodes a sequence, or the one item that may be written in its place.
func (d *decoder) list(path string, n ast.Node, to reflect.Value, r rule) {
	items := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		items = s.Values
	} else if !r.single {
		d.fail(n, path, "must be a list (- … or […]), found %s", document.Describe(n))
		return
	}
	if r.nonEmpty && len(items) == 0 {
		d.fail(n, path, "it is empty; leave it out, or write an item")
	}
	to.Set(reflect.MakeSlice(to.Type(), len(items), len(items)))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		if absent(item) {
			d.fail(item, at, "the item is empty; write one, or leave it out")
			continue
		}
		d.value(at, item, to.Index(i), r.items())
	}
}

// mapping decodes a mapping with free keys.
func (d *decoder) mapping(path string, n ast.Node, to reflect.Value, r rule) {
	all, ok := entries(n)
	if !ok {
		d.fail(n, path, "must be a mapping (name: value), found %s", document.Describe(n))
		return
	}
	if r.nonEmpty && len(all) == 0 {
		d.fail(n, path, "it is empty; leave it out, or write an entry")
	}
	to.Set(reflect.MakeMapWithSize(to.Type(), len(all)))
	for _, e := range all {
		key, ok := document.Scalar(e.Key)
		if !ok {
			d.fail(e.Key, path, "a name is plain text, found %s", document.Describe(e.Key))
			continue
		}
		at := fmt.Sprintf("%s[%s]", path, key)
		if r.keys != "" {
			if err := formats[r.keys].check(key); err != nil {
				d.fail(e.Key, at, "%v", err)
			}
		}
		value := reflect.New(to.Type().Elem()).Elem()
		if absent(e.Value) && value.Kind() != reflect.String {
			d.fail(e.Key, at, "it has no value; write one, or leave it out")
			continue
		}
		if !absent(e.Value) {
			d.value(at, e.Value, value, r.items())
		}
		to.SetMapIndex(reflect.ValueOf(key), value)
	}
}

// text decodes a text.
func (d *decoder) text(path string, n ast.Node, to reflect.Value, r rule) {
	text, ok := document.Scalar(n)
	if !ok {
		d.fail(n, path, "must be text, found %s", document.Describe(n))
		return
	}
	to.SetString(text)
	if len(r.oneOf) > 0 && !slices.Contains(r.oneOf, text) {
		hint := "write one of " + strings.Join(r.oneOf, ", ")
		if near := nearest.Word(text, r.oneOf); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		d.fail(n, path, "%s is not known; %s", document.Quote(text), hint)
	}
	if r.format != "" {
		if err := formats[r.format].check(text); err != nil {
			d.fail(n, path, "%v", err)
		}
	}
	if r.required && text == "" {
		d.fail(n, path, "it is empty; write something")
	}
}

// errBounds is replaced by a message with the bounds.
var errBounds = errors.New("out of bounds")

// number decodes an integer or a floating-point number.
func (d *decoder) number(path string, n ast.Node, to reflect.Value, r rule) {
	text, ok := document.Scalar(n)
	quoted := ok && (n.GetToken().Type == token.DoubleQuoteType || n.GetToken().Type == token.SingleQuoteType)
	err := errBounds
	var value float64
	if ok && !quoted {
		switch to.Kind() {
		case reflect.Uint32:
			var v uint64
			v, err = strconv.ParseUint(text, 10, 32)
			to.SetUint(v & (1<<32 - 1))
			value = float64(v)
		case reflect.Int64:
			var v int64
			v, err = strconv.ParseInt(text, 10, 64)
			to.SetInt(v)
			value = float64(v)
		case reflect.Float64:
			value, err = strconv.ParseFloat(text, 64)
			to.SetFloat(value)
		}
	}
	what := "whole number"
	if to.Kind() == reflect.Float64 {
		what = "number"
	}
	low, lowErr := strconv.ParseFloat(r.min, 64)
	high, highErr := strconv.ParseFloat(r.max, 64)
	switch {
	case len(r.oneOf) > 0 && !slices.Contains(r.oneOf, text):
		d.fail(n, path, "must be one of %s, found %s", strings.Join(r.oneOf, ", "), document.Describe(n))
	case err != nil, value != value, lowErr == nil && value < low, highErr == nil && value > high: //nolint:gocritic // NaN is unequal to itself
		found := document.Describe(n)
		if quoted {
			found += " in quotation marks"
		}
		d.fail(n, path, "must be a %s%s, found %s", what, bounds(r, to.Kind() == reflect.Uint32), found)
	}
}

// bounds says what a number may be.
func bounds(r rule, unsigned bool) string {
	low := r.min
	if low == "" && unsigned {
		low = "0"
	}
	switch {
	case low != "" && r.max != "":
		return " from " + low + " to " + r.max
	case r.max != "":
		return " up to " + r.max
	case low != "":
		return " of " + low + " or more"
	}
	return ""
}

// quantity decodes a duration, a percentage or a size.
func (d *decoder) quantity(path string, n ast.Node, to reflect.Value, r rule) {
	text, _ := document.Scalar(n)
	q := quantities[to.Type()]
	v, err := q.parse(text)
	low, lowErr := q.parse(r.min)
	high, highErr := q.parse(r.max)
	switch {
	case err != nil:
		d.fail(n, path, "must be a %s such as %s, found %s", q.what, q.example, document.Describe(n))
	case lowErr == nil && v < low, highErr == nil && v > high:
		d.fail(n, path, "must be a %s%s, found %s", q.what, bounds(r, false), document.Describe(n))
	default:
		if to.CanInt() {
			to.SetInt(v)
		} else {
			to.SetUint(uint64(v))
		}
	}
}

// anything decodes a value of any shape to what encoding/json would make of it.
func (d *decoder) anything(path string, n ast.Node) (any, bool) {
	if absent(n) {
		return nil, true
	}
	if all, ok := entries(n); ok {
		out := make(map[string]any, len(all))
		for _, e := range all {
			key, _ := document.Scalar(e.Key)
			v, ok := d.anything(path, e.Value)
			if !ok {
				return nil, false
			}
			out[key] = v
		}
		return out, true
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		out := make([]any, len(n.Values))
		for i, item := range n.Values {
			v, ok := d.anything(path, item)
			if !ok {
				return nil, false
			}
			out[i] = v
		}
		return out, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		text := n.GetToken().Value
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v, true
		}
		if json.Valid([]byte(text)) { // as it is written: nothing is rounded
			return json.RawMessage(text), true
		}
		d.fail(n, path, "%s is no number of JSON; write it with digits", document.Describe(n))
		return nil, false
	}
	text, ok := document.Scalar(n)
	if !ok {
		d.fail(n, path, "must be a value of JSON, found %s", document.Describe(n))
	}
	return text, ok
}
