package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// many is a file with policies m0, m1, ….
func many(n int) string {
	var text strings.Builder
	for i := range n {
		_, _ = fmt.Fprintf(&text, "---\nkind: Traffic\nname: m%d\nservice: a\ntimeout: 1s\n", i)
	}
	return text.String()
}

// TestWaitKeepsItsTime has 40 policies, each of which took a second more.
func TestWaitKeepsItsTime(t *testing.T) {
	etcd := startEtcd(t)
	file := write(t, many(40))
	silent := serveNothing(t)
	for what, args := range map[string][]string{
		"no control plane":        {"--api", "127.0.0.1:1"},
		"one that answers nobody": {"--api", silent},
	} {
		for _, command := range []string{"apply", "delete"} {
			begun := time.Now()
			want(t, 3, ".*", ".*Traffic/m39.*", append(args, command, "-f", file, "--etcd", etcd, "--wait", "1s")...)
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("%s with %s took %s", command, what, took)
			}
		}
	}
}

// serveNothing takes connections and says nothing.
func serveNothing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestWaitSaysWhyOfEveryPolicy(t *testing.T) {
	r := newRig(t)
	at := []string{"--etcd", r.etcd, "--api", r.api}
	file := write(t, many(3))
	_, _, said := command(t, append(at, "apply", "-f", file, "--wait", "20s")...)
	for i := range 3 {
		if !strings.Contains(said, fmt.Sprintf("Traffic/m%d is accepted, but no Envoy is connected\n", i)) {
			t.Errorf("m%d: %s", i, said)
		}
	}
	want(t, 2, "", "dubbomesh: --wait is -1s: write how long to wait, .*", append(at, "apply", "-f", file, "--wait", "-1s")...)
	want(t, 2, "", "dubbomesh: --wait is -1s: .*", append(at, "delete", "traffic/m0", "--wait", "-1s")...)
}

// Whatever a control plane says when the time is over, a reason is told.
func TestWaitTellsTheLastState(t *testing.T) {
	for want, p := range map[string]api.Policy{
		"T/m is accepted, but no Envoy is connected":                                                                              {Rollout: &api.Rollout{Published: true}},
		"T/m is accepted, but not in force on every Envoy within 2s: the control plane has not handed it to delivery":             {Rollout: &api.Rollout{}},
		"T/m is accepted, but not in force on every Envoy within 2s: 1 of 2 Envoys have it":                                       {Rollout: &api.Rollout{Published: true, Proxies: 2, Acknowledged: 1}},
		"T/m is accepted, but not in force on every Envoy within 2s: waiting for e1":                                              {Rollout: &api.Rollout{Published: true, Proxies: 2, Pending: []string{"e1"}}},
		"T/m is not in force: e1 refuses it: no":                                                                                  {Rollout: &api.Rollout{Published: true, Refused: []api.Refusal{{Proxy: "e1", Text: "no"}}}},
		"T/m is accepted, but not in force on every Envoy within 2s: the control plane has not handed it to delivery (not known)": {},
	} {
		known := p.Rollout != nil
		p.Kind, p.Revision = model.KindTraffic, 3
		v := vigil{cmd: &cobra.Command{}, wait: 2 * time.Second}
		a := &awaited{policyRef: policyRef{"T", "m"}, revision: 3, result: &result{}}
		v.settleRollout(a, p, known, true)
		if !a.settled || a.err == nil || a.err.Error() != strings.TrimSuffix(want, " (not known)") {
			t.Errorf("%v, want %s", a.err, want)
		}
	}
}

// results are what a command with -o json printed.
func results(t *testing.T, code int, args ...string) []result {
	t.Helper()
	got, out, errs := command(t, append(args, "-o", "json")...)
	var list []result
	if err := json.Unmarshal([]byte(out), &list); err != nil || got != code {
		t.Fatalf("%s: exit code %d, want %d: %v\n%s\n%s", strings.Join(args, " "), got, code, err, out, errs)
	}
	return list
}

