package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// want runs the program and holds its code and outputs against expressions.
func want(t *testing.T, code int, stdout, stderr string, args ...string) string {
	t.Helper()
	got, out, errs := command(t, args...)
	if got != code || !regexp.MustCompile(`(?s)^(?:`+stdout+`)$`).MatchString(out) || !regexp.MustCompile(`(?s)^(?:`+stderr+`)$`).MatchString(errs) {
		t.Fatalf("%s: exit code %d, want %d\n%s\n--- want\n%s\n--- errors\n%s\n--- want\n%s", strings.Join(args, " "), got, code, out, stdout, errs, stderr)
	}
	return out
}

const hello = "kind: Traffic\nname: hello\nservice: a\ntimeout: 1s\n"

func TestPoliciesFromApplyToDelete(t *testing.T) {
	r := newRig(t)
	with := func(args ...string) []string {
		if slices.Contains([]string{"apply", "rollback"}, args[0]) {
			args = append(args, "--api", r.api)
		}
		return append(args, "--etcd", r.etcd)
	}
	file := write(t, hello+"---\nkind: Route\nname: gray\nhosts: a.example.com\nrules: [{respond: {status: 410}}]\n")
	want(t, 0, "", "there are no policies.*", with("get")...)
	want(t, 0, "Traffic/hello created\nRoute/gray created\nTraffic/hello accepted; no Envoy is connected\nRoute/gray accepted; no Envoy is connected\n", "warning: Traffic/hello: 3:10: service: a is not registered\n", with("apply", "-f", file, "--wait", "1m")...)
	want(t, 0, "Traffic/hello unchanged\nRoute/gray unchanged\n", "", with("apply", "-f", file)...)
	want(t, 0, `POLICY +SERVICE +STATE +IN FORCE +NOTE\nRoute/gray +- +accepted +yes +-\nTraffic/hello +a +accepted +yes +-\n`, "", with("get")...)
	want(t, 0, regexp.QuoteMeta(hello), "", with("get", "traffic/hello", "-o", "yaml")...)
	second := write(t, strings.Replace(hello, "1s", "2s", 1))
	want(t, 1, "Traffic/hello would be changed:\n  kind: Traffic\n  name: hello\n  service: a\n- timeout: 1s\n\\+ timeout: 2s\n", "dubbomesh: there are differences\n", with("diff", "--lines", "-f", second)...)
	want(t, 0, "Traffic/hello configured\nTraffic/hello accepted; no Envoy is connected\n", "warning: Traffic/hello: 3:10: service: a is not registered\n", with("apply", "-f", second, "--wait", "1m", "--note", "slower")...)
	history := want(t, 0, `REVISION +WHEN +WHO +WHAT +NOTE\n.*slower\n.*`, "", with("history", "Traffic/hello")...)
	lines := strings.Split(history, "\n")
	if len(lines) != 4 {
		t.Fatalf("history:\n%s", history)
	}
	first, _, _ := strings.Cut(lines[2], " ")
	want(t, 1, "Traffic/hello would be changed:.*\\+ timeout: 1s\n", ".*", with("diff", "traffic/hello", "--revision", first)...)
	want(t, 0, regexp.QuoteMeta(hello), "", with("history", "traffic/hello", "--revision", first)...)
	want(t, 2, "", "dubbomesh: write either.*", "diff", "traffic/hello")
	want(t, 0, "Traffic/hello configured\nTraffic/hello accepted; no Envoy is connected\n", "warning: Traffic/hello: 3:10: service: a is not registered\n", with("rollback", "traffic/hello", "--wait", "1m")...)
	want(t, 0, regexp.QuoteMeta(hello), "", with("get", "traffics/hello", "-o", "yaml")...)
	want(t, 0, "Traffic/hello deleted\nRoute/gray deleted\n", "", with("delete", "-f", file)...)
	want(t, 1, "", "dubbomesh: Traffic/hello: there is no such policy\n", with("delete", "traffic/hello")...)
	want(t, 0, "Traffic/hello created\n", "", with("rollback", "traffic/hello")...)
	want(t, 1, "", "dubbomesh: Traffic/bye: there is no such policy, and there was none; `dubbomesh get` lists.*", with("history", "traffic/bye")...)
}

func TestAMistakeWritesNothing(t *testing.T) {
	r := newRig(t)
	file := write(t, hello+"---\nkind: Traffic\nname: two\nretry: {budget: 10}\n")
	told := regexp.QuoteMeta(file+":8:17: retry.budget: must be a percentage such as 10% or 0.5%, found \"10\"\n     8 | retry: {budget: 10}\n") + ".*"
	want(t, 1, "", told+"1 error in 1 policy; nothing was written\n", "apply", "-f", file, "--etcd", r.etcd)
	want(t, 0, "", "there are no policies.*", "get", "--etcd", r.etcd)
	want(t, 1, "", told+"dubbomesh: 1 error in 1 policy\n", "validate", "-f", filepath.Dir(file))
	want(t, 0, "Traffic/hello is valid\n", "", "validate", "-f", write(t, hello))
	want(t, 2, "", "dubbomesh: -f is missing.*", "validate")
	want(t, 2, "", `dubbomesh: "rout" is no kind of policy: did you mean "Route"\?\n`, "get", "rout")
}

// TestARawWriteIsJudged writes past the program, as etcdctl does.
func TestARawWriteIsJudged(t *testing.T) {
	r := newRig(t)
	want(t, 0, "Traffic/hello created\nTraffic/hello accepted; whether Envoys have it is not known .*\n", "", "apply", "--api", "127.0.0.1:1", "-f", write(t, hello), "--etcd", r.etcd, "--wait", "1m")
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{r.etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	watch := client.Watch(t.Context(), "/dubbomesh/status/policies/Traffic/hello")
	if _, err := client.Put(t.Context(), "/dubbomesh/policies/Traffic/hello", "timeout: 5\n"); err != nil {
		t.Fatal(err)
	}
	<-watch
	want(t, 0, `POLICY.*\nTraffic/hello +- +rejected +revision \d+ +1:10: timeout: must be a duration such as .*`, "", "get", "traffic", "--etcd", r.etcd)
	out := want(t, 0, ".*", "", "get", "--etcd", r.etcd, "-o", "json")
	var list []struct {
		Kind   string
		Status struct{ Verdict string }
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || list[0].Status.Verdict != "rejected" {
		t.Errorf("%v: %s", err, out)
	}
	want(t, 1, `POLICY +VERDICT +REVISION +IN FORCE +ENVOYS +TOOK +NOTE\nTraffic/hello +rejected +\d+ +revision \d+ +0/0 +- +1:10: timeout: .*`, "dubbomesh: not every policy.*", "status", "--api", r.api)
	want(t, 0, "SINCE.*last good value.*/dubbomesh/policies/Traffic/hello.*", "", "problems", "--api", r.api)
	want(t, 0, "kind: Traffic\nname: hello\ntimeout: 5\n", "", "get", "traffic/hello", "-o", "yaml", "--etcd", r.etcd)
	want(t, 0, "Traffic/hello configured\nTraffic/hello accepted; no Envoy is connected\n", "warning: Traffic/hello: 3:10: service: a is not registered\n", "rollback", "traffic/hello", "--api", r.api, "--etcd", r.etcd, "--wait", "1m")
	want(t, 0, "mesh\ngateway\n.*", ".*", "__complete", "get", "")
	want(t, 0, "traffic/hello\n.*", ".*", "__complete", "delete", "--etcd", r.etcd, "traf")
}
