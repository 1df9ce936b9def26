package importer

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// step is a part of the path of a field: a name, an item of a list, or a key of a mapping.
type step struct {
	name  string // of a field, or the key of a mapping
	index int    // of an item of a list; -1 otherwise
	key   bool   // name is a key
}

func compareSteps(a, b step) int {
	return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.index, b.index))
}

// pathOf writes rules[0].match[1].headers[x-user].
func pathOf(list []step) string {
	out := ""
	for _, s := range list {
		switch {
		case s.index >= 0:
			out += fmt.Sprintf("[%d]", s.index)
		case s.key:
			out += "[" + s.name + "]"
		default:
			out = strings.TrimPrefix(out+"."+s.name, ".")
		}
	}
	return out
}

// cutPath is what stands behind a path that begins another one.
func cutPath(path, beginning string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, beginning)
	return rest, ok && (rest == "" || beginning == "" || rest[0] == '.' || rest[0] == '[')
}

// steps reads the path of a field of v, as far as there is something.
func steps(v reflect.Value, path string) (out []step) {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case path == "":
		return nil
	case v.Kind() == reflect.Struct:
		path = strings.TrimPrefix(path, ".")
		end := len(path)
		if i := strings.IndexAny(path, ".["); i >= 0 {
			end = i
		}
		if f, ok := field(v, path[:end]); ok {
			return append([]step{{path[:end], -1, false}}, steps(f, path[end:])...)
		}
	case v.Kind() == reflect.Slice && path[0] == '[':
		number, rest, _ := strings.Cut(path[1:], "]")
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < v.Len() {
			return append([]step{{"", i, false}}, steps(v.Index(i), rest)...)
		}
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() {
			if rest, ok := cutPath(path, "["+key.String()+"]"); ok {
				return append([]step{{key.String(), -1, true}}, steps(v.MapIndex(key), rest)...)
			}
		}
	}
	return nil
}

// field is the field of a struct that JSON calls so.
func field(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			if below, ok := field(v.Field(i), name); ok {
				return below, true
			}
			continue
		}
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// unit is what has to go when a field is refused: the field alone, or as much around it as would mean something else without
// it. A match without one of its conditions would fit more requests, a rule without its last match all of them.
func unit(v reflect.Value, all []step) []step {
	for i, s := range all {
		switch below := all[i+1:]; {
		case i == 0 && slices.Contains([]string{"name", "service", "selector", "lane", "labels", "services"}, s.name):
			return nil // it would be a policy of something else
		case s.key:
		case s.name == "match" || i == 0 && s.name == "hosts":
			if len(below) > 0 && length(v, all[:i+1]) > 1 {
				return all[:i+2]
			}
			return all[:i]
		case slices.Contains([]string{"to", "redirect", "respond"}, s.name):
			if at := slices.IndexFunc(below, func(s step) bool { return s.name == "headers" }); at < 0 {
				return all[:i]
			}
		case s.name == "mirror" || s.name == "rateLimit" || s.name == "fallback" || s.name == "allowOrigins":
			if edits := len(below) > 1 && slices.Contains([]string{"headers", "body"}, below[1].name); !edits {
				return nothingLeft(v, all[:min(i+2, len(all))])
			}
		case s.name == "delay" || s.name == "abort":
			return all[:i+1]
		}
	}
	for len(all) > 0 && !there(v, all) { // what is missing is missing in something
		all = all[:len(all)-1]
	}
	return nothingLeft(v, all)
}

// nothingLeft is the list, or what it is needed in, in place of its last item.
func nothingLeft(v reflect.Value, all []step) []step {
	if n := len(all); n > 0 && all[n-1].index >= 0 && length(v, all[:n-1]) == 1 {
		return all[:n-1]
	}
	return all
}

// at is the value at a path; an invalid one when there is none.
func at(v reflect.Value, all []step) reflect.Value {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if len(all) == 0 || !v.IsValid() {
		return v
	}
	switch s := all[0]; {
	case v.Kind() == reflect.Struct:
		if f, ok := field(v, s.name); ok {
			return at(f, all[1:])
		}
	case v.Kind() == reflect.Slice && s.index >= 0 && s.index < v.Len():
		return at(v.Index(s.index), all[1:])
	case v.Kind() == reflect.Map:
		return at(v.MapIndex(reflect.ValueOf(s.name)), all[1:])
	}
	return reflect.Value{}
}

// there reports whether something stands at a path. An item of a list, and an empty text or struct behind a pointer, does.
func there(v reflect.Value, all []step) bool {
	if n := len(all); n > 0 && all[n-1].index < 0 && !all[n-1].key {
		if parent := at(v, all[:n-1]); parent.IsValid() && parent.Kind() == reflect.Struct {
			f, ok := field(parent, all[n-1].name)
			return ok && !f.IsZero()
		}
	}
	return at(v, all).IsValid()
}

func length(v reflect.Value, all []step) int {
	if list := at(v, all); list.IsValid() && list.Kind() == reflect.Slice {
		return list.Len()
	}
	return 0
}

// without is v without what stands at a path. What v shares with others is left as it is.
func without(v reflect.Value, all []step) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch s := all[0]; v.Kind() {
	case reflect.Pointer:
		if below := without(v.Elem(), all); !below.IsZero() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(below)
		}
	case reflect.Struct:
		out.Set(v)
		if f, _ := field(out, s.name); len(all) == 1 {
			f.SetZero()
		} else {
			f.Set(without(f, all[1:]))
		}
	case reflect.Slice:
		for i := range v.Len() {
			switch {
			case i != s.index:
				out = reflect.Append(out, v.Index(i))
			case len(all) > 1:
				out = reflect.Append(out, without(v.Index(i), all[1:]))
			}
		}
	case reflect.Map:
		out.Set(reflect.MakeMap(v.Type()))
		for _, key := range v.MapKeys() {
			switch {
			case key.String() != s.name:
				out.SetMapIndex(key, v.MapIndex(key))
			case len(all) > 1:
				out.SetMapIndex(key, without(v.MapIndex(key), all[1:]))
			}
		}
		if out.Len() == 0 {
			out.SetZero()
		}
	}
	return out
}

// empty reports whether nothing stands in a value, or in the items of a list.
func empty(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			if !v.Index(i).IsZero() {
				return false
			}
		}
		return true
	}
	return !v.IsValid() || v.IsZero()
}
