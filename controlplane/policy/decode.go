package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

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
	secret   bool                // what is read now is not repeated in problems
	lines    bool                // texts that are read now may have several lines
	of       string              // the service whose paths conditions are about; "" for no single one
}

func (d *decoder) fail(at ast.Node, path, format string, args ...any) {
	at = beginning(at)
	line, column := document.Position(at)
	d.problems = append(d.problems, Problem{Line: line, Column: column, Width: width(at), Hidden: d.secret, Field: path, Message: fmt.Sprintf(format, args...)})
}

// found names a node for a problem: not what may be a key that was written in place of its file.
func (d *decoder) found(n ast.Node) string {
	if _, text := document.Scalar(n); d.secret && text {
		return "text, which is not repeated here"
	}
	return document.Describe(n)
}

// below adds a field's name to a path.
func below(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// value decodes a node into whatever to is.
func (d *decoder) value(path string, n ast.Node, to reflect.Value, r rule) {
	d.nodes[path] = n
	defer func(secret, lines bool) { d.secret, d.lines = secret, lines }(d.secret, d.lines)
	d.secret, d.lines = d.secret || r.secret, d.lines || r.lines
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
			d.fail(n, path, "must be true or false, found %s", d.found(n))
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
		d.fail(n, path, "must be a mapping with fields such as %s, found %s", strings.Join(names(fields)[:min(3, len(fields))], ", "), d.found(n))
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
			at := below(path, name)
			if d.secret {
				at = path // the name may be what should be in a file
			}
			d.fail(e.Key, at, "there is no such field; %s", suggest(name, names(fields)))
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

// list decodes a sequence, or the one item that may be written in its place.
func (d *decoder) list(path string, n ast.Node, to reflect.Value, r rule) {
	items := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		items = s.Values
	} else if !r.single {
		d.fail(n, path, "must be a list (- … or […]), found %s", d.found(n))
		return
	}
	if r.nonEmpty && len(items) == 0 {
		d.fail(n, path, "it is empty; leave it out, or write an item")
	}
	if r.maxItems > 0 && len(items) > r.maxItems {
		d.fail(n, path, "has %d items; at most %d are possible", len(items), r.maxItems)
	}
	to.Set(reflect.MakeSlice(to.Type(), len(items), len(items)))
	seen := map[any]bool{}
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		if absent(item) {
			d.fail(item, at, "the item is empty; write one, or leave it out")
			continue
		}
		wrong := len(d.problems)
		d.value(at, item, to.Index(i), r.items())
		if len(d.problems) == wrong {
			d.repeated(at, item, to.Index(i), seen, r)
		}
	}
}

// repeated notes an item that is in the list before. Of codes and known words it is an error, since Envoy counts some of them;
// what else there may be of them is only pointless.
func (d *decoder) repeated(at string, n ast.Node, item reflect.Value, seen map[any]bool, r rule) {
	if !r.distinct(item.Type()) && item.Kind() != reflect.String {
		return
	}
	if value := item.Interface(); !seen[value] {
		seen[value] = true
		return
	}
	d.fail(n, at, "%s was there already; leave it out", d.found(n))
	d.problems[len(d.problems)-1].Warning = !r.distinct(item.Type())
}

// mapping decodes a mapping with free keys.
func (d *decoder) mapping(path string, n ast.Node, to reflect.Value, r rule) {
	all, ok := entries(n)
	if !ok {
		d.fail(n, path, "must be a mapping (name: value), found %s", d.found(n))
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
		if !d.entry(path, at, e.Key, key, r) {
			continue
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
