package translate

import (
	"bytes"
	stdcmp "cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// A case is a file of services; what they become is beside it.
type instanceFile struct {
	Address  string
	Port     uint32
	Protocol model.Protocol
	Weight   *uint32
	Group    string
	Version  string
	Zone     string
	Labels   map[string]string
	Status   model.Status
	WarmUp   time.Duration `yaml:"warmUp"`
}

func readCase(t *testing.T, file string) (model.Snapshot, Options) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := struct {
		Options  struct{ Module, Dataplane string }
		Services []struct {
			Name      string
			Instances []instanceFile
		}
		Definitions []struct {
			Service, Group, Version, Application, Source string
			Methods                                      []config.Method
			Classes                                      map[string]config.Class
		}
		Policies []any
	}{}
	if err := yaml.UnmarshalWithOptions(text, &in, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	opt := DefaultOptions()
	opt.Module, opt.Dataplane = in.Options.Module, stdcmp.Or(in.Options.Dataplane, DynamicModule)
	var snap model.Snapshot
	for _, s := range in.Services {
		svc := model.Service{Name: s.Name}
		for _, i := range s.Instances {
			inst := model.Instance{
				Address: i.Address, Port: i.Port, Protocol: i.Protocol, Weight: model.DefaultWeight, Group: i.Group, Version: i.Version,
				Zone: i.Zone, Labels: i.Labels, Status: i.Status, WarmUp: i.WarmUp,
			}
			if inst.Status == "" {
				inst.Status = model.StatusUp
			}
			if i.Weight != nil {
				inst.Weight = *i.Weight
			}
			svc.Instances = append(svc.Instances, inst)
		}
		slices.SortStableFunc(svc.Instances, model.Compare)
		snap.Services = append(snap.Services, svc)
	}
	for _, d := range in.Definitions {
		snap.Definitions = append(snap.Definitions, model.Definition{
			Service: d.Service, Group: d.Group, Version: d.Version, Application: d.Application, Source: d.Source, Methods: d.Methods, Classes: d.Classes,
		})
	}
	slices.SortStableFunc(snap.Definitions, model.CompareDefinitions)
	snap.Policies = readPolicies(t, in.Policies)
	slices.SortStableFunc(snap.Services, func(a, b model.Service) int { return strings.Compare(a.Name, b.Name) })
	return snap, opt
}

// readPolicies reads policies as operators write them. They have to be right.
func readPolicies(t *testing.T, list []any) model.Policies {
	t.Helper()
	var all []model.Policy
	for _, p := range list {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, parsed := range policy.Parse("case", text) {
			if err := parsed.Err(); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			all = append(all, parsed.Policy)
		}
	}
	return model.NewPolicies(all...)
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".in.yaml"), func(t *testing.T) {
			snap, opt := readCase(t, file)
			got := asYAML(t, Translate(snap, opt))
			validateAll(t, Translate(snap, opt))
			golden.Compare(t, strings.TrimSuffix(file, ".in.yaml")+".out.yaml", string(got))
		})
	}
}

func validateAll(t *testing.T, r Resources) {
	t.Helper()
	check := func(name string, m interface{ ValidateAll() error }) {
		if err := m.ValidateAll(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n, m := range r.Clusters {
		check(n, m)
	}
	for n, m := range r.Endpoints {
		check(n, m)
	}
	for n, m := range r.Listeners {
		check(n, m)
	}
	for n, m := range r.Routes {
		check(n, m)
	}
	for n, m := range r.Secrets {
		check(n, m)
	}
}

func asYAML(t *testing.T, r Resources) []byte {
	t.Helper()
	problems := []any{}
	for _, p := range r.Problems {
		told := yaml.MapSlice{{Key: "key", Value: p.Key}, {Key: "reason", Value: p.Reason}}
		if p.LeftOut {
			told = append(told, yaml.MapItem{Key: "leftOut", Value: true})
		}
		problems = append(problems, told)
	}
	all := yaml.MapSlice{
		{Key: "problems", Value: problems},
		{Key: "clusters", Value: messages(t, r.Clusters)},
		{Key: "endpoints", Value: messages(t, r.Endpoints)},
		{Key: "listeners", Value: messages(t, r.Listeners)},
		{Key: "routes", Value: messages(t, r.Routes)},
	}
	if len(r.Secrets) > 0 {
		all = append(all, yaml.MapItem{Key: "secrets", Value: messages(t, r.Secrets)})
	}
	out, err := yaml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func messages[M proto.Message](t *testing.T, byName map[string]M) []any {
	t.Helper()
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		text, err := protojson.Marshal(byName[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		out = append(out, numbers(value))
	}
	return out
}

// numbers makes whole numbers readable: as floating point they come out as 1.048576e+06.
func numbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	return value
}
