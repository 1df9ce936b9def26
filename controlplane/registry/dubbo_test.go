package registry

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// providerCase is one entry of testdata/providers.yaml: the URL a provider registers with, and what it means.
type providerCase struct {
	Name      string
	Interface string
	URL       string
	Want      struct {
		Address, Protocol, Group, Version, Status, WarmUp string
		Port, Weight                                      uint32
		Labels                                            map[string]string
		Notice                                            string
	}
}

func TestParseProviders(t *testing.T) {
	text, err := os.ReadFile("testdata/providers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []providerCase
	if err := yaml.UnmarshalWithOptions(text, &cases, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			got, err := parseDubbo(tc.Interface+"/providers/"+url.QueryEscape(tc.URL), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := model.Instance{
				Address: tc.Want.Address, Port: tc.Want.Port, Protocol: model.Protocol(tc.Want.Protocol), Weight: tc.Want.Weight,
				Group: tc.Want.Group, Version: tc.Want.Version, Status: model.Status(tc.Want.Status), Labels: tc.Want.Labels,
			}
			if want.WarmUp, err = time.ParseDuration(tc.Want.WarmUp); err != nil {
				t.Fatal(err)
			}
			if got.service != tc.Interface {
				t.Errorf("service %q, want %q", got.service, tc.Interface)
			}
			if diff := cmp.Diff(want, *got.instance); diff != "" {
				t.Error(diff)
			}
			if notices := strings.Join(got.notices, "; "); !strings.Contains(notices, tc.Want.Notice) || (tc.Want.Notice == "") != (notices == "") {
				t.Errorf("notices %q, want %q", notices, tc.Want.Notice)
			}
		})
	}
}

// TestIgnoresWhatIsNoRegistration covers what both implementations write beside registrations.
func TestIgnoresWhatIsNoRegistration(t *testing.T) {
	for _, key := range []string{
		"", "com.example.Hello", "com.example.Hello/providers", "com.example.Hello/providers/", "com.example.Hello/configurators",
		"com.example.Hello/consumers/consumer%3A%2F%2F10.0.0.9%2Fcom.example.Hello%3Fside%3Dconsumer",
		"metadata/com.example.Hello/1.0.0/g/provider/app", "mapping/com.example.Hello/app", "config/dubbo/dubbo.properties",
		"com.example.Hello/configurators/empty%3A%2F%2F10.0.0.1%2Fcom.example.Hello",
		"com.example.Hello/configurators/override%3A%2F%2F0.0.0.0%2Fcom.example.Hello%3Fenabled%3Dfalse%26weight%3D1",
		"com.example.Hello/routers/condition%3A%2F%2F0.0.0.0%2Fcom.example.Hello%3Fenabled%3Dfalse",
	} {
		got, err := parseDubbo(key, []byte("1700000000000"))
		if err != nil || got.service != "" || len(got.notices) > 0 {
			t.Errorf("%s: %+v, %v", key, got, err)
		}
	}
}