func TestResultsForScripts(t *testing.T) {
	r := newRig(t)
	at := []string{"--etcd", r.etcd, "--api", r.api}
	bad := write(t, hello+"---\nkind: Traffic\nname: two\nretry: {budget: 10}\n")
	for _, command := range []string{"validate", "apply"} {
		list := results(t, 1, append([]string{command, "-f", bad}, at[:2*(len(command)%2)]...)...)
		if len(list) != 2 || list[0].Outcome != valid || list[1].Outcome != invalid || list[1].File != bad || list[1].Problems[0].Line != 8 || list[1].Problems[0].Column != 17 {
			t.Errorf("%s: %+v", command, list)
		}
	}
	good := write(t, hello)
	list := results(t, 3, append(at, "apply", "-f", good, "--wait", "1m")...)
	if one := list[0]; len(list) != 1 || one.Kind != "Traffic" || one.Name != "hello" || one.Outcome != "created" || one.Revision == 0 || one.Verdict != "accepted" ||
		one.Rollout == nil || len(one.Notes) != 1 || !strings.Contains(one.Error, "no Envoy is connected") {
		t.Errorf("%+v", list)
	}
	first := list[0].Revision
	results(t, 0, "apply", "-f", write(t, strings.Replace(hello, "1s", "2s", 1)), "--etcd", r.etcd)
	if list := results(t, 0, append(at, "rollback", "traffic/hello", "--revision", fmt.Sprint(first))...); list[0].Outcome != "configured" || list[0].Revision <= first {
		t.Errorf("%+v", list)
	}
	if list := results(t, 1, append(at, "delete", "traffic/hello", "traffic/none")...); len(list) != 2 || list[0].Outcome != "deleted" || list[1].Outcome != "failed" || list[1].Error == "" {
		t.Errorf("%+v", list)
	}
	rules := write(t, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\nspec:\n  hosts: [web]\n  http:\n  - route: [{destination: {host: web}}]\n    corsPolicy: {}\n")
	list = results(t, 3, "import", "-f", rules, "--strict")
	last := list[len(list)-1]
	if list[0].Outcome != made || list[0].Policy == nil || last.Outcome != notExpressed || last.Kind != "VirtualService" || last.Name != "web" || last.Problems[0].Line != 8 {
		t.Errorf("%+v", list)
	}
	want(t, 2, "", "dubbomesh: output format is .*", "validate", "-f", good, "-o", "xml")
}

// TestDeleteLooksFirst has names that can be no policy's, beside one that is.
func TestDeleteLooksFirst(t *testing.T) {
	etcd := startEtcd(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	at := []string{"--etcd", etcd}
	want(t, 0, "Traffic/hello created\n", "", append(at, "apply", "-f", write(t, hello))...)
	for _, key := range []string{"Traffic/", "traffic/hello", "", "/x"} {
		if _, err := client.Put(t.Context(), "/dubbomesh/policies/"+key, "timeout: 1s\n"); err != nil {
			t.Fatal(err)
		}
	}
	want(t, 2, "", "dubbomesh: \"nosuch\" is no kind of policy.*; nothing was deleted\n", append(at, "delete", "traffic/hello", "nosuch/x")...)
	want(t, 2, "", "dubbomesh: \"Route/\" names no policy.*; nothing was deleted\n", append(at, "delete", "traffic/hello", "Route/")...)
	want(t, 0, "Traffic/ deleted\ntraffic/hello deleted\n deleted\n/x deleted\n", "",
		append(at, "delete", "Traffic/", "/dubbomesh/policies/traffic/hello", "/dubbomesh/policies/", "/x")...)
	want(t, 0, "Traffic/hello deleted\n", "", append(at, "delete", "/dubbomesh/policies/Traffic/hello")...)
	want(t, 0, "REVISION.* deleted .*", "", append(at, "history", "traffic/hello")...)
	want(t, 0, "", "there are no policies.*", append(at, "get")...)
}

// A policy that the control plane does not know yet is waited for.
func TestWaitForWhatAnotherControlPlaneJudged(t *testing.T) {
	asked := 0
	plane := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Dubbomesh-Api", "1")
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusNotFound)
			_ = json.NewEncoder(w).Encode(api.Problem{Status: http.StatusNotFound, Detail: "no such policy"})
			return
		}
		_ = json.NewEncoder(w).Encode(api.Policy{Kind: "Traffic", Name: "hello", Revision: 7, Verdict: "accepted", Rollout: &api.Rollout{Published: true, Proxies: 1, Acknowledged: 1}})
	}))
	defer plane.Close()
	a := &awaited{policyRef: policyRef{"Traffic", "hello"}, revision: 7, result: &result{}}
	v := vigil{cmd: &cobra.Command{}, wait: patience, time: t.Context(), last: context.Background(), list: []*awaited{a}}
	rollouts(api.NewClient(strings.TrimPrefix(plane.URL, "http://")))(&v)
	if a.err != nil || a.how != "in force on 1 Envoy" {
		t.Errorf("%q %v", a.how, a.err)
	}
}
