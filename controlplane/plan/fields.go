package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Field is a part of a resource that differs.
type Field struct {
	Path   string `json:"path,omitempty"` // virtualHosts["*"].routes[3].route.timeout; "" for the whole
	Action Action `json:"action"`
	Before any    `json:"before,omitempty"` // in Envoy's own JSON
	After  any    `json:"after,omitempty"`
}

// tree is a message as Envoy's own JSON, packed messages unpacked. What cannot be shown is told of in its place.
func tree(m proto.Message) any {
	text, err := protojson.Marshal(m)
	var out any
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return fmt.Sprintf("cannot be shown: %v", err)
	}
	return out
}

// differences lists what differs between two trees, by path.
func differences(was, will any) []Field {
	d := differ{}
	d.value("", was, will)
	return d.fields
}

type differ struct{ fields []Field }

func (d *differ) value(path string, was, will any) {
	if reflect.DeepEqual(was, will) {
		return
	}
	switch a := was.(type) {
	case map[string]any:
		if b, ok := will.(map[string]any); ok {
			d.members(path, a, b, member)
			return
		}
	case []any:
		if b, ok := will.([]any); ok {
			d.items(path, a, b)
			return
		}
	}
	d.fields = append(d.fields, Field{path, Changed, was, will})
}

func (d *differ) members(path string, was, will map[string]any, below func(path, key string) string) {
	all := maps.Clone(was)
	maps.Copy(all, will)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		a, before := was[key]
		b, after := will[key]
		switch {
		case !before:
			d.fields = append(d.fields, Field{Path: below(path, key), Action: Added, After: b})
		case !after:
			d.fields = append(d.fields, Field{Path: below(path, key), Action: Removed, Before: a})
		default:
			d.value(below(path, key), a, b)
		}
	}
}

// member is the path of a member. Keys that are no plain words are quoted.
func member(path, key string) string {
	plain := key != "" && strings.IndexFunc(key, func(r rune) bool {
		return r != '_' && r != '@' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
	switch {
	case !plain:
		return quoted(path, key)
	case path == "":
		return key
	}
	return path + "." + key
}

func quoted(path, key string) string { return fmt.Sprintf("%s[%q]", path, key) }

// items compares lists: by name where all items have one, else by what they have in common in the same order.
func (d *differ) items(path string, was, will []any) {
	a, named := byName(was)
	b, too := byName(will)
	if named && too {
		before := len(d.fields)
		if d.members(path, a, b, quoted); len(d.fields) == before {
			d.fields = append(d.fields, Field{path, Changed, order(was), order(will)})
		}
		return
	}
	i, j := 0, 0
	for _, next := range append(common(was, will), [2]int{len(was), len(will)}) {
		for ; i < next[0] && j < next[1]; i, j = i+1, j+1 {
			d.value(fmt.Sprintf("%s[%d]", path, j), was[i], will[j])
		}
		for ; i < next[0]; i++ {
			d.fields = append(d.fields, Field{Path: fmt.Sprintf("%s[%d]", path, i), Action: Removed, Before: was[i]})
		}
		for ; j < next[1]; j++ {
			d.fields = append(d.fields, Field{Path: fmt.Sprintf("%s[%d]", path, j), Action: Added, After: will[j]})
		}
		i, j = next[0]+1, next[1]+1
	}
}

// byName is a list as a mapping; false when its items have no names of their own.
func byName(list []any) (map[string]any, bool) {
	out := make(map[string]any, len(list))
	for _, item := range list {
		name := nameOf(item)
		if _, twice := out[name]; twice || name == "" {
			return nil, false
		}
		out[name] = item
	}
	return out, true
}

// nameOf is what tells an item of a list from others: its name, or the address of an endpoint.
func nameOf(item any) string {
	m, _ := item.(map[string]any)
	if name, ok := m["name"].(string); ok {
		return name
	}
	for _, key := range []string{"endpoint", "address", "socketAddress"} {
		m, _ = m[key].(map[string]any)
	}
	if m == nil {
		return ""
	}
	return fmt.Sprintf("%v:%v", m["address"], m["portValue"])
}

func order(list []any) string {
	var names []string
	for _, item := range list {
		names = append(names, nameOf(item))
	}
	return strings.Join(names, ", ")
}

// maxTable bounds the memory for the comparison of two lists, in cells.
const maxTable = 4 << 20

// common are the positions of a longest common subsequence of two lists. Of very long ones it is that of what they begin
// and end with.
func common(was, will []any) (out [][2]int) {
	a, b := texts(was), texts(will)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		out = append(out, [2]int{head, head})
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	out = append(out, middle(a[head:len(a)-tail], b[head:len(b)-tail], head)...)
	for ; tail > 0; tail-- {
		out = append(out, [2]int{len(a) - tail, len(b) - tail})
	}
	return out
}

func middle(a, b []string, at int) (out [][2]int) {
	if len(a)*len(b) > maxTable {
		return nil
	}
	length := make([][]int, len(a)+1) // of the longest from here on
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out = append(out, [2]int{at + i, at + j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

func texts(list []any) []string {
	out := make([]string, len(list))
	for i, item := range list {
		text, _ := json.Marshal(item) // it came from JSON
		out[i] = string(text)
	}
	return out
}
