package policy

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// The reference stands between these lines of the page; everything else is written by hand.
const (
	referenceBegin = "<!-- reference:begin, made by `go test ./controlplane/policy -update` -->\n"
	referenceEnd   = "<!-- reference:end -->\n"
)

// TestReferenceIsCurrent holds the reference page against the fields.
func TestReferenceIsCurrent(t *testing.T) {
	w := referenceWriter{docs: comments(t), done: map[reflect.Type]bool{}}
	golden.CompareSection(t, "../../docs/policies.md", referenceBegin, referenceEnd, w.write())
}

// referenceWriter writes a table for each kind, and behind them one for each structure.
type referenceWriter struct {
	docs map[string]string
	out  strings.Builder
	next []reflect.Type // structures that were named and not written yet
	done map[reflect.Type]bool
}

func (w *referenceWriter) write() string {
	w.line("\n### All kinds\n")
	w.table(structs[kinds[model.KindTraffic]], func(f field) bool { return f.owner.Name() == "PolicyMeta" })
	for _, kind := range model.Kinds {
		w.line("\n### %s\n\n%s\n", kind, w.docs[string(kind)])
		w.unused(kinds[kind])
		w.table(structs[kinds[kind]], func(f field) bool { return f.owner.Name() != "PolicyMeta" })
	}
	for len(w.next) > 0 {
		t := w.next[0]
		w.next = w.next[1:]
		w.line("\n### %s\n\n%s\n", t.Name(), w.docs[t.Name()])
		w.unused(t)
		if short, ok := shortField(t); ok {
			w.line("A plain value stands for `%s`.\n", short.name)
		}
		w.table(structs[t], func(field) bool { return true })
	}
	return w.out.String() + "\n"
}

func (w *referenceWriter) line(format string, args ...any) {
	_, _ = fmt.Fprintf(&w.out, format+"\n", args...)
}

// unused says that nothing is made of a structure yet.
func (w *referenceWriter) unused(t reflect.Type) {
	if text, waits := pending[t]; waits {
		w.line("**Not yet:** %s.\n", text)
	}
}

func (w *referenceWriter) table(fields []field, take func(field) bool) {
	w.line("| field | holds | |\n|---|---|---|")
	for _, f := range fields {
		if !take(f) {
			continue
		}
		name := "`" + f.name + "`"
		if f.rule.required {
			name += " *"
		}
		text := strings.ReplaceAll(strings.ReplaceAll(w.docs[f.owner.Name()+"."+f.goes], "|", `\|`), "<", `\<`)
		w.line("| %s | %s | %s |", name, w.holds(f.typ, f.rule), text)
	}
}

// holds says what a field takes.
func (w *referenceWriter) holds(t reflect.Type, r rule) string {
	if q, ok := quantities[t]; ok {
		if r.zero {
			return "0s, or " + q.what + within(r)
		}
		return q.what + within(r)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.holds(t.Elem(), r)
	case reflect.Struct:
		if !w.done[t] {
			w.done[t] = true
			w.next = append(w.next, t)
		}
		return "[" + t.Name() + "](#" + strings.ToLower(t.Name()) + ")"
	case reflect.Slice:
		if r.single {
			list := ", or a list"
			if r.maxItems > 0 {
				list = fmt.Sprintf(", or a list of at most %d", r.maxItems)
			}
			return w.holds(t.Elem(), r.items()) + list
		}
		list := "list of "
		if r.maxItems > 0 {
			list = fmt.Sprintf("list of at most %d: ", r.maxItems)
		}
		return list + w.holds(t.Elem(), r.items())
	case reflect.Map:
		return "name → " + w.holds(t.Elem(), r.items())
	case reflect.Bool:
		return "true or false"
	case reflect.Interface:
		return "any value"
	}
	switch {
	case len(r.oneOf) > 0:
		return "`" + strings.Join(r.oneOf, "`, `") + "`"
	case r.format != "":
		return strings.ReplaceAll(strings.ReplaceAll(formats[r.format].what, "|", `\|`), "<", `\<`)
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Float64:
		return "number" + within(r)
	}
	return "whole number" + within(r)
}

func within(r rule) string {
	switch {
	case r.min != "" && r.max != "":
		return ", " + r.min + " to " + r.max
	case r.max != "":
		return ", up to " + r.max
	case r.min != "":
		return ", " + r.min + " or more"
	}
	return ""
}