func TestConfigurators(t *testing.T) {
	const provider = "dubbo://10.0.0.1:20880/hello?application=shop&group=g&version=1.0"
	override := func(query string) string {
		return "override://0.0.0.0/hello?category=configurators&dynamic=false&" + query
	}
	for name, tc := range map[string]struct {
		provider string
		rules    []string
		weight   uint32
		draining bool
	}{
		"none":                       {provider, nil, 100, false},
		"for all":                    {provider, []string{override("weight=7")}, 7, false},
		"for this one":               {provider, []string{"override://10.0.0.1:20880/hello?weight=7"}, 7, false},
		"for another port":           {provider, []string{"override://10.0.0.1:20881/hello?weight=7"}, 100, false},
		"for another host":           {provider, []string{"override://10.0.0.2:20880/hello?weight=7"}, 100, false},
		"for this group":             {provider, []string{override("weight=7&group=g&version=1.0")}, 7, false},
		"for another group":          {provider, []string{override("weight=7&group=h")}, 100, false},
		"for any version":            {provider, []string{override("weight=7&version=*")}, 7, false},
		"for another version":        {provider, []string{override("weight=7&version=2.0")}, 100, false},
		"for another application":    {provider, []string{override("weight=7&application=bank")}, 100, false},
		"the special one wins":       {provider, []string{"override://10.0.0.1:20880/hello?weight=7", override("weight=8&priority=9")}, 7, false},
		"the higher priority wins":   {provider, []string{override("weight=7&priority=2"), override("weight=8&priority=1")}, 7, false},
		"disabled":                   {provider, []string{override("disabled=true")}, 100, true},
		"enabled again":              {provider + "&disabled=true", []string{override("disabled=false")}, 100, false},
		"absent and not given":       {provider, []string{"absent://0.0.0.0/hello?weight=7"}, 7, false},
		"absent and given":           {provider + "&weight=50", []string{"absent://0.0.0.0/hello?weight=7&disabled=true"}, 50, true},
		"consumer's":                 {provider, []string{"override://10.0.0.1/hello?weight=7"}, 100, false},
		"with conditions":            {provider, []string{override("weight=7&~host=x")}, 100, false},
		"weight beside what is not":  {provider, []string{override("weight=7&timeout=500")}, 7, false},
		"only what is not honoured":  {provider, []string{override("timeout=500")}, 100, false},
		"one port of every host":     {provider, []string{"override://0.0.0.0:20880/hello?weight=7"}, 7, false},
		"another port of every host": {provider, []string{"override://0.0.0.0:20881/hello?weight=7"}, 100, false},
		"at the consumers' side":     {provider, []string{override("weight=7&side=consumer")}, 7, false},
		"for the consumers of a one": {provider, []string{override("weight=7&side=consumer&application=shop")}, 100, false},
		"by addresses":               {provider, []string{override("weight=7&providerAddresses=10.0.0.9:1,10.0.0.1:20880")}, 7, false},
		"by another address":         {provider, []string{override("weight=7&providerAddresses=10.0.0.9:1")}, 100, false},
	} {
		t.Run(name, func(t *testing.T) {
			tab := newTable([]source{fakeSource{of: kindDubbo}})
			items := []item{dubboItem(t, "providers", tc.provider)}
			for _, rule := range tc.rules {
				items = append(items, dubboItem(t, "configurators", rule))
			}
			tab.apply(batch{reset: true, items: items}, time.Time{})
			got := tab.merge("hello")
			if len(got) != 1 || got[0].Weight != tc.weight || (got[0].Status == model.StatusDraining) != tc.draining {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestConfiguratorsSayWhatIsNotHonoured(t *testing.T) {
	for rule, want := range map[string]string{
		"override://0.0.0.0/hello?weight=7&timeout=500&mock=force":          "mock (write fallback in a Traffic policy instead) not honoured",
		"override://10.0.0.9/hello?weight=7":                                "consumer at 10.0.0.9",
		"override://0.0.0.0/hello?weight=7&~host=x":                         "condition of ~host",
		"override://0.0.0.0/hello?timeout=7&side=consumer&application=shop": "source: {service: shop}",
		"override://10.0.0.1:20880/hello?timeout=7":                         "timeout for some providers alone",
	} {
		it := dubboItem(t, "configurators", rule)
		if got := strings.Join(it.record.notices, "; "); !strings.Contains(got, want) {
			t.Errorf("%s: notices %q do not say %q", rule, got, want)
		}
	}
}

// dubboItem is a key of the interface hello.
func dubboItem(t *testing.T, category, text string) item {
	t.Helper()
	key := "hello/" + category + "/" + url.QueryEscape(text)
	it := item{key: key}
	if it.record, it.err = parseDubbo(key, nil); it.err != nil {
		t.Fatal(it.err)
	}
	return it
}

// FuzzParseDubbo looks for keys that crash the parser or give an instance that nobody could connect to.
func FuzzParseDubbo(f *testing.F) {
	for _, seed := range []string{
		"hello/providers/dubbo%3A%2F%2F10.0.0.1%3A20880%2Fhello%3Fweight%3D7%26side%3Dprovider", "hello/providers/tri%3A%2F%2F%5B%3A%3A1%5D%3A1",
		"hello/configurators/override%3A%2F%2F0.0.0.0%2Fhello%3Fweight%3D1", "hello/routers/condition%3A%2F%2F0.0.0.0%2Fhello",
		"config/dubbo/a.configurators", "a/providers/%", "%2F/providers/dubbo%3A%2F%2F::1:20880", "a/providers/x://u:p@:h:1?=&&=&a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		got, err := parseDubbo(key, nil)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		if got.instance == nil {
			return
		}
		if _, err := EncodeInstance(*got.instance); err != nil {
			t.Fatalf("an instance that the native form refuses: %v", err)
		}
	})
}
