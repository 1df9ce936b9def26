package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
)

// asWritten are values as somebody may put them into etcd, and what they become in a file.
var asWritten = map[string]struct{ text, portable string }{
	"complete":        {"kind: Traffic\nname: j\ntimeout: 1s # why\n", "kind: Traffic\nname: j\ntimeout: 1s # why\n"},
	"json":            {`{"service":"demo-http","timeout":"3s"}`, `{"kind": "Traffic", "name": "j", "service":"demo-http","timeout":"3s"}`},
	"json with kind":  {"\n {\"kind\":\"Traffic\",\n\"timeout\":\"3s\"}\n", " {\"name\": \"j\", \"kind\":\"Traffic\",\n\"timeout\":\"3s\"}\n"},
	"empty json":      {"{}", `{"kind": "Traffic", "name": "j"}`},
	"flow yaml":       {"# why\n{timeout: 1s}\n", "# why\n{\"kind\": \"Traffic\", \"name\": \"j\", timeout: 1s}\n"},
	"begins document": {"---\n# why\ntimeout: 3s\nservice: é\n...\n", "kind: Traffic\nname: j\n# why\ntimeout: 3s\nservice: é\n"},
	"with a comment":  {"--- # why\ntimeout: 3s\n", "kind: Traffic\nname: j\n    # why\ntimeout: 3s\n"},
	"on its line":     {"--- {timeout: 3s}\n", "    {\"kind\": \"Traffic\", \"name\": \"j\", timeout: 3s}\n"},
	"directive":       {"%YAML 1.2\n---\ntimeout: 3s\n", "kind: Traffic\nname: j\ntimeout: 3s\n"},
	"mark, windows":   {"\ufefftimeout: 3s\r\nservice: a\r\n", "kind: Traffic\nname: j\ntimeout: 3s\nservice: a\n"},
	"indented":        {"  # why\n  timeout: 3s\n  service: a\n", "  kind: Traffic\n  name: j\n  # why\n  timeout: 3s\n  service: a\n"},
	"rejected":        {"timeout: 5\n", "kind: Traffic\nname: j\ntimeout: 5\n"},
}

func TestPortable(t *testing.T) {
	for name, c := range asWritten {
		t.Run(name, func(t *testing.T) {
			whole := portable(policystore.Stored{Kind: model.KindTraffic, Name: "j", Text: c.text})
			if diff := cmp.Diff(c.portable, whole); diff != "" {
				t.Fatal(diff)
			}
			key := policy.ParseKey("Traffic", "j", []byte(c.text))
			list := policy.Parse("f", []byte("kind: Traffic\nname: other\n---\n"+whole+"\n---\n"))
			if len(list) != 2 || list[1].ID() != "Traffic/j" || key.Policy != nil && !cmp.Equal(key.Policy, list[1].Policy) || (name == "rejected") != (list[1].Policy == nil) {
				t.Errorf("%+v", list)
			}
		})
	}
	for _, s := range []policystore.Stored{{Kind: "Bogus", Name: "x", Text: "a: 1\nb: 2\n"}, {Kind: "Traffic", Name: "a/b", Text: "{"}, {Kind: "Traffic", Text: "---\na"}} {
		if list := policy.Parse("f", []byte(portable(s))); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	}
	for _, text := range []string{"", "a: [", "- 1\n", "kind: Route\nname: j\n", "a: 1\n---\nb: 2\n", "\x00", "{\n", "? {a: 1}\n: 2\n", "&a {<<: *a}\n", "!!map {a: 1}"} {
		portable(policystore.Stored{Kind: model.KindTraffic, Name: "j", Text: text}) // whatever it is
	}
}

// TestWhatGetPrintsCanBeApplied writes past the program, reads everything in both formats and writes it back.
func TestWhatGetPrintsCanBeApplied(t *testing.T) {
	etcd := startEtcd(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	at := []string{"--etcd", etcd, "--api", "127.0.0.1:1"}
	n := 0
	for name, c := range asWritten {
		if name == "rejected" {
			continue
		}
		n++
		text := strings.ReplaceAll(c.text, "name: j\n", "")
		if _, err := client.Put(t.Context(), "/dubbomesh/policies/Traffic/"+strings.NewReplacer(" ", "-", ",", "").Replace(name), text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Put(t.Context(), "/dubbomesh/policies/Bogus/x", "a: 1\n"); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"yaml", "json"} {
		for _, what := range [][]string{{"get"}, {"get", "traffic"}, {"get", "traffic/json"}} {
			args := slices.Concat(what, []string{"-o", format})
			_, out, errs := command(t, append(args, at...)...)
			file := write(t, out)
			if list := results(t, 0, append(at, "apply", "-f", file)...); len(list) != 1 && len(list) != n {
				t.Errorf("%v: %+v, %s", args, list, errs)
			}
			if list := results(t, 0, append(at, "apply", "-f", file)...); list[0].Outcome != "unchanged" {
				t.Errorf("%v: %+v", args, list)
			}
		}
	}
	// What is edited in the JSON counts, beside the text as it was.
	_, out, _ := command(t, append(at, "get", "traffic/begins-document", "-o", "json")...)
	if !strings.Contains(out, "# why") {
		t.Errorf("without comments: %s", out)
	}
	var views []map[string]any
	if err := json.Unmarshal([]byte(out), &views); err != nil {
		t.Fatal(err)
	}
	views[0]["policy"].(map[string]any)["timeout"] = "7s"
	edited, err := json.Marshal(views[0])
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, string(edited))
	want(t, 0, "Traffic/begins-document configured, for all services|Traffic/begins-document configured\n", "", append(at, "apply", "-f", file)...)
	want(t, 0, ".*timeout: 7s\n.*", "", append(at, "get", "traffic/begins-document", "-o", "yaml")...)
	if err := os.WriteFile(file, []byte(`[{"kind":"Traffic","name":"a","timeout":"1s","service":"s"},{"kind":"Traffic","name":"b","timeout":1}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, 1, "", ".* item 2:1:40: timeout: .*", append(at, "apply", "-f", file)...)
}
