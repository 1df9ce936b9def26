package policy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// field is what is known of one field of a policy.
type field struct {
	name  string
	index []int // in the struct, as reflect.Value.FieldByIndex takes it
	typ   reflect.Type
	owner reflect.Type // the struct that declares it
	goes  string       // its name in Go
	rule  rule
}

// rule is what a field may hold: its `check` tag.
type rule struct {
	required, nonEmpty, single, short bool
	lines, secret, zero               bool
	min, max                          string
	oneOf                             []string
	format, keys                      string
	maxItems                          int // 0 for as many as there are
}

// items is the rule for each item of a list or value of a mapping.
func (r rule) items() rule {
	return rule{zero: r.zero, min: r.min, max: r.max, oneOf: r.oneOf, format: r.format}
}

// distinct reports whether no item of a list may be there twice: those that are codes or known words.
func (r rule) distinct(item reflect.Type) bool {
	return item.Kind() == reflect.Uint32 || len(r.oneOf) > 0
}

// kinds are the types of the policies.
var kinds = map[model.Kind]reflect.Type{
	model.KindMesh:      reflect.TypeFor[model.Mesh](),
	model.KindGateway:   reflect.TypeFor[model.Gateway](),
	model.KindRoute:     reflect.TypeFor[model.Route](),
	model.KindTraffic:   reflect.TypeFor[model.Traffic](),
	model.KindLane:      reflect.TypeFor[model.Lane](),
	model.KindAccess:    reflect.TypeFor[model.Access](),
	model.KindMapping:   reflect.TypeFor[model.Mapping](),
	model.KindTelemetry: reflect.TypeFor[model.Telemetry](),
}

// structs has the fields of every struct that a policy is made of.
var structs = describeAll()

func describeAll() map[reflect.Type][]field {
	all := map[reflect.Type][]field{}
	for _, t := range kinds {
		describe(t, all)
	}
	return all
}

func describe(t reflect.Type, all map[reflect.Type][]field) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		describe(t.Elem(), all)
		return
	case reflect.Struct:
	default:
		return
	}
	if _, done := all[t]; done {
		return
	}
	all[t] = nil
	all[t] = flatten(t, nil)
	for _, f := range all[t] {
		describe(f.typ, all)
	}
}

// flatten lists the fields of a struct in their order, those of embedded structs among them.
func flatten(t reflect.Type, at []int) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		if f.Anonymous {
			list = append(list, flatten(f.Type, index)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		list = append(list, field{name: name, index: index, typ: f.Type, owner: t, goes: f.Name, rule: parseRule(f.Tag.Get("check"))})
	}
	return list
}

// parseRule reads a `check` tag; a test holds every tag against it.
func parseRule(tag string) rule {
	var r rule
	for part := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "required":
			r.required = true
		case "nonEmpty":
			r.nonEmpty = true
		case "single":
			r.single = true
		case "short":
			r.short = true
		case "lines":
			r.lines = true
		case "zero":
			r.zero = true
		case "secret":
			r.secret = true
		case "maxItems":
			r.maxItems, _ = strconv.Atoi(value)
		case "min":
			r.min = value
		case "max":
			r.max = value
		case "oneOf":
			r.oneOf = strings.Split(value, "|")
		case "format":
			r.format = value
		case "keys":
			r.keys = value
		}
	}
	return r
}

// names lists the fields' names.
func names(fields []field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.name
	}
	return list
}

// shortField is the field that a plain value in place of the whole struct means.
func shortField(t reflect.Type) (field, bool) {
	for _, f := range structs[t] {
		if f.rule.short {
			return f, true
		}
	}
	return field{}, false
}

// indirect is what a pointer points to.
func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func kindNames() []string {
	list := make([]string, len(model.Kinds))
	for i, k := range model.Kinds {
		list[i] = string(k)
	}
	return list
}
