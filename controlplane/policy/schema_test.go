package policy

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// comments are the doc comments of the model: of a type by its name, of a field by type.field.
func comments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../model/policy*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no sources", err)
	}
	all := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			spec := g.Specs[0].(*ast.TypeSpec)
			all[spec.Name.Name] = oneLine(g.Doc.Text())
			s, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					all[spec.Name.Name+"."+name.Name] = said(f.Doc.Text(), name.Name)
				}
			}
		}
	}
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// said turns "Timeout of a request" and "Policy is what …" into what is said of the field.
func said(text, name string) string {
	text = oneLine(text)
	for _, verb := range []string{" is ", " are ", " says ", ""} {
		if rest, ok := strings.CutPrefix(text, name+verb); ok && verb != "" {
			if verb == " says " {
				rest = "says " + rest
			}
			return strings.ToUpper(rest[:1]) + rest[1:]
		}
	}
	return text
}

type object = map[string]any

// schemaWriter makes JSON Schema of the fields.
type schemaWriter struct {
	docs map[string]string
	defs object
}

func (w *schemaWriter) of(t reflect.Type, r rule) object {
	if q, ok := quantities[t]; ok {
		return object{"type": "string", "pattern": q.pattern, "examples": []string{strings.Split(strings.Split(q.example, ",")[0], " or")[0]}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.of(t.Elem(), r)
	case reflect.Struct:
		w.define(t)
		ref := object{"$ref": "#/$defs/" + t.Name()}
		if short, ok := shortField(t); ok {
			return object{"anyOf": []any{ref, w.of(short.typ, short.rule)}}
		}
		return ref
	case reflect.Slice:
		item := w.of(t.Elem(), r.items())
		list := object{"type": "array", "items": item}
		if r.nonEmpty {
			list["minItems"] = 1
		}
		if r.distinct(t.Elem()) {
			list["uniqueItems"] = true
		}
		if r.maxItems > 0 {
			list["maxItems"] = r.maxItems
		}
		if r.single {
			return object{"anyOf": []any{item, list}}
		}
		return list
	case reflect.Map:
		m := object{"type": "object", "additionalProperties": w.of(t.Elem(), r.items())}
		if r.keys != "" && formats[r.keys].pattern != "" {
			m["propertyNames"] = object{"pattern": ecma(formats[r.keys].pattern)}
		}
		if r.nonEmpty {
			m["minProperties"] = 1
		}
		return m
	case reflect.Interface:
		return object{}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return text(r)
	}
	return number(t, r)
}

// text allows for what YAML takes for a number or a truth value: it is text all the same.
func text(r rule) object {
	switch {
	case len(r.oneOf) > 0:
		return object{"enum": words(r.oneOf)}
	case r.format != "" && formats[r.format].pattern != "":
		return object{"type": "string", "pattern": ecma(formats[r.format].pattern), "examples": []string{formats[r.format].example}}
	case r.format != "":
		return object{"type": "string", "examples": []string{formats[r.format].example}}
	}
	return object{"type": []string{"string", "number", "boolean"}, "maxLength": maxText}
}

// words are texts, and numbers too where YAML takes them for one: minVersion: 1.2.
func words(list []string) []any {
	var out []any
	for _, w := range list {
		out = append(out, w)
		if json.Valid([]byte(w)) && w != "true" && w != "false" {
			out = append(out, json.Number(w))
		}
	}
	return out
}

// ecma writes an expression as JavaScript reads it.
func ecma(pattern string) string {
	return strings.ReplaceAll(pattern, `\x{80}-\x{10FFFF}`, `\u0080-\uffff`)
}

func number(t reflect.Type, r rule) object {
	if len(r.oneOf) > 0 {
		var list []any
		for _, w := range r.oneOf {
			list = append(list, json.Number(w))
		}
		return object{"enum": list}
	}
	n := object{"type": "integer"}
	if t.Kind() == reflect.Float64 {
		n["type"] = "number"
	}
	if t.Kind() == reflect.Uint32 {
		n["minimum"], n["maximum"] = 0, math.MaxUint32
	}
	if r.min != "" {
		n["minimum"] = json.Number(r.min)
	}
	if r.max != "" {
		n["maximum"] = json.Number(r.max)
	}
	return n
}

func (w *schemaWriter) define(t reflect.Type) {
	if _, done := w.defs[t.Name()]; done {
		return
	}
	w.defs[t.Name()] = nil
	w.defs[t.Name()] = w.structure(t)
}

func (w *schemaWriter) structure(t reflect.Type) object {
	properties, required := object{}, []string{}
	for _, f := range structs[t] {
		p := w.of(f.typ, f.rule)
		p["description"] = w.docs[f.owner.Name()+"."+f.goes]
		properties[f.name] = p
		if f.rule.required {
			required = append(required, f.name)
		}
	}
	s := object{"type": "object", "description": w.docs[t.Name()], "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	if rules := chosen(choices[t]); len(rules) > 0 {
		s["allOf"] = rules
	}
	return s
}

// chosen says which fields cannot stand together.
func chosen(list []choice) (all []any) {
	for _, c := range list {
		var each, pairs []any
		for i, name := range c.fields {
			each = append(each, object{"required": []string{name}})
			for _, other := range c.fields[:i] {
				pairs = append(pairs, object{"required": []string{other, name}})
			}
		}
		if c.needed {
			all = append(all, object{"oneOf": each})
		} else {
			all = append(all, object{"not": object{"anyOf": pairs}})
		}
	}
	return all
}

const schemaHome = "https://github.com/dubbomesh/dubbomesh/schemas/"

func writeJSON(t *testing.T, v any) string {
	t.Helper()
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestSchemasAreCurrent holds the published JSON Schemas against the fields.
func TestSchemasAreCurrent(t *testing.T) {
	docs := comments(t)
	var each []any
	kindsOf := object{} // in the schema of any kind, so that it is whole in one file
	for _, kind := range model.Kinds {
		w := schemaWriter{docs: docs, defs: object{}}
		s := w.structure(kinds[kind])
		s["$schema"], s["$id"], s["title"] = "https://json-schema.org/draft/2020-12/schema", schemaHome+string(kind)+".json", string(kind)+" policy"
		s["properties"].(object)["kind"] = object{"const": string(kind), "description": "Says that this is a " + string(kind) + " policy"}
		s["required"] = append([]string{"kind"}, s["required"].([]string)...)
		if len(w.defs) > 0 {
			s["$defs"] = w.defs
		}
		golden.Compare(t, "../../schemas/"+string(kind)+".json", writeJSON(t, s))
		kindsOf[string(kind)] = s
		each = append(each, object{
			"if":   object{"properties": object{"kind": object{"const": string(kind)}}, "required": []string{"kind"}},
			"then": object{"$ref": string(kind) + ".json"},
		})
	}
	golden.Compare(t, "../../schemas/policy.json", writeJSON(t, object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schemaHome + "policy.json", "title": "A policy of any kind",
		"type": "object", "required": []string{"kind"}, "properties": object{"kind": object{"enum": model.Kinds}}, "allOf": each, "$defs": kindsOf,
	}))
	files, err := os.ReadDir("../../schemas")
	if err != nil {
		t.Fatal(err)
	}
	if want := len(model.Kinds) + 2; len(files) != want {
		t.Errorf("%d files in schemas, want %d", len(files), want)
	}
}

// TestEveryFieldIsDescribed holds the tags and comments of the model to what is made of them.
func TestEveryFieldIsDescribed(t *testing.T) {
	docs := comments(t)
	for _, typ := range slices.SortedFunc(maps.Keys(structs), func(a, b reflect.Type) int { return strings.Compare(a.Name(), b.Name()) }) {
		if docs[typ.Name()] == "" {
			t.Errorf("%s has no comment", typ.Name())
		}
		for _, f := range structs[typ] {
			if docs[f.owner.Name()+"."+f.goes] == "" {
				t.Errorf("%s.%s has no comment", f.owner.Name(), f.goes)
			}
			for _, name := range []string{f.rule.format, f.rule.keys} {
				if _, known := formats[name]; name != "" && !known {
					t.Errorf("%s.%s: there is no format %q", f.owner.Name(), f.goes, name)
				}
			}
			if q, ok := quantities[indirect(f.typ)]; ok {
				if f.rule.zero && (f.rule.min == "" || f.rule.max == "" || q.what != "duration") {
					t.Errorf("%s.%s: zero goes with min and max of a duration", f.owner.Name(), f.goes)
				}
				for _, bound := range []string{f.rule.min, f.rule.max} {
					if _, err := q.parse(bound); bound != "" && err != nil {
						t.Errorf("%s.%s: %q is no %s", f.owner.Name(), f.goes, bound, q.what)
					}
				}
			}
		}
	}
}

// TestTagsHaveKnownWords finds misspelt words of `check` tags, which would check nothing.
func TestTagsHaveKnownWords(t *testing.T) {
	known := []string{"required", "nonEmpty", "single", "short", "min", "max", "oneOf", "format", "keys", "lines", "secret", "zero", "maxItems", ""}
	for typ := range structs {
		for i := range typ.NumField() {
			for part := range strings.SplitSeq(typ.Field(i).Tag.Get("check"), ",") {
				if word, _, _ := strings.Cut(part, "="); !slices.Contains(known, word) {
					t.Errorf("%s.%s: %q", typ.Name(), typ.Field(i).Name, word)
				}
			}
		}
	}
}

// TestChoicesNameFields finds misspelt fields of choices, which would choose nothing.
func TestChoicesNameFields(t *testing.T) {
	for typ, list := range choices {
		for _, c := range list {
			for _, name := range c.fields {
				if !slices.Contains(names(structs[typ]), name) {
					t.Errorf("%s has no field %s", typ, name)
				}
			}
		}
	}
}
