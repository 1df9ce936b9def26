package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPastPolicies are offered, shown and compared.
func TestPastPolicies(t *testing.T) {
	etcd := startEtcd(t)
	with := func(args ...string) []string { return append(args, "--etcd", etcd) }
	want(t, 0, ".*", "", with("apply", "-f", write(t, hello))...)
	want(t, 0, ".*", "", with("apply", "-f", write(t, strings.Replace(hello, "1s", "2s", 1)))...)
	want(t, 0, ".*", "", with("delete", "traffic/hello")...)
	want(t, 0, ".*", "", with("rollback", "traffic/hello")...)
	out := want(t, 0, ".*", "", with("history", "traffic/hello", "-o", "json")...)
	var changes []changeView
	if err := json.Unmarshal([]byte(out), &changes); err != nil || len(changes) != 4 || !changes[0].Created || !changes[1].Deleted || changes[2].Created || !changes[3].Created {
		t.Fatalf("%v %s", err, out)
	}
	want(t, 0, `REVISION.*\n[^\n]* created [^\n]*\n[^\n]* deleted [^\n]*\n[^\n]* changed [^\n]*\n[^\n]* created [^\n]*\n`, "", with("history", "traffic/hello")...)
	first := strings.Fields(want(t, 0, ".*", "", with("history", "traffic/hello")...))
	newest, oldest := first[5], ""
	for _, line := range strings.Split(want(t, 0, ".*", "", with("history", "traffic/hello")...), "\n") {
		if word, _, _ := strings.Cut(line, " "); word != "" {
			oldest = word
		}
	}
	want(t, 0, "", "nothing would change\n", with("diff", "traffic/hello", "--revision", newest)...)
	want(t, 0, `\[\]\n`, "", with("diff", "traffic/hello", "--revision", newest, "-o", "json")...)
	out = want(t, 1, ".*", "dubbomesh: there are differences\n", with("diff", "traffic/hello", "--revision", oldest, "-o", "json")...)
	var list []difference
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || list[0].Action != "changed" || !strings.Contains(list[0].Before, "2s") || !strings.Contains(list[0].After, "1s") {
		t.Errorf("%v %s", err, out)
	}
	want(t, 1, "- kind: Traffic\n  name: hello\n  action: changed\n.*", ".*", with("diff", "-f", write(t, hello), "--lines", "-o", "yaml")...)
	want(t, 0, ".*", "", with("delete", "traffic/hello")...)
	for _, command := range []string{"history", "rollback"} {
		want(t, 0, "traffic/hello\n:4\n", ".*", "__complete", command, "--etcd", etcd, "tra")
		want(t, 0, newest+"\t[^\n]*\n.*"+oldest+"\t.*:36\n", ".*", "__complete", command, "--etcd", etcd, "traffic/hello", "--revision", "")
	}
	want(t, 0, ":4\n", ".*", "__complete", "explain", "--api", "127.0.0.1:1", "--method", "")
	want(t, 0, ":4\n", ".*", "__complete", "apply", "--wait", "")
	want(t, 2, "", "dubbomesh: \"nosuch\" is no shell that is known: write one of bash, fish, powershell, zsh; .*", "completion", "nosuch")
	for _, address := range []string{"0.0.0.0:80", "224.0.0.1:80", "10.0.0.1:0", "x"} {
		want(t, 2, "", "dubbomesh: --address.*", "register", "s", "--address", address)
	}
}
