package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestDefinitionsCommand(t *testing.T) {
	r := newRig(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{r.etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Put(t.Context(), "/dubbomesh/definitions/com.example.Hello", `methods: [{name: hi, parameters: [java.lang.String]}]`); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	var list []api.Definition
	for len(list) == 0 {
		_, out, errs := command(t, "definitions", "--api", r.api, "-o", "json")
		_ = json.Unmarshal([]byte(out), &list)
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no definition: %s%s", out, errs)
		}
	}
	want := []api.Definition{{
		Service: "com.example.Hello", Source: "/dubbomesh/definitions/com.example.Hello",
		Methods: []config.Method{{Name: "hi", Parameters: []config.Parameter{{Type: "java.lang.String"}}}},
	}}
	if d := cmp.Diff(want, list); d != "" {
		t.Error(d)
	}
	if code, out, _ := command(t, "definitions", "com.example.Hello", "--api", r.api); code != 0 || !strings.Contains(out, "by hand") {
		t.Errorf("%d %s", code, out)
	}
	if code, _, errs := command(t, "definitions", "com.example.Helo", "--api", r.api); code != 1 || !strings.Contains(errs, `did you mean "com.example.Hello"?`) {
		t.Errorf("%d %s", code, errs)
	}
}
