package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
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

// TestRollbackPassesOverWhatEnvoysRefused marks a version in the history as control planes do.
func TestRollbackPassesOverWhatEnvoysRefused(t *testing.T) {
	etcd := startEtcd(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var revisions []string
	for i := range 3 {
		p := policy.ParseKey("Traffic", "t", fmt.Appendf(nil, "timeout: %ds\n", i+1))
		done, err := policystore.Apply(t.Context(), client, "/dubbomesh", []policy.Parsed{p}, policystore.Author{}, time.Now())
		if err != nil || len(done) != 1 {
			t.Fatal(done, err)
		}
		revisions = append(revisions, fmt.Sprint(done[0].Revision))
	}
	kept, err := client.Get(t.Context(), "/dubbomesh/history/policies/Traffic/t/", clientv3.WithPrefix())
	if err != nil || len(kept.Kvs) != 3 {
		t.Fatal(kept, err)
	}
	mark := fmt.Sprintf(`{"revision":%s,"refused":true,`, revisions[1])
	if _, err := client.Put(t.Context(), string(kept.Kvs[1].Key), strings.Replace(string(kept.Kvs[1].Value), "{", mark, 1)); err != nil {
		t.Fatal(err)
	}
	want(t, 0, `REVISION.*\n`+revisions[2]+` .* changed .*\n`+revisions[1]+` .* refused .*\n`+revisions[0]+` .* created .*\n`, "", "history", "traffic/t", "--etcd", etcd)
	want(t, 0, `Traffic/t rolled back to revision `+revisions[0]+`, .*`, "", "rollback", "traffic/t", "--etcd", etcd)
	want(t, 0, `Traffic/t rolled back to revision `+revisions[1]+`, .*`, "warning: Traffic/t: Envoys refused revision "+revisions[1]+"\n", "rollback", "traffic/t", "--revision", revisions[1], "--etcd", etcd)
}

const hello = "kind: Traffic\nname: hello\nservice: a\ntimeout: 1s\n"

func TestPoliciesFromApplyToDelete(t *testing.T) {
	r := newRig(t)
	with := func(args ...string) []string {
		if slices.Contains([]string{"apply", "get", "rollback", "delete"}, args[0]) {
			args = append(args, "--api", r.api)
		}
		return append(args, "--etcd", r.etcd)
	}
	file := write(t, hello+"---\nkind: Route\nname: gray\nhosts: a.example.com\nrules: [{respond: {status: 410}}]\n")
	want(t, 0, "", "there are no policies.*", with("get")...)
	want(t, 3, "Traffic/hello created\nRoute/gray created\n", "warning: Traffic/hello: 3:10: service: a is not registered\ndubbomesh: Traffic/hello is accepted, but no Envoy is connected\nRoute/gray is accepted, but no Envoy is connected\n", with("apply", "-f", file, "--wait", "1m")...)
	want(t, 0, "Traffic/hello unchanged\nRoute/gray unchanged\n", "", with("apply", "-f", file)...)
	want(t, 0, `POLICY +SERVICE +STATE +IN FORCE +NOTE\nRoute/gray +- +accepted +yes +-\nTraffic/hello +a +accepted +yes +3:10: service: a is not registered\n`, "", with("get")...)
	want(t, 0, `\[\n  \{\n    "kind": "Traffic".*"notes": \[\n      "3:10: service: a is not registered"\n    \].*`, "", with("get", "traffic", "-o", "json")...)
	want(t, 0, `POLICY.*\nTraffic/hello +a +accepted +yes +-\n`, "no control plane answers at 127.0.0.1:1: .*", "get", "traffic", "--etcd", r.etcd, "--api", "127.0.0.1:1")
	want(t, 0, regexp.QuoteMeta(hello), "", with("get", "traffic/hello", "-o", "yaml")...)
	second := write(t, strings.Replace(hello, "1s", "2s", 1))
	want(t, 1, "Traffic/hello would be changed:\n  kind: Traffic\n  name: hello\n  service: a\n- timeout: 1s\n\\+ timeout: 2s\n", "dubbomesh: there are differences\n", with("diff", "--lines", "-f", second)...)
	want(t, 3, "Traffic/hello configured\n", "warning: Traffic/hello: 3:10: service: a is not registered\ndubbomesh: Traffic/hello is accepted, but no Envoy is connected\n", with("apply", "-f", second, "--wait", "1m", "--note", "slower")...)
	history := want(t, 0, `REVISION +WHEN +WHO +WHAT +NOTE\n.*slower\n.*`, "", with("history", "Traffic/hello")...)
	lines := strings.Split(history, "\n")
	if len(lines) != 4 {
		t.Fatalf("history:\n%s", history)
	}
	first, _, _ := strings.Cut(lines[2], " ")
	want(t, 1, "Traffic/hello would be changed:.*\\+ timeout: 1s\n", ".*", with("diff", "traffic/hello", "--revision", first)...)
	want(t, 0, regexp.QuoteMeta(hello), "", with("history", "traffic/hello", "--revision", first)...)
	want(t, 2, "", "dubbomesh: write either.*", "diff", "traffic/hello")
	want(t, 3, "Traffic/hello rolled back to revision "+first+", written as revision \\d+\n", "warning: Traffic/hello: 3:10: service: a is not registered\ndubbomesh: Traffic/hello is accepted, but no Envoy is connected\n", with("rollback", "traffic/hello", "--wait", "1m")...)
	want(t, 0, regexp.QuoteMeta(hello), "", with("get", "traffics/hello", "-o", "yaml")...)
	want(t, 0, "Traffic/hello deleted\nRoute/gray deleted\n", "", with("delete", "-f", file)...)
	want(t, 1, "", "dubbomesh: Traffic/hello: there is no such policy\n", with("delete", "traffic/hello")...)
	want(t, 0, "Traffic/hello rolled back to revision \\d+, written as revision \\d+\n", "", with("rollback", "traffic/hello")...)
	want(t, 3, "Traffic/hello deleted\n", "dubbomesh: Traffic/hello is deleted, but no Envoy is connected\n", with("delete", "traffic/hello", "--wait", "1m")...)
	want(t, 1, "", "dubbomesh: Traffic/bye: there is no such policy, and there was none; `dubbomesh get` lists.*", with("history", "traffic/bye")...)
}

func TestAMistakeWritesNothing(t *testing.T) {
	r := newRig(t)
	file := write(t, hello+"---\nkind: Traffic\nname: two\nretry: {budget: 10}\n")
	told := regexp.QuoteMeta(file+":8:17: retry.budget: must be a percentage from 0% to 100%, such as 10% or 0.5%, found \"10\"\n     8 | retry: {budget: 10}\n") + ".*"
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
	want(t, 3, "Traffic/hello created\n", "dubbomesh: Traffic/hello is accepted, but whether Envoys have it is not known: cannot reach .*\n", "apply", "--api", "127.0.0.1:1", "-f", write(t, hello), "--etcd", r.etcd, "--wait", "1m")
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
	want(t, 0, `POLICY.*\nTraffic/hello +- +rejected +revision \d+ +1:10: timeout: must be a duration such as .*`, "", "get", "traffic", "--etcd", r.etcd, "--api", r.api)
	out := want(t, 0, ".*", "", "get", "--etcd", r.etcd, "--api", r.api, "-o", "json")
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
	want(t, 3, "Traffic/hello rolled back to revision .*\n", "warning: Traffic/hello: 3:10: service: a is not registered\ndubbomesh: Traffic/hello is accepted, but no Envoy is connected\n", "rollback", "traffic/hello", "--api", r.api, "--etcd", r.etcd, "--wait", "1m")
	want(t, 0, "mesh\ngateway\n.*", ".*", "__complete", "get", "")
	want(t, 0, "traffic/hello\n.*", ".*", "__complete", "delete", "--etcd", r.etcd, "traf")
}

// TestWaitTellsOfEveryPolicy has no control plane, so that none is judged.
func TestWaitTellsOfEveryPolicy(t *testing.T) {
	etcd := startEtcd(t)
	file := write(t, hello+"---\nkind: Access\nname: all\nrules: [{from: {ip: 10.0.0.0/8}}]\n---\nkind: Traffic\nname: every\ntimeout: 1s\n")
	want(t, 3, "Traffic/hello created\nAccess/all created, for all services\nTraffic/every created, for all services\n",
		"dubbomesh: no control plane has judged Traffic/hello within 50ms: .*\nno control plane has judged Access/all .*\nno control plane has judged Traffic/every .*\n",
		"apply", "-f", file, "--etcd", etcd, "--api", "127.0.0.1:1", "--wait", "50ms")
	want(t, 3, "Traffic/hello deleted\nAccess/all deleted\nTraffic/every deleted\n", "dubbomesh: Traffic/hello is deleted, but whether Envoys are without it is not known: .*\nAccess/all .*\nTraffic/every .*\n",
		"delete", "-f", file, "--etcd", etcd, "--api", "127.0.0.1:1", "--wait", "50ms")
}

// A rejection outweighs what is only not known.
func TestFailures(t *testing.T) {
	var f failures
	for _, c := range []struct {
		err  error
		code int
	}{{nil, 0}, {notConfirmed("late"), 3}, {errors.New("rejected"), 1}, {notConfirmed("late"), 1}} {
		if f.add(c.err); f.code != c.code {
			t.Errorf("with %v the code is %d, want %d", c.err, f.code, c.code)
		}
	}
	if err := f.join(); exitCode(err) != 1 || err.Error() != "late\nrejected\nlate" {
		t.Errorf("%d %v", exitCode(err), err)
	}
}

// TestKeysThatAreNoPolicies are seen and can be deleted.
func TestKeysThatAreNoPolicies(t *testing.T) {
	r := newRig(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{r.etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	for _, key := range []string{"Bogus/x", "traffic/low", "Traffic/a/b/c", "lonely"} {
		if _, err := client.Put(t.Context(), "/dubbomesh/policies/"+key, "timeout: 1s\n"); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "they are judged", func() bool {
		_, out, _ := command(t, "get", "--etcd", r.etcd, "--api", r.api)
		return !strings.Contains(out, "not judged yet")
	})
	out := want(t, 0, ".*", "", "get", "--etcd", r.etcd, "--api", r.api)
	if strings.Count(out, "rejected") != 4 || !strings.Contains(out, "without further slashes") {
		t.Errorf("get says\n%s", out)
	}
	want(t, 0, "Bogus/x deleted\ntraffic/low deleted\nTraffic/a/b/c deleted\nlonely deleted\n", "",
		"delete", "--etcd", r.etcd, "Bogus/x", "traffic/low", "/dubbomesh/policies/Traffic/a/b/c", "/dubbomesh/policies/lonely")
	want(t, 0, "", "there are no policies.*", "get", "--etcd", r.etcd)
	want(t, 2, "", "dubbomesh: \"Bogus\" is no kind of policy.*", "delete", "--etcd", r.etcd, "Bogus/x")
	want(t, 1, "", "dubbomesh: Traffic/low: there is no such policy\n", "delete", "--etcd", r.etcd, "traffic/low")
	waitFor(t, "their statuses are gone", func() bool {
		left, err := client.Get(t.Context(), "/dubbomesh/status/policies/", clientv3.WithPrefix())
		return err == nil && len(left.Kvs) == 0
	})
}
