package registry

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

func instanceAt(address string) *model.Instance {
	return &model.Instance{Address: address, Port: 20880, Protocol: model.ProtocolDubbo, Weight: 100, Status: model.StatusUp}
}

// ruleCase is what stands in a file of testdata/rules: keys below the root, URLs in them not yet encoded, and values.
type ruleCase struct {
	Service string
	Keys    map[string]string
}

// TestRules compares what is made of Dubbo's rules with golden files: the policies, the instances that each rule leaves, and
// the problems.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c ruleCase
			if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, strings.Replace(file, ".in.yaml", ".out.txt", 1), c.outcome(t))
		})
	}
}

// TestCapturedRules reads keys as Dubbo Java 2.7.23 encodes them, with its own URL class.
func TestCapturedRules(t *testing.T) {
	text, err := os.ReadFile("testdata/captured-rules-dubbo-2.7.23.txt")
	if err != nil {
		t.Fatal(err)
	}
	c := ruleCase{Service: "com.example.Hello", Keys: map[string]string{}}
	for key := range strings.FieldsSeq(string(text)) {
		c.Keys[strings.TrimPrefix(key, "/dubbo/")] = ""
	}
	golden.Compare(t, "testdata/rules/captured-dubbo-2.7.23.out.txt", c.outcome(t))
}

// outcome is what becomes of the rules, as text.
func (c ruleCase) outcome(t *testing.T) string {
	t.Helper()
	tab := newTable([]source{fakeSource{of: kindDubbo}})
	var items []item
	for key, value := range c.Keys {
		if service, rest, ok := strings.Cut(key, "/"); ok && strings.Contains(key, "://") {
			category, text, _ := strings.Cut(rest, "/")
			key = service + "/" + category + "/" + url.QueryEscape(text)
		}
		it := item{key: "/dubbo/" + key}
		it.record, it.err = parseDubbo(key, []byte(value))
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.key, b.key) })
	tab.apply(batch{reset: true, items: items}, time.Time{})
	instances, out := tab.rule(c.Service, tab.merge(c.Service))
	var b strings.Builder
	for _, p := range out.policies {
		switch p := p.(type) {
		case model.Traffic:
			fmt.Fprintf(&b, "%s\n%s\n", model.PolicyID(p), written(t, p.TrafficSettings, p.Methods))
		case model.Route:
			fmt.Fprintf(&b, "%s from %s\n  %s\n%s\n", model.PolicyID(p), p.Source, p.Rules[0].Name, written(t, p.Rules[0].Match))
			for _, to := range p.Rules[0].To {
				var left []string
				for _, in := range instances {
					if model.HasLabels(in, to.Labels) {
						left = append(left, in.HostPort())
					}
				}
				fmt.Fprintf(&b, "  -> %v\n", left)
			}
		}
	}
	for _, in := range instances {
		fmt.Fprintf(&b, "instance %s weight=%d status=%s warmUp=%s tag=%s\n", in.HostPort(), in.Weight, in.Status, in.WarmUp, in.Labels[tagParam])
	}
	for _, p := range append(tab.problems(), out.problems...) {
		fmt.Fprintf(&b, "problem %s\n  %s\n", p.Key, p.Reason)
	}
	return b.String()
}

// written is what values are in JSON, a line for each that is not empty.
func written(t *testing.T, values ...any) string {
	t.Helper()
	var lines []string
	for _, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains([]string{"{}", "null", "[]"}, string(text)) {
			lines = append(lines, "  "+string(text))
		}
	}
	return strings.Join(lines, "\n")
}
