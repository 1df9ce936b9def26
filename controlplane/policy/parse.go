package policy

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
)

// MaxBytes is the size of the largest policy that is read. The YAML parser takes time that grows with the square of some
// inputs: the worst that anybody can write into etcd holds up other policies, not traffic, for some seconds.
const MaxBytes = 128 << 10

// Parsed is a policy as it was written.
type Parsed struct {
	Policy   model.Policy // nil when it cannot be used
	Kind     model.Kind   // as far as it can be told
	Name     string       // as far as it can be told
	File     string
	Text     string    // this document alone, with a final line break
	Line     int       // in the file where Text begins, from 1
	Problems []Problem // errors and warnings, by their place in the file
}

// ID names the policy as people do: Traffic/hello.
func (p Parsed) ID() string { return string(p.Kind) + "/" + p.Name }

// Err has all errors; nil when the policy can be used.
func (p Parsed) Err() error { return join(p.Problems) }

// Errors are the problems for which the policy cannot be used.
func (p Parsed) Errors() []Problem {
	errs, _ := split(p.Problems)
	return errs
}

// Warnings are the problems that do not keep the policy from being used.
func (p Parsed) Warnings() []Problem {
	_, warnings := split(p.Problems)
	return warnings
}

// Parse reads all policies of a file; documents are separated by lines of three dashes. A mistake in one does not keep
// another from being read. Two of the same kind and name are an error of the second.
func Parse(file string, text []byte) []Parsed {
	var list []Parsed
	seen := map[string]int{}
	for _, part := range splitDocuments(text) {
		p := parse(part.text, part.line, "", "")
		if p == nil {
			continue
		}
		p.File = file
		if first, twice := seen[p.ID()]; twice && p.Name != "" {
			p.Policy = nil // the first one may be meant, or this one
			p.Problems = append(p.Problems, Problem{Line: part.line, Column: 1, Field: "name", Message: p.ID() + " was there already, in line " + itoa(first) + "; give it another name"})
		} else {
			seen[p.ID()] = part.line
		}
		list = append(list, *p)
	}
	return list
}

// ParseKey reads the value of the key …/policies/<kind>/<name>. What the text says of kind and name must agree with the
// key; it may leave both out.
func ParseKey(kind, name string, value []byte) Parsed {
	if !slices.Contains(model.Kinds, model.Kind(kind)) {
		return Parsed{Kind: model.Kind(kind), Name: name, Text: string(value), Problems: []Problem{{Message: unknownKind(kind) + ", in the key"}}}
	}
	if err := formats["name"].check(name); err != nil {
		return Parsed{Kind: model.Kind(kind), Name: name, Text: string(value), Problems: []Problem{{Message: "the name in the key: " + err.Error()}}}
	}
	if p := parse(lineBreaks(value), 1, model.Kind(kind), name); p != nil {
		return *p
	}
	return Parsed{Kind: model.Kind(kind), Name: name, Text: string(value), Problems: []Problem{{Message: "the value is empty; write a policy, or delete the key"}}}
}

// part is one document of a file.
type part struct {
	text []byte
	line int // where it begins, from 1
}

// splitDocuments cuts a file at its lines of three dashes. YAML allows them nowhere else at the margin.
func splitDocuments(text []byte) []part {
	text = lineBreaks(bytes.TrimPrefix(text, []byte("\ufeff")))
	var parts []part
	current, line := part{line: 1}, 0
	for raw := range bytes.Lines(text) {
		line++
		trimmed := strings.TrimRight(string(raw), " \t\r\n")
		if trimmed == "---" || trimmed == "..." || strings.HasPrefix(trimmed, "--- #") {
			parts = append(parts, current)
			current = part{line: line + 1}
			continue
		}
		current.text = append(current.text, raw...)
	}
	return append(parts, current)
}

// lineBreaks makes those of Windows plain: the YAML parser counts them twice.
func lineBreaks(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// parse reads one document that begins in a line of its file; nil when there is nothing in it. With a kind and a name those
// of the document must agree.
func parse(text []byte, line int, kind model.Kind, name string) *Parsed {
	out := &Parsed{Kind: kind, Name: name, Text: strings.Trim(string(text), "\n") + "\n", Line: line}
	above := bytes.Repeat([]byte("\n"), line-1) // so that every position is one of the file
	root, err := document.Parse(append(above, text...), MaxBytes+len(above))
	if err != nil {
		out.Problems = []Problem{whole(err)}
		return out
	}
	if root == nil {
		return nil
	}
	d := decoder{nodes: map[string]ast.Node{"": root}}
	if _, mapping := entries(root); !mapping {
		d.fail(root, "", "a policy is a mapping that begins with \"kind: Traffic\", found %s", document.Describe(root))
		out.Problems = d.problems
		return out
	}
	out.Kind = d.kind(root, kind)
	if said, ok := member(root, "name"); ok && name == "" {
		out.Name, _ = document.Scalar(said)
	}
	if typ, known := kinds[out.Kind]; known {
		value := reflect.New(typ).Elem()
		d.given = map[string]string{"kind": string(kind), "name": name}
		d.structure("", root, value)
		d.cross(value)
		if join(d.problems) == nil {
			out.Policy = value.Interface().(model.Policy)
			out.Name = out.Policy.Meta().Name
		}
	}
	out.Problems = sortProblems(d.problems)
	return out
}

// Place gives problems of a policy that was read as text, by their fields, the places where these stand.
func Place(kind model.Kind, name, text string, problems []Problem) []Problem {
	if len(problems) == 0 {
		return nil
	}
	root, err := document.Parse(lineBreaks([]byte(text)), MaxBytes)
	if root == nil || err != nil {
		return problems
	}
	d := decoder{nodes: map[string]ast.Node{"": root}, given: map[string]string{"kind": string(kind), "name": name}}
	if typ, known := kinds[kind]; known {
		d.structure("", root, reflect.New(typ).Elem())
	}
	out := slices.Clone(problems)
	for i := range out {
		at := beginning(d.at(out[i].Field))
		out[i].Line, out[i].Column = document.Position(at)
		out[i].Width = width(at)
	}
	return sortProblems(out)
}

// kind reads the kind of a document.
func (d *decoder) kind(root ast.Node, given model.Kind) model.Kind {
	node, there := member(root, "kind")
	text, _ := document.Scalar(node)
	kind := model.Kind(text)
	if there {
		d.nodes["kind"] = node
	}
	switch {
	case !there && given != "":
		return given
	case !there:
		d.fail(root, "kind", "it is missing; write one of %s", strings.Join(kindNames(), ", "))
	case kinds[kind] == nil:
		d.fail(node, "kind", "%s", unknownKind(text))
	case given != "" && kind != given:
		d.fail(node, "kind", "%s, but the key says %s; write one of the two at both places", kind, given)
	}
	return kind
}

func unknownKind(kind string) string {
	if near := nearest.Word(kind, kindNames()); near != "" {
		return document.Quote(kind) + " is no kind of policy; did you mean \"" + near + "\"?"
	}
	return document.Quote(kind) + " is no kind of policy; write one of " + strings.Join(kindNames(), ", ")
}

// At returns a policy with where it was read from: its key or file, and the revisions at which etcd wrote it and, first,
// its key.
func At(p model.Policy, source string, revision, created int64) model.Policy {
	v := reflect.New(reflect.TypeOf(p)).Elem()
	v.Set(reflect.ValueOf(p))
	v.FieldByName("Source").SetString(source)
	v.FieldByName("Revision").SetInt(revision)
	v.FieldByName("Created").SetInt(created)
	return v.Interface().(model.Policy)
}
