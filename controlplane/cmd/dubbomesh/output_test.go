package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// outputs compares what a list looks like in every format with testdata/<name>.<format>.
func outputs[T any](t *testing.T, name string, list []T, shape table[T]) {
	t.Helper()
	for _, format := range formats {
		cmd := &cobra.Command{}
		outputFlag(cmd)
		var got bytes.Buffer
		cmd.SetOut(&got)
		cmd.SetErr(&got)
		if err := cmd.Flags().Set("output", format); err != nil {
			t.Fatal(err)
		}
		if err := show(cmd, list, shape); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", name+"."+format), got.String())
	}
}

func TestOutput(t *testing.T) {
	outputs(t, "services", []api.Service{
		{Name: "com.example.Hello", Protocols: []string{"dubbo", "tri"}, Instances: 3, Serving: 2, Weight: 300, Protected: true},
		{Name: "orders", Protocols: []string{"http"}},
	}, servicesTable)
	outputs(t, "services-long", []api.Service{
		{Name: "a" + strings.Repeat("ö", 5000) + "z", Protocols: []string{"http"}},
		{Name: strings.Repeat("x", widest), Protocols: []string{"http"}},
	}, servicesTable)
	hundred := uint32(100)
	outputs(t, "services-none", nil, servicesTable)
	outputs(t, "instances", []api.Instance{
		{Service: "com.example.Hello", Address: "10.0.0.5:20880", Protocol: "dubbo", Weight: 100, Status: "up", Group: "g", Version: "1.0",
			Zone: "a", Labels: map[string]string{"b": "2", "a": "1"}, WarmUp: "1m0s", Protected: true, Source: "/dubbomesh/services/com.example.Hello/x"},
		{Service: "com.example.Hello", Address: "10.0.0.6:20880", Protocol: "dubbo", Registered: &hundred, Status: "up", Source: "/dubbomesh/services/com.example.Hello/y"},
		{Service: "orders", Address: "[::1]:80", Protocol: "http", Status: "draining", Source: "evil\x1b[2J\u009b\n"},
	}, instancesTable)
	outputs(t, "weights", []weightView{
		{WeightOverride: registry.WeightOverride{Service: "com.example.Hello", Address: "10.0.0.6:20880", Key: "/dubbomesh/weights/com.example.Hello/10.0.0.6:20880"}, Registered: &hundred},
		{WeightOverride: registry.WeightOverride{Service: "gone", Address: "10.0.0.7:80", Weight: 7, Key: "/dubbomesh/weights/gone/10.0.0.7:80"}},
	}, weightsTable)
	outputs(t, "problems", []model.Problem{{Key: "/dubbomesh/services/a/b", Reason: "port is missing", LastGood: true}}, problemsTable)
	outputs(t, "config", []api.Resource{{Type: "clusters", Name: "dubbo|a||", Body: []byte(`{"name":"dubbo|a||"}`)}}, resourcesTable)
}

func TestProgress(t *testing.T) {
	for want, p := range map[string]xds.Proxy{
		"in sync":   {InSync: true, Types: []xds.Type{{Name: "clusters", LastNACK: "long ago"}}},
		"under way": {Types: []xds.Type{{Name: "clusters"}}},
		"refused clusters a,b: no such thing": {Types: []xds.Type{
			{Name: "clusters", Refused: []string{"a", "b"}, LastNACK: "no such thing"}, {Name: "routes", InSync: true},
		}},
	} {
		if got := progress(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
