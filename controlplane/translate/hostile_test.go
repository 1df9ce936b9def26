package translate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// hostile are texts that break something somewhere.
var hostile = []string{
	"under construction\n", "a\rb", "a\x00b", "a\x7fb", "\u2028%X%", `\9'"|{}()[]`, "", "*",
	strings.Repeat("x", 8<<10), strings.Repeat("%", 8<<10), "/" + strings.Repeat("é", 250), "/" + strings.Repeat(".", 690),
	strings.Repeat("y", 20_000), "[a-z]{1,600}", "Content-Length",
}

// A text in any field of any policy is refused, or it does no harm: all that is made of it is what Envoy takes, and nothing
// that other policies say is left out for it.
func TestHostileTexts(t *testing.T) {
	files, err := filepath.Glob("../../examples/policies/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range policy.Parse(file, text) {
			t.Run(filepath.Base(file)+"/"+p.Name, func(t *testing.T) {
				t.Parallel()
				encoded, err := json.Marshal(p.Policy)
				if err != nil {
					t.Fatal(err)
				}
				var tree map[string]any
				if err := json.Unmarshal(encoded, &tree); err != nil {
					t.Fatal(err)
				}
				tree["kind"] = p.Kind
				taken := func() bool { return len(parsed(t, tree)) > 0 }
				replaceTexts(tree, string(p.Kind), taken, func(at, text string) { tryText(t, tree, at, text) })
			})
		}
	}
}

// replaceTexts puts each hostile text in the place of each text of a tree, one at a time, and of each name in it.
func replaceTexts(node any, at string, taken func() bool, try func(at, text string)) {
	switch n := node.(type) {
	case map[string]any:
		for _, key := range Names(n) {
			was, below := n[key], at+"."+key
			if _, text := was.(string); text {
				for _, h := range hostile {
					n[key] = h
					try(below, h)
				}
			} else {
				replaceTexts(was, below, taken, try)
			}
			for _, h := range otherNames(n, key, taken) {
				n[h] = was
				try(below+" as a name", h)
				delete(n, h)
			}
			n[key] = was
		}
	case []any:
		for i, was := range n {
			below := fmt.Sprintf("%s[%d]", at, i)
			if _, text := was.(string); !text {
				replaceTexts(was, below, taken, try)
				continue
			}
			for _, h := range hostile {
				n[i] = h
				try(below, h)
			}
			n[i] = was
		}
	}
}

// otherNames are what an entry is called in turn, which is taken away. Where another name is not taken it is a field's.
func otherNames(n map[string]any, key string, taken func() bool) []string {
	was := n[key]
	delete(n, key)
	n["x7"] = was
	defer delete(n, "x7")
	if !taken() {
		return nil
	}
	return hostile
}

func tryText(t *testing.T, tree map[string]any, at, text string) {
	t.Helper()
	list := parsed(t, tree)
	if len(list) == 0 {
		return
	}
	for problem := range harm(list, DefaultOptions()) {
		t.Errorf("%s: %.30q: %s", at, text, problem)
	}
}

// parsed are the policies of a tree that are taken.
func parsed(t *testing.T, tree map[string]any) (list []model.Policy) {
	t.Helper()
	written, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policy.Parse("hostile", written) {
		if p.Policy != nil {
			list = append(list, p.Policy)
		}
	}
	return list
}

// harm yields what is wrong with what is made of policies: messages that Envoy would refuse, and policies that are left out
// for that.
func harm(list []model.Policy, opt Options) func(func(string) bool) {
	return func(yield func(string) bool) {
		snap := governed(list)
		r := Translate(snap, opt)
		for _, p := range r.Problems {
			if strings.Contains(p.Reason, "Envoy would refuse") && p.Key != "" && !yield(p.Reason) {
				return
			}
		}
		look := newInspection()
		var all []proto.Message
		for n := range r.Clusters {
			all = append(all, r.Clusters[n], r.Endpoints[n])
		}
		for _, m := range r.Routes {
			all = append(all, m)
		}
		for _, m := range r.Listeners {
			all = append(all, m)
		}
		for _, m := range all {
			if err := look.refusal(m); err != nil && !yield(err.Error()) {
				return
			}
			if _, err := proto.Marshal(m); err != nil && !yield(err.Error()) {
				return
			}
		}
		if r.Clusters[ClusterName("http", "other", "", "")] == nil {
			yield("a service is gone")
		}
	}
}
