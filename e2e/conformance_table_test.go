package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// conformanceThreads is how many calls each provider works on at a time, so that a crowd can exhaust them.
const conformanceThreads = 8

// conformanceTable is a file of testdata/conformance: the cases of one direction.
type conformanceTable struct {
	Title, About string
	Schema       bool              // whether the services are described
	Service      string            // of the cases that name none
	Setup        map[string]string // etcd keys and their values
	Await        string            // a request that is answered with 200 once what was set up is in force
	Cases        []conformanceCase
}

// conformanceCase is a request and what it has to yield. Without a request of its own it is a POST to the method.
type conformanceCase struct {
	Name, Service, Method, Request, Send string
	Headers                              map[string]string
	Repeat                               int                // sends a text of so many letters
	Crowd                                int                // so many requests at once
	Only                                 string             // providers whose name begins so; all when empty
	Outcome                              outcome            `yaml:",inline"`
	Except                               map[string]outcome // by the beginning of the provider's name
}

// outcome is what a request has to yield.
type outcome struct {
	Status int    // 200 when absent
	Want   string // JSON of the result, the only argument when absent; of a problem the members that count
	Detail string // a part of the problem's detail
	Why    string // what is different from plain Dubbo, and why
}

// dubboGoTypes are the methods of Types that the dubbo-go example has.
var dubboGoTypes = strings.Fields(`ofBoolean ofInt ofLong ofDouble ofString ofDate ofEnum ofObject ofAnything
	ofBytes ofInts ofLongs ofDoubles ofBooleans ofStrings ofObjects ofStringList ofLongList ofUserList ofCounts ofUsers ofNode nothing`)

// peerDifference is what cases of a table yield with dubbo-go.
type peerDifference struct {
	Table   string
	Cases   []string
	Outcome outcome `yaml:",inline"`
}

// dubboGoDifferences reads dubbo-go.yaml and puts what it says into the cases.
func dubboGoDifferences(t *testing.T, name string, table *conformanceTable) {
	t.Helper()
	var all []peerDifference
	readConformance(t, "dubbo-go", &all)
	for _, d := range all {
		if d.Table != name {
			continue
		}
		for _, c := range d.Cases {
			i := slices.IndexFunc(table.Cases, func(x conformanceCase) bool { return x.Name == c })
			if i < 0 {
				t.Fatalf("dubbo-go.yaml: %s has no case %q", name, c)
			}
			if table.Cases[i].Except == nil {
				table.Cases[i].Except = map[string]outcome{}
			}
			table.Cases[i].Except["dubbo-go"] = d.Outcome
		}
	}
}

// readConformance reads a file of testdata/conformance; a field that is not known fails the test.
func readConformance(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "conformance", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		t.Fatalf("%s.yaml: %v", name, err)
	}
}

// conformanceTables reads testdata/conformance.
func conformanceTables(t *testing.T) []*conformanceTable {
	t.Helper()
	var out []*conformanceTable
	for _, name := range []string{"typed", "generic", "mapping", "failures"} {
		table := new(conformanceTable)
		readConformance(t, name, table)
		dubboGoDifferences(t, name, table)
		for i := range table.Cases {
			table.Cases[i].complete(t, table)
		}
		out = append(out, table)
	}
	return out
}

// complete fills in what a case leaves out.
func (c *conformanceCase) complete(t *testing.T, table *conformanceTable) {
	t.Helper()
	if c.Service == "" {
		c.Service = table.Service
	}
	if c.Repeat > 0 {
		c.Send = `["` + strings.Repeat("x", c.Repeat) + `"]`
	}
	if c.Name == "" || c.Method == "" == (c.Request == "") {
		t.Fatalf("%s: a case needs a name and either a method or a request: %+v", table.Title, c)
	}
	c.Outcome.complete(*c)
	for name, o := range c.Except {
		if o.Why == "" {
			t.Fatalf("%s, %s: %s is different and nobody says why", table.Title, c.Name, name)
		}
		o.complete(*c)
		c.Except[name] = o
	}
}

func (o *outcome) complete(c conformanceCase) {
	if o.Status == 0 {
		o.Status = 200
	}
	if o.Status == 200 && o.Want == "" {
		o.Want = strings.TrimSuffix(strings.TrimPrefix(c.Send, "["), "]")
	}
}

// runs reports whether the provider has what the case calls.
func (table *conformanceTable) runs(c conformanceCase, p peer) bool {
	if c.Only != "" && !strings.HasPrefix(p.name, c.Only) {
		return false
	}
	if p.java || c.Request != "" {
		return true
	}
	switch c.Service {
	case overloadedService:
		return false
	case typesService:
		return c.Method == "vanish" || slices.Contains(dubboGoTypes, c.Method)
	}
	return true
}

// outcome is what the case has to yield with a provider.
func (c conformanceCase) outcome(p peer) outcome {
	for name, o := range c.Except {
		if strings.HasPrefix(p.name, name) {
			return o
		}
	}
	return c.Outcome
}

func (c conformanceCase) line() string {
	if c.Request != "" {
		return c.Request
	}
	return "POST /" + c.Service + "/" + c.Method
}

func (c conformanceCase) body() string { return c.Send }

func (c conformanceCase) headers() []string {
	var out []string
	for name, value := range c.Headers {
		out = append(out, name, value)
	}
	return out
}

// differs says how an answer is not what it has to be; "" if it is.
func (o outcome) differs(t *testing.T, status int, body []byte) string {
	t.Helper()
	if status != o.Status {
		return fmt.Sprintf("status %d, want %d", status, o.Status)
	}
	if strings.Contains(string(body), `\tat `) || strings.Contains(string(body), ".java:") {
		return "a stack trace came through"
	}
	if len(body) == 0 {
		if o.Want != "" {
			return "no body, want " + o.Want
		}
		return ""
	}
	got := digits(t, body)
	if all, ok := got.(map[string]any); ok && o.Detail != "" {
		if detail, _ := all["detail"].(string); !strings.Contains(detail, o.Detail) {
			return fmt.Sprintf("detail %q, want %q", detail, o.Detail)
		}
	}
	if o.Want == "" {
		return ""
	}
	want := digits(t, []byte(o.Want))
	if all, ok := got.(map[string]any); ok && status >= 400 {
		if like, ok := want.(map[string]any); ok {
			got = some(all, like)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		return "differs (-want +got):\n" + d
	}
	return ""
}
