package importer

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// object is a mapping that remembers what of it was looked at, so that nothing is passed over without a word.
type object struct {
	path   string
	fields map[string]any
	node   ast.Node // where it stands
	used   map[string]bool
	report *report
}

// unread reports whether something in the object, or below it, was not looked at.
func (o *object) unread() bool {
	return slices.ContainsFunc(o.report.open, func(below *object) bool {
		if below != o && !strings.HasPrefix(below.path, o.path+".") {
			return false
		}
		for name := range below.fields {
			if !below.used[name] {
				return true
			}
		}
		return false
	})
}

// lose reports that a field is not expressed.
func (o *object) lose(name, why string) {
	o.used[name] = true
	o.report.add(o.key(name), o.at(name), why)
}

// left reports the object as a whole.
func (o *object) left(why string) { o.report.add(o.node, o.path, why) }

// key is where a field stands; the object when it has no such field.
func (o *object) key(name string) ast.Node {
	for _, e := range entries(o.node) {
		if text, ok := document.Scalar(e.Key); ok && text == name {
			return e.Key
		}
	}
	return o.node
}

// loseIf reports a field that is there.
func (o *object) loseIf(name, why string) {
	if o.has(name) {
		o.lose(name, why)
	}
}

func (o *object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

func (o *object) has(name string) bool {
	if o == nil {
		return false
	}
	_, ok := o.fields[name]
	return ok
}

// ignore takes fields for looked at that say nothing about traffic.
func (o *object) ignore(names ...string) {
	if o == nil {
		return
	}
	for _, n := range names {
		o.used[n] = true
	}
}

// text is a plain value; "" for none.
func (o *object) text(name string) string {
	if !o.has(name) {
		return ""
	}
	o.used[name] = true
	switch v := o.fields[name].(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		o.lose(name, "a plain value was expected")
		return ""
	}
}

// number is a whole number; nil for none.
func (o *object) number(name string) *uint32 {
	text := o.text(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1<<32-1 || n != float64(uint32(n)) {
		o.lose(name, text+" is no whole number")
		return nil
	}
	v := uint32(n)
	return &v
}

// positive is a whole number; nil for none, and for 0 where that stands for none.
func (o *object) positive(name string) *uint32 {
	if n := o.number(name); n != nil && *n > 0 {
		return n
	}
	return nil
}

// float is a number; nil for none.
func (o *object) float(name string) *float64 {
	text := o.text(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		o.lose(name, text+" is no number")
		return nil
	}
	return &n
}

// child is a mapping; nil for none.
func (o *object) child(name string) *object {
	if !o.has(name) {
		return nil
	}
	o.used[name] = true
	m, ok := o.fields[name].(map[string]any)
	if !ok {
		o.lose(name, "a mapping was expected")
		return nil
	}
	node := memberOf(o.node, name)
	if node == nil {
		node = o.node
	}
	return o.report.object(o.at(name), m, node)
}

// called takes a field that some write by another name for the one of that name.
func (o *object) called(other, name string) {
	if v, ok := o.fields[other]; ok && !o.has(name) {
		o.fields[name] = v
		delete(o.fields, other)
	}
}

// children are the mappings of a list.
func (o *object) children(name string) (out []*object) {
	if !o.has(name) {
		return nil
	}
	o.used[name] = true
	list, isList := o.fields[name].([]any)
	if !isList {
		list = []any{o.fields[name]}
	}
	node := plain(memberOf(o.node, name))
	for i, item := range list {
		at, path := node, fmt.Sprintf("%s[%d]", o.at(name), i)
		if s, ok := node.(*ast.SequenceNode); ok && i < len(s.Values) {
			at = s.Values[i]
		}
		if at == nil {
			at = o.node
		}
		if m, ok := item.(map[string]any); ok {
			out = append(out, o.report.object(path, m, at))
			continue
		}
		o.report.add(at, path, "a mapping was expected")
	}
	return out
}

// texts are the plain values of a list.
func (o *object) texts(name string) (out []string) {
	if !o.has(name) {
		return nil
	}
	o.used[name] = true
	list, ok := o.fields[name].([]any)
	if !ok {
		list = []any{o.fields[name]}
	}
	for i, item := range list {
		if text, ok := item.(string); ok {
			out = append(out, text)
		} else {
			o.report.add(o.key(name), fmt.Sprintf("%s[%d]", o.at(name), i), "a plain value was expected")
		}
	}
	return out
}

// labels are the plain values of a mapping.
func (o *object) labels(name string) map[string]string {
	c := o.child(name)
	if c == nil || len(c.fields) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(c.fields)) {
		out[key] = c.text(key)
	}
	return out
}

// names are the fields of a mapping, sorted.
func (o *object) names() []string {
	if o == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(o.fields))
}

// service is the short name of a host in a cluster: reviews for reviews.prod.svc.cluster.local.
func service(host string) string {
	name, _ := cutHost(host)
	return name
}

// cutHost is the short name of a host in a cluster, and its namespace; "" where none is told.
func cutHost(host string) (name, namespace string) {
	name, found := strings.CutSuffix(strings.TrimSuffix(host, ".cluster.local"), ".svc")
	if !found {
		return host, ""
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i], name[i+1:]
	}
	return name, ""
}
