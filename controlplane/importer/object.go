package importer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// object is a mapping that remembers what of it was looked at, so that nothing is passed over without a word.
type object struct {
	path   string
	fields map[string]any
	used   map[string]bool
	report *report
}

// report gathers what could not be expressed.
type report struct {
	of   string // VirtualService/reviews
	lost []Lost
	open []*object
}

func (r *report) object(path string, fields map[string]any) *object {
	o := &object{path: path, fields: fields, used: map[string]bool{}, report: r}
	r.open = append(r.open, o)
	return o
}

// finish reports every field that nobody has looked at.
func (r *report) finish() {
	for _, o := range r.open {
		for _, name := range slices.Sorted(maps.Keys(o.fields)) {
			if !o.used[name] {
				o.lose(name, "there is no such thing here")
			}
		}
	}
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
	o.report.lost = append(o.report.lost, Lost{o.report.of, o.at(name), why})
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
	case map[string]any, []any:
		o.lose(name, "a plain value was expected")
		return ""
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
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
	return o.report.object(o.at(name), m)
}

// children are the mappings of a list.
func (o *object) children(name string) (out []*object) {
	if !o.has(name) {
		return nil
	}
	o.used[name] = true
	list, ok := o.fields[name].([]any)
	if !ok {
		list = []any{o.fields[name]}
	}
	for i, item := range list {
		if m, ok := item.(map[string]any); ok {
			out = append(out, o.report.object(fmt.Sprintf("%s[%d]", o.at(name), i), m))
			continue
		}
		o.report.lost = append(o.report.lost, Lost{o.report.of, fmt.Sprintf("%s[%d]", o.at(name), i), "a mapping was expected"})
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
	for _, item := range list {
		out = append(out, fmt.Sprint(item))
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
	name, found := strings.CutSuffix(host, ".svc.cluster.local")
	if !found {
		return host
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i]
	}
	return name
}
