package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/schemas"
)

// inventor makes up policies of a kind from its published JSON Schema, so that it knows every field that there is.
type inventor struct {
	rnd  *rand.Rand
	defs map[model.Kind]map[string]any // the whole schema of each kind
}

func newInventor(t *testing.T, rnd *rand.Rand) *inventor {
	t.Helper()
	v := &inventor{rnd: rnd, defs: map[model.Kind]map[string]any{}}
	for _, kind := range model.Kinds {
		text, err := schemas.Files.ReadFile(string(kind) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var schema map[string]any
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		v.defs[kind] = schema
	}
	return v
}

// about are the fields that say what a policy is about; whoever asks for one says that.
var about = []string{"kind", "name", "service", "selector", "description", "paused"}

// policy makes up a valid policy: what is given, and as many random fields besides as the rules between fields allow.
func (v *inventor) policy(kind model.Kind, name string, given map[string]any, fields int) string {
	schema := v.defs[kind]
	out := maps.Clone(given)
	if out == nil {
		out = map[string]any{}
	}
	// What is required may be made up wrongly a few times.
	for range 1000 {
		for _, field := range names(schema["required"]) {
			if _, fixed := given[field]; !fixed && !slices.Contains(about, field) {
				out[field] = v.value(schema, property(schema, field), 0)
			}
		}
		if v.mend(kind, name, out) {
			break
		}
	}
	all := sortedKeys(schema["properties"].(map[string]any))
	for range 20 * fields {
		field := all[v.rnd.IntN(len(all))]
		if _, there := out[field]; there || slices.Contains(about, field) || fields == 0 {
			continue
		}
		before := written(out)
		out[field] = v.value(schema, property(schema, field), 0)
		if !v.mend(kind, name, out) || written(out) == before {
			out = nil
			if err := json.Unmarshal([]byte(before), &out); err != nil {
				panic(err)
			}
			continue
		}
		fields--
	}
	if !v.mend(kind, name, out) {
		panic(fmt.Sprintf("no valid %s from %s", kind, written(out)))
	}
	return written(out)
}

func written(fields map[string]any) string {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// mend takes out of a policy what the control plane would refuse it for, and reports whether it is valid then.
func (v *inventor) mend(kind model.Kind, name string, fields map[string]any) bool {
	for range 20 {
		parsed := policy.ParseKey(string(kind), name, []byte(written(fields)))
		if parsed.Policy != nil {
			return true
		}
		wrong := parsed.Errors()[0].Field
		path := strings.FieldsFunc(wrong, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
		if !takeOut(fields, path) {
			return false
		}
	}
	return false
}

// takeOut removes what stands at a path, and reports whether something stood there.
func takeOut(from any, path []string) bool {
	if len(path) == 0 {
		return false
	}
	switch from := from.(type) {
	case map[string]any:
		below, there := from[path[0]]
		if !there {
			return false
		}
		if len(path) > 1 && takeOut(below, path[1:]) {
			return true
		}
		delete(from, path[0])
		return true
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(from) {
			return takeOut(from[i], path[1:])
		}
	}
	return false
}

// value makes up a value of a schema. The deeper it is, the fewer fields it has.
func (v *inventor) value(root, schema map[string]any, depth int) any {
	if ref, ok := schema["$ref"].(string); ok {
		return v.value(root, root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), depth)
	}
	if some, ok := schema["anyOf"].([]any); ok {
		return v.value(root, asSchema(some[v.rnd.IntN(len(some))]), depth)
	}
	if enum, ok := schema["enum"].([]any); ok {
		return enum[v.rnd.IntN(len(enum))]
	}
	switch kind := schema["type"].(type) {
	case string:
		return v.typed(kind, root, schema, depth)
	case []any:
		return v.typed(fmt.Sprint(kind[0]), root, schema, depth)
	}
	return "x" // any value
}

func (v *inventor) typed(kind string, root, schema map[string]any, depth int) any {
	switch kind {
	case "object":
		return v.object(root, schema, depth)
	case "array":
		var list []any
		for range 1 + v.rnd.IntN(2) {
			list = append(list, v.value(root, asSchema(schema["items"]), depth+1))
		}
		return list
	case "integer":
		low, high := number(schema, "minimum", 0), number(schema, "maximum", 1000)
		if v.rnd.IntN(2) == 0 {
			high = min(high, low+20)
		}
		return int64(low) + v.rnd.Int64N(int64(high-low)+1)
	case "number":
		low, high := number(schema, "minimum", 0), number(schema, "maximum", 10)
		return low + v.rnd.Float64()*(high-low)
	case "boolean":
		return v.rnd.IntN(2) == 0
	}
	return v.text(schema)
}

func (v *inventor) object(root, schema map[string]any, depth int) any {
	out := map[string]any{}
	required := names(schema["required"])
	properties, _ := schema["properties"].(map[string]any)
	if strings.Contains(fmt.Sprint(schema["description"]), "xactly one") {
		all := sortedKeys(properties)
		field := all[v.rnd.IntN(len(all))]
		return map[string]any{field: v.value(root, asSchema(properties[field]), depth+1)}
	}
	for _, field := range sortedKeys(properties) {
		if slices.Contains(required, field) || v.rnd.IntN(3+2*depth) == 0 {
			out[field] = v.value(root, asSchema(properties[field]), depth+1)
		}
	}
	if more, ok := schema["additionalProperties"].(map[string]any); ok {
		for range 1 + v.rnd.IntN(2) {
			out[v.pick("x-user", "0", "version", "tenant", "getUser", "whoami")] = v.value(root, more, depth+1)
		}
	}
	if len(out) == 0 && len(properties) > 0 {
		all := sortedKeys(properties)
		field := all[v.rnd.IntN(len(all))]
		out[field] = v.value(root, asSchema(properties[field]), depth+1)
	}
	return out
}

// text makes up a text: of the unit that a pattern asks for, else an example.
func (v *inventor) text(schema map[string]any) string {
	pattern, _ := schema["pattern"].(string)
	switch {
	case strings.Contains(pattern, "ns|us"):
		return v.pick("0s", "1ms", "25ms", "100ms", "250ms", "1s", "5s", "30s", "1m")
	case strings.Contains(pattern, "%"):
		return v.pick("0%", "0.5%", "1%", "10%", "50%", "99.9%", "100%")
	case strings.Contains(pattern, "KiB"):
		return v.pick("1KiB", "64KiB", "1MiB")
	}
	if examples, ok := schema["examples"].([]any); ok && v.rnd.IntN(4) > 0 {
		return fmt.Sprint(examples[v.rnd.IntN(len(examples))])
	}
	return v.pick("a", "v1", "v2", "ann", "/whoami", "gray")
}

func (v *inventor) pick(list ...string) string { return list[v.rnd.IntN(len(list))] }

func names(v any) (out []string) {
	list, _ := v.([]any)
	for _, name := range list {
		out = append(out, fmt.Sprint(name))
	}
	return out
}

func property(schema map[string]any, field string) map[string]any {
	return asSchema(schema["properties"].(map[string]any)[field])
}

// asSchema is a schema; one that allows anything is empty.
func asSchema(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func number(schema map[string]any, key string, otherwise float64) float64 {
	if n, ok := schema[key].(float64); ok {
		return n
	}
	return otherwise
}

func sortedKeys(m map[string]any) []string {
	var out []string
	for key := range m {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// TestInvented holds that what is made up is valid, of every kind, and has many fields.
func TestInvented(t *testing.T) {
	v := newInventor(t, rand.New(rand.NewPCG(1, 1)))
	for _, kind := range model.Kinds {
		fields := map[string]bool{}
		for range 50 {
			given := map[string]any{}
			if !slices.Contains([]model.Kind{model.KindMesh, model.KindGateway, model.KindLane}, kind) {
				given["service"] = webService
			}
			text := v.policy(kind, "x", given, 3)
			var top map[string]any
			if err := json.Unmarshal([]byte(text), &top); err != nil {
				t.Fatal(err)
			}
			for field := range top {
				fields[field] = true
			}
		}
		t.Logf("%s: %d of %d fields", kind, len(fields), len(v.defs[kind]["properties"].(map[string]any)))
	}
}
